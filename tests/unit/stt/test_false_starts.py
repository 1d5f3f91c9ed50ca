"""What starts speech and what does not, with the real voice-activity network: noises, echoes, callers over noise."""

import asyncio
import threading
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.pcm import level_dbfs
from ivr.ports import SAMPLE_RATE as RATE
from ivr.ports import ListenSpec
from stt.activity import ActivityPool, Memory, VoiceActivity, silero
from stt.endpointing import Cue, Endpointing, Segmenter
from tests.spoken.telephone import over_the_line

pytestmark = pytest.mark.speech

Sound = NDArray[np.float64]
SECONDS = 10
SAMPLES = SECONDS * RATE
TIME = np.arange(SAMPLES) / RATE
rng = np.random.default_rng(7)


def at_level(sound: Sound, dbfs: float) -> Sound:
    return sound * 10 ** (dbfs / 20) / float(np.sqrt(np.mean(sound**2)))


def pcm(sound: Sound) -> bytes:
    return (np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes()


def onset_ms(words: Sound) -> int:
    """Where the first word begins."""
    frames = words[: words.size // 160 * 160].reshape(-1, 160)
    return int(np.argmax(np.sqrt(np.mean(frames**2, axis=1)) > 10 ** (-38 / 20))) * 20


def white() -> Sound:
    return rng.normal(size=SAMPLES)


def pink() -> Sound:
    spectrum = np.fft.rfft(white())
    sound: Sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(spectrum.size))), SAMPLES)
    return sound


def hum() -> Sound:
    sound: Sound = np.sum([np.sin(2 * np.pi * 50 * part * TIME) / part for part in range(1, 8)], axis=0)
    return sound


def breath() -> Sound:
    sound: Sound = pink() * np.clip(np.sin(2 * np.pi * TIME / 3), 0, 1) ** 2
    return sound


def struck(every_s: float, hit: Sound) -> Sound:
    sound = np.zeros(SAMPLES)
    for start in range(RATE // 2, SAMPLES - hit.size, int(every_s * RATE)):
        sound[start : start + hit.size] += hit
    return sound


def clicks() -> Sound:
    return struck(0.33, rng.normal(size=40))


def knocks() -> Sound:
    ring = np.arange(800)
    return struck(1.0, np.exp(-ring / 120) * np.sin(2 * np.pi * 180 * ring / RATE))


def rustling() -> Sound:
    return struck(2.0, rng.normal(size=RATE // 2))


def beeps() -> Sound:
    return struck(1.0, np.sin(2 * np.pi * 1_000 * np.arange(RATE // 4) / RATE))


@pytest.fixture(scope="module")
def attention() -> Iterator[ActivityPool]:
    made = ActivityPool(silero(), most_waiting=1_000)
    yield made
    made.close()


@pytest.fixture(scope="module")
def say() -> Callable[[str], Sound]:
    speaker = pytest.importorskip("hibari").Hibari()

    def told(text: str) -> Sound:
        line = over_the_line(speaker(text, seed=1), speaker.sample_rate, zlib.crc32(text.encode()))
        return np.frombuffer(line, "<i2").astype(np.float64) / 32_768

    return told


async def starts(attention: ActivityPool, heard: Sound, played: Sound | None = None) -> list[int]:
    """When speech was taken to have started, ms."""
    activity, segments = VoiceActivity(attention), Segmenter(Endpointing.of(ListenSpec()))
    frames, ours = pcm(heard), pcm(played) if played is not None else b""
    found = []
    for start in range(0, len(frames) - 319, 320):
        playing = level_dbfs(ours[start : start + 320]) if played is not None else None
        cues = segments.feed(await activity.feed(frames[start : start + 320], playing), waiting=False)
        found += [segments.at_ms for cue in cues if cue is Cue.STARTED]
    return found


@pytest.mark.parametrize("dbfs", [-40.0, -25.0])
@pytest.mark.parametrize("noise", [white, pink, hum, breath, clicks, knocks, rustling, beeps])
async def test_noise_never_starts_speech(attention: ActivityPool, noise: Callable[[], Sound], dbfs: float) -> None:
    assert await starts(attention, at_level(noise(), dbfs) + at_level(white(), -65)) == []


@pytest.fixture(scope="module")
def prompt(say: Callable[[str], Sound]) -> Sound:
    """Ten seconds of our own voice."""
    words = say("Welcome to the hospital's service line. Tell me in your own words what you need, and where it is.")
    return np.resize(words, SAMPLES)


@pytest.mark.parametrize("delay_ms", [20, 250])
@pytest.mark.parametrize("echo_db", [-15.0, -20.0, -25.0])
async def test_the_prompts_echo_never_starts_speech(
    attention: ActivityPool, prompt: Sound, echo_db: float, delay_ms: int
) -> None:
    late = np.concatenate([np.zeros(delay_ms * 8), prompt])[:SAMPLES]
    assert await starts(attention, late * 10 ** (echo_db / 20) + at_level(white(), -65), prompt) == []


async def test_a_caller_can_interrupt_the_prompt(
    attention: ActivityPool, prompt: Sound, say: Callable[[str], Sound]
) -> None:
    heard = prompt * 10 ** (-20 / 20) + at_level(white(), -65)
    words = say("I need to speak to a person right now please.")
    heard[4 * RATE : 4 * RATE + words.size] += words
    found = await starts(attention, heard, prompt)
    assert found
    assert 0 < found[0] - 4_000 - onset_ms(words) <= ListenSpec().sustained_ms + 200


@pytest.mark.parametrize(
    "text", ["The drain on ward four is blocked.", "My infusion pump has failed.", "Hello, help me!"]
)
async def test_speech_over_noise_starts_in_time(
    attention: ActivityPool, say: Callable[[str], Sound], text: str
) -> None:
    words = say(text)
    found = await starts(attention, words + at_level(rng.normal(size=words.size), -21 - 15))
    assert found
    assert found[0] - onset_ms(words) <= ListenSpec().sustained_ms + 200


async def test_many_callers_do_not_hold_the_event_loop(say: Callable[[str], Sound]) -> None:
    network, threads = silero(), set[int]()

    def watched(chunk: bytes, memory: Memory) -> float:
        threads.add(threading.get_ident())
        return network(chunk, memory)

    attention = ActivityPool(watched, most_waiting=1_000)
    words = say("The drain on ward four is blocked.")
    await asyncio.gather(*(starts(attention, words) for _ in range(10)))
    attention.close()
    assert threads
    assert threading.get_ident() not in threads
