"""What the dialogue may rely on, whichever recogniser it has: the scripted one and the installed one."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator
from typing import cast

import numpy as np
import pytest
import pytest_asyncio

from config.settings import SpeechSettings
from ivr.fake_ears import (
    ScriptedNoise,
    ScriptedOutage,
    ScriptedRecognizer,
    ScriptedSilence,
    ScriptedWait,
    ScriptedWords,
    ScriptLine,
)
from ivr.ports import (
    Final,
    HungUp,
    ListenSpec,
    NoSpeech,
    Partial,
    Reading,
    RecognitionDown,
    Recognizer,
    SpeechEvent,
    SpeechStarted,
)
from stt.choose import build
from stt.listening import Listener
from tests.spoken.telephone import over_the_line

pytestmark = pytest.mark.asyncio(loop_scope="module")

SENTENCE = "The drain on ward four is blocked."
SPEC = ListenSpec(no_speech_ms=1_500)
LEAVE_S = 20.0  # for a busy machine; the words that are not waited for would never come

LINES: dict[str, ScriptLine] = {
    "speaks": ScriptedWords(SENTENCE),
    "is silent": ScriptedSilence(),
    "rustles": ScriptedNoise(),
}
Sound = dict[str, bytes]  # what the caller does → 8 kHz PCM


class Subject:
    """A recogniser and the sounds to which it listens."""

    def __init__(self, recognizer: Recognizer, sounds: Sound, script: list[ScriptLine] | None = None) -> None:
        self.recognizer, self.sounds, self.script = recognizer, sounds, script

    async def hears(self, doing: str, spec: ListenSpec = SPEC) -> list[SpeechEvent]:
        if self.script is not None:
            self.script.append(LINES[doing])
        return [event async for event in self.recognizer.listen(frames(self.sounds[doing]), spec)]


async def frames(pcm: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(pcm), 320):
        await asyncio.sleep(0)
        yield pcm[start : start + 320].ljust(320, b"\0")


async def stays(pcm: AsyncIterator[bytes], taken: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    """The sound of a caller who then stays on the line, where nothing more comes from it; `taken`: it was all heard."""
    async for frame in pcm:
        yield frame
    if taken:
        taken.set()
    await asyncio.Event().wait()


@pytest.fixture(scope="module")
def sounds() -> Sound:
    hibari = pytest.importorskip("hibari")
    speaker = hibari.Hibari()
    speech = over_the_line(speaker(SENTENCE, seed=1), speaker.sample_rate, 1)
    hiss = (np.random.default_rng(1).normal(0, 40, 8_000 * 4)).astype("<i2").tobytes()
    return {"speaks": speech + hiss, "is silent": hiss, "rustles": hiss}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installed() -> AsyncIterator[Listener]:
    made = build(SpeechSettings(limit_s=60.0), "en")
    if made is None:
        pytest.skip("no English recogniser is installed")
    assert await made.start(60.0)
    yield made
    await made.close()


@pytest.fixture(params=["script", pytest.param("installed", marks=pytest.mark.speech)])
def subject(request: pytest.FixtureRequest, sounds: Sound) -> Subject:
    if request.param == "script":
        scripted = ScriptedRecognizer()
        return Subject(scripted, sounds, scripted.script)
    return Subject(request.getfixturevalue("installed"), sounds)


async def test_a_sentence_is_started_then_final_and_ends_the_listening(subject: Subject) -> None:
    events = await subject.hears("speaks")
    assert isinstance(events[0], SpeechStarted)
    *partials, reading, final = events[1:]
    assert isinstance(final, Final)
    assert isinstance(reading, Reading)  # whoever waits knows that it comes
    assert all(isinstance(event, Partial) for event in partials)
    heard = final.text.lower()
    assert "drain" in heard
    assert "blocked" in heard
    assert 0.0 < final.confidence <= 1.0
    assert final.engine


async def test_words_have_confidence_and_times_in_order(subject: Subject) -> None:
    final = (await subject.hears("speaks"))[-1]
    assert isinstance(final, Final)
    assert len(final.words) >= 6
    assert all(0.0 <= word.confidence <= 1.0 and word.start_ms <= word.end_ms for word in final.words)
    assert [word.start_ms for word in final.words] == sorted(word.start_ms for word in final.words)
    assert final.words[-1].end_ms <= final.at_ms + 700


async def test_times_never_go_back(subject: Subject) -> None:
    started, *_, final = await subject.hears("speaks")
    assert started.at_ms < final.at_ms


async def test_silence_is_no_speech_and_ends_the_listening(subject: Subject) -> None:
    (event,) = await subject.hears("is silent")
    assert event == NoSpeech(SPEC.no_speech_ms)


async def test_noise_gives_no_words(subject: Subject) -> None:
    events = await subject.hears("rustles")
    assert not [event for event in events if isinstance(event, Final) and event.text]
    assert isinstance(events[-1], NoSpeech)


async def test_many_listen_at_once(subject: Subject) -> None:
    if subject.script is not None:
        subject.script += [ScriptedWords(SENTENCE)] * 3
    listenings = [_final(subject.recognizer, subject.sounds["speaks"]) for _ in range(3)]
    assert all("drain" in final.text.lower() for final in await asyncio.gather(*listenings))


async def test_leaving_early_is_quick(subject: Subject) -> None:
    if subject.script is not None:
        subject.script += [ScriptedWords(SENTENCE), ScriptedWords(SENTENCE)]
    pcm = stays(frames(subject.sounds["speaks"]))
    events = cast("AsyncGenerator[SpeechEvent]", subject.recognizer.listen(pcm, SPEC))
    await anext(events)
    async with asyncio.timeout(LEAVE_S):
        await events.aclose()
    assert "drain" in (await _final(subject.recognizer, subject.sounds["speaks"])).text.lower()


async def test_who_waits_for_words_that_never_come_leaves_as_quickly(subject: Subject) -> None:
    if subject.script is not None:
        subject.script += [ScriptedWait(), ScriptedWords(SENTENCE)]
    taken = asyncio.Event()
    events = subject.recognizer.listen(stays(frames(subject.sounds["is silent"][:16_000]), taken), SPEC)
    waiting = asyncio.ensure_future(anext(events))
    if subject.script is None:
        await asyncio.wait_for(taken.wait(), 60)
    else:
        await asyncio.sleep(0)  # the script listens to no sound
        assert len(subject.script) == 1
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting}, timeout=LEAVE_S)
    assert waiting.cancelled()
    assert "drain" in (await _final(subject.recognizer, subject.sounds["speaks"])).text.lower()


async def _final(recognizer: Recognizer, pcm: bytes) -> Final:
    events = [event async for event in recognizer.listen(frames(pcm), SPEC)]
    final = events[-1]
    assert isinstance(final, Final)
    return final


async def test_the_script_can_say_that_recognition_is_down() -> None:
    with pytest.raises(RecognitionDown):
        async for _ in ScriptedRecognizer([ScriptedOutage()]).listen(frames(b""), SPEC):
            pass


@pytest.mark.speech
async def test_killed_workers_are_told_at_once_and_replaced(installed: Listener, sounds: Sound) -> None:
    first, events = installed.pids, installed.listen(frames(sounds["speaks"]), SPEC)
    assert isinstance(await anext(events), SpeechStarted)
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(RecognitionDown):
        async for _ in events:  # that the utterance is being read is said first
            pass
    async with asyncio.timeout(60):
        while not installed.ready or set(installed.pids) & set(first):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert "drain" in (await _final(installed, sounds["speaks"])).text.lower()


@pytest.mark.speech
async def test_a_caller_who_hangs_up_is_not_a_recognition_error(installed: Listener, sounds: Sound) -> None:
    async def hung_up() -> AsyncIterator[bytes]:
        async for frame in frames(sounds["speaks"][:16_000]):
            yield frame
        raise HungUp

    with pytest.raises(HungUp):
        async for _ in installed.listen(hung_up(), SPEC):
            pass
