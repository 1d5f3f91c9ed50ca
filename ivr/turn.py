"""One turn of the conversation: something is said, and the caller may answer by voice or key, also meanwhile.

Keys win over speech; speech stops the prompt; noise and the prompt's own echo only pause it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from rapidfuzz import fuzz

from ivr.actions import Barge, Deaf, Heard, NoWords, Outcome, Silence, Spoken
from ivr.keying import Keying, Note
from ivr.keypad import DigitMap, Keypad
from ivr.ports import (
    Final,
    Key,
    Leg,
    ListenSpec,
    NoSpeech,
    RecognitionDown,
    Recognizer,
    SpeechEvent,
    SpeechStarted,
    Understander,
    Understanding,
)

EARS_PAUSE_S = 1.0  # between two tries of a recogniser that is down
EARS_LATE_MS = 2_000  # the recogniser should have spoken of silence by then
ECHO_WORDS = 3  # fewer words than this are an answer, even when the prompt contains them
ECHO_LIKENESS = 88  # of 100: so alike to the prompt that it is the prompt


@dataclass(frozen=True)
class Wait:
    """After the prompt: music until something happens outside, or the time is over."""

    music: bytes
    seconds: float
    until: Callable[[], Awaitable[Outcome]]  # what would end the wait
    over: Callable[[], Awaitable[Outcome]]  # what it is when the time is over


@dataclass(frozen=True)
class TurnSpec:
    pcm: bytes
    text: str  # what the audio says: to know its echo
    barge: Barge = Barge.SPEECH
    listen: ListenSpec | None = None
    answer: bool = True  # False: a statement; silence afterwards is agreement, and not waited for
    number: DigitMap | None = None  # keys make a number; None: each key is an answer
    keys_do: bool = False
    wait: Wait | None = None
    ahead: bool = False  # keys pressed before it began may answer it
    question: Hashable = None  # the same again: what answers it may be as old as its first asking


class Conversation:
    """The means of a call's turns: a leg, ears, and someone who takes notes."""

    def __init__(
        self, leg: Leg, ears: Recognizer | None, understander: Understander, note: Note, keypad: Keypad | None = None
    ) -> None:
        self.leg = leg
        self.ears = ears
        self.understander = understander
        self.note = note
        self.keypad = keypad or Keypad()

    async def turn(self, spec: TurnSpec) -> Outcome:
        """Raises: HungUp, LegLost."""
        return await _Turn(self, spec).run()

    async def overhear(
        self, pcm: AsyncIterator[bytes], spec: ListenSpec, meant: Callable[[Understanding], bool]
    ) -> Heard | None:
        """What is meant for us in what is said while nobody was asked; None when the sound ends without any."""
        sound = _Passing(pcm)
        while self.ears and not sound.over:
            try:
                if heard := await self._meant(self.ears, sound, spec, meant):
                    return heard
            except RecognitionDown as reason:
                self.note("recognition.down", {"reason": str(reason)}, {})
                await asyncio.sleep(EARS_PAUSE_S)
        return None

    async def _meant(
        self, ears: Recognizer, pcm: AsyncIterator[bytes], spec: ListenSpec, meant: Callable[[Understanding], bool]
    ) -> Heard | None:
        """One utterance; None when it was not meant for us, or there was none."""
        events = ears.listen(pcm, spec)
        async with aclosing(cast("AsyncGenerator[SpeechEvent]", events)):
            async for event in events:
                if isinstance(event, Final) and event.text.strip():
                    heard = self.understood(event, spec.language)
                    return heard if meant(heard.understanding) else None
        return None

    def understood(self, final: Final, language: str) -> Heard:
        """Words, noted and understood."""
        words = [[word.text, round(word.confidence, 2)] for word in final.words]
        heard = {"confidence": round(final.confidence, 3), "engine": final.engine}
        self.note("heard", heard, {"text": final.text, "words": words})
        return Heard(self.understander.understand(final.text, language, final.confidence), final.confidence)


class _Passing:
    """Frames, and whether there will be more of them."""

    def __init__(self, pcm: AsyncIterator[bytes]) -> None:
        self._pcm = pcm
        self.over = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._pcm)
        except StopAsyncIteration:
            self.over = True
            raise


class _Turn:
    def __init__(self, means: Conversation, spec: TurnSpec) -> None:
        self.means, self.leg, self.spec = means, means.leg, spec
        self.keys = Keying(means.leg, means.keypad, means.note, spec.number, spec.ahead)
        self.level_dbfs = level_dbfs(spec.pcm)
        self.prompting = bool(spec.pcm)
        self.quiet = asyncio.Event()  # the caller is not in the middle of saying something
        self.quiet.set()

    async def run(self) -> Outcome:
        self.means.keypad.asks(self.spec.question, self.leg.at_ms)
        self.leg.play(self.spec.pcm)
        ways: dict[asyncio.Task[Outcome | Key], str] = {
            asyncio.create_task(self.keys.first()): "key",
            asyncio.create_task(self._prompt_and_after()): "time",
            asyncio.create_task(self._ears()): "speech",
        }
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            first = min(done, key=lambda task: ("key", "speech", "time").index(ways[task]))
            result = first.result()
            self._stopped(by=ways[first])
        finally:
            await _cancel(ways)
        return await self.keys.rest(result) if isinstance(result, Key) else result

    def _stopped(self, by: str) -> None:
        spoken_ms = self.leg.stop()
        if self.prompting:
            self.means.note("prompt.ended", {"spoken_ms": spoken_ms, "by": by}, {})

    # time

    async def _prompt_and_after(self) -> Outcome:
        await self.leg.played()
        if self.prompting:
            self.means.note("prompt.ended", {"by": "end"}, {})
        self.prompting = False
        if self.spec.wait:
            return await self._wait(self.spec.wait)
        if self.spec.answer:
            return await self._no_answer()
        await self.quiet.wait()
        return Spoken()

    async def _no_answer(self) -> Outcome:
        spec = self.spec.listen or ListenSpec()
        late_ms = EARS_LATE_MS if self.spec.listen else 0
        await asyncio.sleep((spec.no_speech_ms + late_ms) / 1000)
        try:
            async with asyncio.timeout((spec.limit_ms + EARS_LATE_MS) / 1000):
                await self.quiet.wait()
        except TimeoutError:
            return Silence() if self.spec.keys_do else Deaf()
        return Silence()

    async def _wait(self, wait: Wait) -> Outcome:
        self.leg.play(wait.music, loop=True)
        try:
            async with asyncio.timeout(wait.seconds):
                return await wait.until()
        except TimeoutError:
            await self.quiet.wait()
            return await wait.over()

    # speech

    async def _ears(self) -> Outcome:
        if self.spec.listen is None or self.means.ears is None:
            return await self._deaf(missing=self.means.ears is None and self.spec.listen is not None)
        while True:
            try:
                outcome = await self._listen_once(self.means.ears, self.spec.listen)
            except RecognitionDown as reason:
                self.means.note("recognition.down", {"reason": str(reason)}, {})
                return await self._deaf(missing=True)
            if outcome is not None:
                return outcome

    async def _deaf(self, missing: bool) -> Outcome:
        self._go_on()
        if missing and not self.spec.keys_do and self.spec.answer and self.spec.wait is None:
            return Deaf()
        await asyncio.Event().wait()
        raise AssertionError

    async def _listen_once(self, ears: Recognizer, spec: ListenSpec) -> Outcome | None:
        """One utterance; None when it was nothing and the turn goes on."""
        events = ears.listen(self.leg.audio(), replace(spec, playing=self._playing_dbfs))
        async with aclosing(cast("AsyncGenerator[SpeechEvent]", events)):
            async for event in events:
                match event:
                    case SpeechStarted(at_ms):
                        self._caller_starts(at_ms)
                    case Final():
                        return self._final(event)
                    case NoSpeech() if not self.prompting and self.spec.answer and self.spec.wait is None:
                        return Silence()
        return None

    def _caller_starts(self, at_ms: int) -> None:
        self.quiet.clear()
        self.means.note("speech.started", {"at_ms": at_ms, "during_prompt": self.prompting}, {})
        if self.spec.barge == Barge.SPEECH and self.spec.wait is None:
            self.leg.pause()

    def _final(self, final: Final) -> Outcome | None:
        self.means.note("speech.ended", {"at_ms": final.at_ms, "words": len(final.text.split())}, {})
        if not final.text.strip() or self._is_echo(final.text):
            return self._nothing_said()
        return self.means.understood(final, (self.spec.listen or ListenSpec()).language)

    def _nothing_said(self) -> Outcome | None:
        """Noise: an interrupted prompt goes on; after the prompt it is an answer without words."""
        during = self.prompting or self.spec.wait is not None or not self.spec.answer
        self._go_on()
        return None if during else NoWords()

    def _go_on(self) -> None:
        self.leg.resume()
        self.quiet.set()

    def _is_echo(self, text: str) -> bool:
        if not self.prompting or len(text.split()) < ECHO_WORDS:
            return False
        return fuzz.partial_ratio(text.lower(), self.spec.text.lower()) >= ECHO_LIKENESS

    def _playing_dbfs(self) -> float | None:
        return self.level_dbfs if self.prompting and self.quiet.is_set() else None


async def _cancel(tasks: Mapping[asyncio.Task[Any], str]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def level_dbfs(pcm: bytes) -> float | None:
    """Root mean square of 16-bit audio in dB below full scale; None for silence."""
    samples = np.frombuffer(pcm[: len(pcm) & ~1], dtype="<i2").astype(np.float32)
    rms = float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0
    return 20 * float(np.log10(rms / 32768)) if rms > 0 else None
