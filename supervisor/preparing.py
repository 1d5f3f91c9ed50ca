"""Makes an installation ready to start: database, the line's sentences, Asterisk's configuration."""

import asyncio
import os
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from config.documents import Edition, Language, digest
from config.in_force import EditionInForce
from config.settings import Settings
from ivr import speaking
from ivr.actions import Sentence
from ivr.ports import Voice, VoiceDown
from ivr.sound_files import write_wav
from ivr.wording import Wording
from routing.model import RecordsUnavailable
from runtime import certificate, publishing
from store import audit_chain, migrate, seed
from store.database import connect
from telephony import asterisk_config
from telephony.asterisk_text import ConfigRefused
from tts import preparing
from tts.rendering import RenderedVoice

STANDALONE = sorted(asterisk_config.STANDALONE_PROMPTS.values())
Tell = Callable[[str], None]
PROGRESS_EVERY_S = 2.0


class Prepared(NamedTuple):
    """What an installation goes by from now on."""

    edition: Edition
    passwords: Mapping[str, str]  # demo passwords that still hold


class NotPrepared(Exception):
    """The installation cannot start as it is; the text says what to do."""


def prepare(settings: Settings, edition: Edition, passwords: Mapping[str, str], tell: Tell) -> Prepared:
    """All of it, in order; quick where nothing has changed. `edition` is what counts where the database does not say.

    What was prepared before goes on as it was where something fails now: Asterisk alone serves callers, too.
    Raises: NotPrepared where it never was.
    """
    before = (settings.paths.asterisk / "etc/asterisk.conf").exists()
    documents, begun = EditionInForce(edition, {}), set[str]()
    steps: tuple[Callable[[], None], ...] = (
        lambda: begun.update(database(settings, documents, passwords, tell)),
        lambda: sentences(settings, documents.edition, tell),
        lambda: announce_learning(settings, tell),
        lambda: asterisk_files(settings, documents.edition, tell),
        lambda: desk_certificate(settings, tell),
    )
    for step in steps:
        try:
            step()
        except NotPrepared as trouble:
            if not before:
                raise
            tell(f"WARNING: {trouble} The line goes on as it was prepared before.")
    held = {login: password for login, password in passwords.items() if login in begun}
    return Prepared(documents.edition, held)


def database(settings: Settings, documents: EditionInForce, passwords: Mapping[str, str], tell: Tell) -> set[str]:
    """Migrate to the newest schema, settle the documents, make what the site needs.

    Returns who has the password given here. Raises: NotPrepared.
    """
    tell("database: migrating")
    try:
        migrate.upgrade(settings.database)
        documents.switch(asyncio.run(publishing.settle(settings, documents.edition, tell)), {})
        begun = asyncio.run(seed.seed(settings.database, documents.edition, passwords))
        asyncio.run(_seal_audit(settings.database, settings.audit_secret.get_secret_value().encode()))
    except (SQLAlchemyError, OSError, RecordsUnavailable) as error:
        where = make_url(settings.database).render_as_string(hide_password=True)
        raise NotPrepared(f"the database {where} cannot be used: {' '.join(str(error).split())[:200]}.") from error
    return begun


async def _seal_audit(database_url: str, key: bytes) -> None:
    database = connect(database_url)
    try:
        await audit_chain.adopt(database, key)
    finally:
        await database.close()


def sentences(settings: Settings, edition: Edition, tell: Tell) -> None:
    """Render every fixed sentence that the line will say."""
    reported_at = time.monotonic()

    def progress(done: int, of: int) -> None:
        nonlocal reported_at
        if time.monotonic() - reported_at > PROGRESS_EVERY_S:
            reported_at = time.monotonic()
            tell(f"prompts: {done} of {of}")

    try:
        missing = preparing.prepare_all(edition, _voice(settings), progress)
    except OSError as error:
        raise NotPrepared(f"the prompts cannot be written: {error.strerror}.") from error
    if missing:
        tell(f"WARNING: {missing} prompts could not be rendered; the line says them from parts, or not at all")


def announce_learning(settings: Settings, tell: Tell) -> None:
    """The first controller learns before it is ready: whoever waits for that knows what for."""
    if not any(settings.paths.understanding.glob("*.npz")):
        tell("understanding: the controller learns the examples first; that takes a few minutes, once")


def asterisk_files(settings: Settings, edition: Edition, tell: Tell) -> None:
    """Its configuration, what it says by itself, and music on hold. Raises: NotPrepared."""
    folder = settings.paths.asterisk
    try:
        asterisk_config.render(settings, edition, folder)
    except ConfigRefused as refusal:
        raise NotPrepared(f"the Asterisk configuration cannot be written: {refusal}.") from refusal
    except OSError as error:
        raise NotPrepared(f"the Asterisk configuration cannot be written: {error.strerror}.") from error
    if unsaid := asyncio.run(_standalone(settings, edition, folder / "sounds")):
        tell(f"WARNING: Asterisk has no recording of {', '.join(unsaid)}; without a controller callers hear less")
    with suppress(OSError):  # then it is written again, once too often
        settings.paths.asterisk_made_of.write_text(asterisk_mark(settings, edition), encoding="utf-8")
    tell("Asterisk: configuration written")


def desk_certificate(settings: Settings, tell: Tell) -> None:
    """For other machines' browsers; the desk serves this machine without one, too."""
    try:
        if certificate.made(settings):
            tell(f"the desk: made a certificate of its own, {settings.paths.certificate}")
    except certificate.NoCertificate as trouble:
        tell(f"WARNING: {trouble} The desk is served without https.")


def asterisk_is_made_of(settings: Settings, edition: Edition) -> bool:
    """Whether Asterisk's configuration, where this machine has one, is what these documents make of it.

    Raises: ConfigRefused.
    """
    if not (settings.paths.asterisk / "etc/asterisk.conf").exists():
        return True
    mark = asterisk_mark(settings, edition)
    with suppress(OSError):
        return settings.paths.asterisk_made_of.read_text(encoding="utf-8") == mark
    return False


def asterisk_mark(settings: Settings, edition: Edition) -> str:
    """Of its files, which hold secrets, and of what it says by itself. Raises: ConfigRefused."""
    said = {key: {language: prompts.get(key) for language, prompts in edition.prompts.items()} for key in STANDALONE}
    files = asterisk_config.made(settings, edition, settings.paths.asterisk)
    return digest([files, said, edition.site.national_emergency])


async def _standalone(settings: Settings, edition: Edition, sounds: Path) -> list[str]:
    """What Asterisk says without a controller; returns what could not be said."""
    voice = _voice(settings)
    try:
        return await write_sounds(voice, edition, settings.line.language, sounds / settings.line.language)
    finally:
        await voice.close()


async def write_sounds(voice: Voice, edition: Edition, language: Language, folder: Path) -> list[str]:
    """In the line's language, and beside it in the site's others, where Asterisk looks first for a call in one.

    Returns the names of those that could not be said in the line's.
    """
    unsaid = []
    for name, key in asterisk_config.STANDALONE_PROMPTS.items():
        wav = folder / f"{name}.wav"
        if not await _written(voice, key, edition, language, wav):
            unsaid.append(name)
            continue
        for other in edition.site.languages:
            if other != language:
                await write_beside(voice, key, edition, other, wav)
    return unsaid


async def write_beside(voice: Voice, key: str, edition: Edition, language: Language, wav: Path) -> None:
    """The same sentence in another language, for whoever may read the one in the line's."""
    other = wav.parent / language / wav.name
    if await _written(voice, key, edition, language, other):
        _readable_as(wav.parent, other.parent)
        _readable_as(wav, other)


def _readable_as(known: Path, new: Path) -> None:
    """An Asterisk that runs reads what is new as it does what it knows; where it could not, it would say nothing."""
    status = known.stat()
    os.chown(new, -1, status.st_gid)
    new.chmod(stat.S_IMODE(status.st_mode))


async def _written(voice: Voice, key: str, edition: Edition, language: Language, wav: Path) -> bool:
    """Write a sentence: a recorded file where an admin put one, else what the voice says."""
    try:
        values = Wording(edition).values(Sentence(key), language, datetime.now(UTC))
        text, used = speaking.sentence(edition.prompts, key, values, language)
        write_wav(wav, await voice.recorded(key, used) or await voice.say(text, used))
    except (VoiceDown, KeyError, OSError):
        return False
    return True


def _voice(settings: Settings) -> RenderedVoice:
    return preparing.build(settings.voices, settings.paths.voice_cache, settings.line.config_dir)
