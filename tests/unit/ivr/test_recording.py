"""A message from the leg: what ends it, and what a key means before the tone and after it."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from ivr.actions import Heard
from ivr.fake import Act, CallerHangsUp, CallerPresses, CallerSays, CallerWaits, ScriptedLeg, spoken
from ivr.ports import FRAME_MS, SAMPLE_RATE, EmergencyHeard, HungUp, Understanding
from ivr.recording import LAST_WORDS_S, LEAST_SPEECH_S, TONE_MS, Overhear, Recording, record_message

pytestmark = pytest.mark.virtual_time
PROMPT_MS = 1_000


async def deaf(pcm: AsyncIterator[bytes]) -> Heard:
    await asyncio.Event().wait()
    raise AssertionError


async def recorded(*caller: Act, limit_s: int = 10, overhear: Overhear = deaf) -> Recording:
    script: Sequence[Act] = caller
    async with ScriptedLeg(script) as leg:
        return await record_message(leg, spoken("after the tone", PROMPT_MS), limit_s, "0*9", overhear)


async def test_a_message_ends_with_a_key_a_silence_or_the_limit() -> None:
    before = CallerWaits(PROMPT_MS + TONE_MS + 100)
    hash_key = await recorded(before, CallerSays("it drips", 3_000), CallerPresses("#"))
    assert hash_key.key == "#"
    assert hash_key.seconds == pytest.approx(3, abs=0.3)
    silence = await recorded(before, CallerSays("it drips", 2_000), limit_s=30)
    assert silence.key == ""
    assert silence.seconds == pytest.approx(8, abs=0.3)
    assert (await recorded(before, CallerSays("it drips", 20_000), limit_s=5)).seconds == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize("key", ["0", "9", "*"])
async def test_a_key_that_leads_away_does_so_before_the_tone_and_after_it(key: str) -> None:
    assert await recorded(CallerWaits(200), CallerPresses(key)) == Recording(b"", key)
    after = await recorded(CallerWaits(PROMPT_MS + TONE_MS + 100), CallerSays("it drips", 2_000), CallerPresses(key))
    assert after.key == key
    assert after.seconds == pytest.approx(2, abs=0.3)


async def test_other_keys_before_the_tone_are_forgotten() -> None:
    kept = await recorded(
        CallerPresses("55#12", apart_ms=50), CallerWaits(1_200), CallerSays("it drips", 3_000), CallerPresses("#")
    )
    assert kept.key == "#"
    assert kept.seconds > 2


async def test_what_was_said_before_hanging_up_is_kept() -> None:
    before = CallerWaits(PROMPT_MS + TONE_MS + 100)
    assert (await recorded(before, CallerSays("it drips", 2_000), CallerHangsUp())).seconds == pytest.approx(2, abs=0.3)
    with pytest.raises(HungUp):
        await recorded(CallerWaits(100), CallerHangsUp())


async def test_urgent_words_end_a_message_which_is_kept_so_far() -> None:
    urgent = Heard(Understanding("there is a fire", EmergencyHeard(("fire",))))

    async def after_three_seconds(pcm: AsyncIterator[bytes]) -> Heard:
        heard_ms = 0
        async for _ in pcm:
            heard_ms += FRAME_MS
            if heard_ms == 3_000:
                break
        return urgent

    before = CallerWaits(PROMPT_MS + TONE_MS + 100)
    message = await recorded(
        before, CallerSays("it drips, no, it burns", 9_000), limit_s=60, overhear=after_three_seconds
    )
    assert (message.heard, message.key) == (urgent, "")
    assert message.seconds == pytest.approx(3, abs=0.3)


@pytest.mark.parametrize("hears_by_ms", [1_000, LAST_WORDS_S * 1000 + 1_000])
async def test_what_was_said_right_before_the_hash_is_understood_as_well(hears_by_ms: float) -> None:
    urgent = Heard(Understanding("he is not breathing", EmergencyHeard(("not breathing",))))

    async def at_its_end(pcm: AsyncIterator[bytes]) -> Heard:
        async for _ in pcm:
            pass
        await asyncio.sleep(hears_by_ms / 1000)
        return urgent

    before = CallerWaits(PROMPT_MS + TONE_MS + 100)
    message = await recorded(before, CallerSays("he is not breathing", 2_000), CallerPresses("#"), overhear=at_its_end)
    assert message.heard == (urgent if hears_by_ms < LAST_WORDS_S * 1000 else None)
    assert message.seconds == pytest.approx(2, abs=0.3)


async def test_ears_that_fail_or_end_do_not_end_the_message() -> None:
    async def fails(pcm: AsyncIterator[bytes]) -> Heard | None:
        raise ValueError("broken")

    async def ends(pcm: AsyncIterator[bytes]) -> Heard | None:
        return None

    before = CallerWaits(PROMPT_MS + TONE_MS + 100)
    for ears in (fails, ends):
        message = await recorded(before, CallerSays("it drips", 3_000), CallerPresses("#"), overhear=ears)
        assert message.key == "#"
        assert message.seconds == pytest.approx(3, abs=0.3)


def noise(rms: float, seconds: float) -> bytes:
    samples = np.random.default_rng(7).normal(0, rms, int(SAMPLE_RATE * seconds))
    return bytes(samples.clip(-32_000, 32_000).astype("<i2").tobytes())


def syllables(rms: float, seconds: float, over: float) -> bytes:
    """Loud and soft five times a second, as speech is, over a steady noise."""
    time = np.arange(int(SAMPLE_RATE * seconds)) / SAMPLE_RATE
    loud = np.frombuffer(noise(rms, seconds), dtype="<i2") * np.sin(np.pi * 5 * time).clip(0)
    return bytes((loud + np.frombuffer(noise(over, seconds), dtype="<i2")).astype("<i2").tobytes())


@pytest.mark.parametrize("pcm", [bytes(320 * 300), noise(60, 6), noise(400, 6), noise(1_200, 8), noise(3_000, 0.3)])
def test_silence_and_noise_however_long_are_no_speech(pcm: bytes) -> None:
    assert Recording(pcm).speech_s < LEAST_SPEECH_S


@pytest.mark.parametrize("over", [0, 60, 300])
@pytest.mark.parametrize("pause_s", [0, 5])
def test_a_few_words_are_speech_over_noise_and_before_a_long_pause(over: float, pause_s: float) -> None:
    said = syllables(2_000, 1.5, over) + noise(over, pause_s)
    assert Recording(said).speech_s >= LEAST_SPEECH_S
    assert Recording(syllables(2_000, 60, over)).speech_s > 15


async def test_nothing_is_left_running() -> None:
    await recorded(CallerWaits(200), CallerPresses("0"))
    assert len(asyncio.all_tasks()) == 1
