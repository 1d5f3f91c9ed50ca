"""The demo's emergency team: phones of the site that register and answer by themselves, so that it can be tried."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from config.documents import Edition
from config.settings import Settings
from ivr.ports import VoiceDown
from ivr.sound_files import write_wav
from ivr.speaking import sentence
from runtime.addresses import connectable
from telephony.asterisk_config import phone_password
from telephony.softphone import PhoneFailed, SoftPhone
from tts import preparing

log = structlog.get_logger()
ANSWER_AFTER_MS = 8_000  # time to see the emergency at the desk, and to take it there instead
AGAIN_S = 3.0  # between two times that it says who it is
REGISTERED_S = 3_600.0  # then it begins anew
RETRY_S = 5.0


async def serve(settings: Settings, edition: Edition) -> None:
    """Until stopped."""
    await answer(settings, edition.site.demo_phones, await _rendered(settings, edition))


async def answer(
    settings: Settings, names: Sequence[str], wav: Path | None, answer_after_ms: int = ANSWER_AFTER_MS
) -> None:
    """Keep these phones registered and say `wav` to whoever rings them."""
    domain = f"{connectable(settings.asterisk.sip_bind)}:{settings.asterisk.sip_port}"
    settled = {name: asyncio.Event() for name in names}
    async with asyncio.TaskGroup() as group:
        for name in names:
            phone = SoftPhone(domain, name, phone_password(settings, name), register=True)
            group.create_task(_keep(phone, wav, answer_after_ms, settled[name]))
        for event in settled.values():
            await event.wait()
        settings.paths.demo_phones.write_text(str(os.getpid()))


async def _rendered(settings: Settings, edition: Edition) -> Path | None:
    """What the phones say; None where no voice can say it."""
    wav, voice, language = (
        settings.paths.demo_phones_sound,
        preparing.build(settings.voices, settings.paths.voice_cache, settings.line.config_dir),
        settings.line.language,
    )
    try:
        text, used = sentence(edition.prompts, "demo_emergency_team", {}, language)
        write_wav(wav, await voice.say(text, used))
    except (VoiceDown, OSError) as error:
        log.warning("the demo's phones will be silent", why=type(error).__name__)
        return None
    finally:
        await voice.close()
    return wav


async def _keep(phone: SoftPhone, wav: Path | None, answer_after_ms: int, settled: asyncio.Event) -> None:
    """Register and answer, again and again."""
    while True:
        try:
            async with phone:
                phone.answer_after(answer_after_ms)
                settled.set()
                while True:
                    await _talk(phone, wav)
        except (PhoneFailed, OSError) as error:
            log.info("a demo phone begins anew", phone=phone.user, why=str(error))
        settled.set()
        await asyncio.sleep(RETRY_S)


async def _talk(phone: SoftPhone, wav: Path | None) -> None:
    """Wait for a call and say who it is until the caller hangs up. Raises: PhoneFailed."""
    mark = phone.mark
    await phone.wait("answered", REGISTERED_S, after=mark)
    while wav is not None and not phone.has("ended", mark):
        said = phone.mark
        phone.play(wav)
        await phone.wait(("played", "ended"), 60, after=said)
        with suppress(PhoneFailed):
            await phone.wait("ended", AGAIN_S, after=mark)
    await phone.wait("ended", REGISTERED_S, after=mark)
