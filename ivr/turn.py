"""One turn of the conversation: something is said, and the caller may answer by voice or key, also meanwhile.

Keys win over speech; speech stops the prompt; noise, the prompt's own echo and a television only pause it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from typing import Any, cast

from rapidfuzz import fuzz

from ivr.actions import Barge, Deaf, Heard, NoWords, Outcome, Silence, Spoken
from ivr.barge_in import BargeIn, Voices
from ivr.filling import Filling
from ivr.interim import Interim, is_meant, is_meant_while_waiting, wish_of
from ivr.keying import Keying, Note
from ivr.keypad import Keypad
from ivr.pcm import SILENT_DBFS, level_dbfs
from ivr.ports import (
    Final,
    Key,
    Leg,
    ListenSpec,
    NoSpeech,
    Partial,
    Reading,
    RecognitionDown,
    Recognizer,
    SpeechEvent,
    SpeechStarted,
    Understand,
    Understanding,
)
from ivr.turn_spec import TurnSpec, Wait
from routing.event_types import EventType

EARS_PAUSE_S = 1.0  # between two tries of a recogniser that is down
EARS_LATE_MS = 2_000  # the recogniser should have spoken of silence by then
ECHO_WORDS = 3  # fewer words than this are an answer, even when the prompt contains them
ECHO_LIKENESS = 88  # of 100: so alike to the prompt that it is the prompt
UNCLEAR_S = 25.0  # who has said nothing by then that the line understands is asked once more
UNCLEAR_AGAIN_MS = 2_500  # whose words over the prompt were unclear may say them again at its end
LONG_MS = 8_000  # of longer speech too little is certain to be worth rendering ahead
CUT_IN_MS = 2_000  # nobody who has taken the phone waits longer for what the caller is being told
ASIDE_WORDS = 8  # a short answer from further away; longer is talk


class Conversation:
    """The means of a call's turns: a leg, ears, and someone who takes notes."""

    def __init__(
        self,
        leg: Leg,
        ears: Recognizer | None,
        understand: Understand,
        note: Note,
        keypad: Keypad | None = None,
        voices: Voices | None = None,
        music: bytes = b"",
    ) -> None:
        self.leg = leg
        self.ears = ears
        self._understand = understand
        self.note = note
        self.keypad = keypad or Keypad()
        self.voices = voices or Voices()
        self.filling = Filling(leg, music)
        self._last: tuple[tuple[str, str, float], asyncio.Future[Understanding]] | None = None

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
                self.note(EventType.RECOGNITION_DOWN, {"reason": str(reason)}, {})
                await asyncio.sleep(EARS_PAUSE_S)
        return None

    async def _meant(
        self, ears: Recognizer, pcm: AsyncIterator[bytes], spec: ListenSpec, meant: Callable[[Understanding], bool]
    ) -> Heard | None:
        """One utterance; None when it was not meant for us, or there was none."""
        interim = self.interim(spec.language)
        events = ears.listen(pcm, spec)
        async with aclosing(cast("AsyncGenerator[SpeechEvent]", events)):
            async for event in events:
                if isinstance(event, Partial):
                    urgent = await interim.urgent(event.text, event.at_ms)
                    if urgent and urgent.emergency:
                        return self.cut_short(urgent)
                if isinstance(event, Final) and event.text.strip():
                    heard = await self.understood(event, spec.language)
                    if meant(heard.understanding) or not event.aside:
                        return heard if meant(heard.understanding) else None
        return None

    async def patience(self, spec: TurnSpec, language: str, text: str, confidence: float) -> int:
        """As `ListenSpec.patience`, of a turn that has a view of it."""
        assert spec.patience
        said = await self.understand(text, language, confidence)
        if spec.so_far:
            spec.so_far(said)
        return spec.patience(said)

    async def understand(self, text: str, language: str, confidence: float = 1.0) -> Understanding:
        """What was weighed at a pause is understood once, when the pause turns out to be the end."""
        if self._last is None or self._last[0] != (text, language, confidence):
            meaning = asyncio.ensure_future(self._understand(text, language, confidence))
            self._last = (text, language, confidence), meaning
        return await asyncio.shield(self._last[1])

    async def understood(self, final: Final, language: str) -> Heard:
        """Words, noted and understood."""
        words = [[word.text, round(word.confidence, 2)] for word in final.words]
        heard = {"confidence": round(final.confidence, 3), "engine": final.engine}
        self.note(EventType.HEARD, heard, {"text": final.text, "words": words})
        understanding = await self.understand(final.text, language, final.confidence)
        return Heard(understanding, final.confidence, final.at_limit)

    def interim(self, language: str) -> Interim:
        return Interim(lambda text: self.understand(text, language))

    def cut_short(self, understanding: Understanding) -> Heard:
        """What is acted on although the caller has not finished."""
        heard = {"confidence": 1.0, "engine": "", "interim": True}
        self.note(EventType.HEARD, heard, {"text": understanding.text, "words": []})
        return Heard(understanding)


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
        level = level_dbfs(spec.pcm)
        self.level_dbfs = level if level > SILENT_DBFS else None  # a silent prompt is no prompt
        self.prompting = bool(spec.pcm)
        stops = spec.barge == Barge.SPEECH and spec.wait is None
        self.barge = BargeIn(self.leg, means.voices, stops, self._taken_back)
        self.unclear: Heard | None = None  # said over the prompt, or from further away
        self.is_meant = is_meant_while_waiting if spec.wait else is_meant
        self.asides = 0
        self.interim = means.interim(self._language)
        self.started_ms = 0  # when somebody last began to speak, since listening began

    async def run(self) -> Outcome:
        self.means.keypad.asks(self.spec.question, self.leg.at_ms)
        self.leg.play(self.spec.pcm)
        ways: dict[asyncio.Task[Outcome | Key], str] = {
            asyncio.create_task(self.keys.first()): "key",
            asyncio.create_task(self._prompt_and_after()): "time",
            asyncio.create_task(self._ears()): "speech",
        }
        if self.spec.until:
            ways[asyncio.create_task(self._called_away(self.spec.until))] = "outside"
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            first = min(done, key=lambda task: ("key", "speech", "outside", "time").index(ways[task]))
            result = first.result()
            self._stopped(by=ways[first])
        finally:
            self.barge.close()
            self.means.filling.cancel()
            await _cancel(ways)
        return await self.keys.rest(result) if isinstance(result, Key) else result

    def _stopped(self, by: str) -> None:
        spoken_ms = self.leg.stop()
        if self.prompting:
            self.means.note(EventType.PROMPT_ENDED, {"spoken_ms": spoken_ms, "by": by}, {})

    # time

    async def _prompt_and_after(self) -> Outcome:
        await self.leg.played()
        if self.prompting:
            self.means.note(EventType.PROMPT_ENDED, {"by": "end"}, {})
        self.prompting = False
        if self.spec.wait:
            return await self._wait(self.spec.wait)
        if self.spec.answer:
            return await self._no_answer()
        await self.barge.quiet.wait()
        return Spoken()

    async def _no_answer(self) -> Outcome:
        spec = self.spec.listen or ListenSpec()
        late_ms = EARS_LATE_MS if self.spec.listen else 0
        await asyncio.sleep((spec.no_speech_ms + late_ms) / 1000)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self.barge.began_s + UNCLEAR_S):
                await self.barge.silent.wait()
        try:
            async with asyncio.timeout((spec.limit_ms + EARS_LATE_MS) / 1000):
                await self.barge.quiet.wait()
        except TimeoutError:
            return Silence() if self.spec.keys_do else Deaf()
        return self._nothing_more()

    def _nothing_more(self) -> Outcome:
        """Nothing was said to the line, or only what it did not understand."""
        if self.asides:
            self.means.voices.missed()
        return self.unclear or Silence()

    async def _wait(self, wait: Wait) -> Outcome:
        self.leg.play(wait.music, loop=True)
        await asyncio.sleep(wait.seconds)
        await self.barge.quiet.wait()
        return await wait.over()

    async def _called_away(self, until: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """What happened outside, once the sentence that is being spoken is over, or will take too long."""
        outcome, spoken_ms = await until(), self.leg.spoken_ms
        rest_ms = next((end - spoken_ms for end in self.spec.ends_ms if end > spoken_ms), 0)
        if self.prompting and self.barge.quiet.is_set():
            await asyncio.sleep(min(rest_ms, CUT_IN_MS) / 1000)
        return outcome

    # speech

    async def _ears(self) -> Outcome:
        if self.spec.listen is None or self.means.ears is None:
            return await self._deaf(missing=self.means.ears is None and self.spec.listen is not None)
        while True:
            try:
                outcome = await self._listen_once(self.means.ears, self.spec.listen)
            except RecognitionDown as reason:
                self.means.note(EventType.RECOGNITION_DOWN, {"reason": str(reason)}, {})
                return await self._deaf(missing=True)
            if outcome is not None:
                return outcome

    async def _deaf(self, missing: bool) -> Outcome:
        self.barge.ends()
        if missing and not self.spec.keys_do and self.spec.answer and self.spec.wait is None:
            return Deaf()
        await asyncio.Event().wait()
        raise AssertionError

    async def _listen_once(self, ears: Recognizer, spec: ListenSpec) -> Outcome | None:
        """One utterance; None when it was nothing and the turn goes on."""
        events = ears.listen(self.leg.audio(), self._now(spec))
        self.interim = self.means.interim(spec.language)
        async with aclosing(cast("AsyncGenerator[SpeechEvent]", events)):
            async for event in events:
                self.means.filling.cancel()
                if isinstance(event, Final) and not event.aside:
                    return await self._final(event)
                if outcome := await self._meanwhile(event):
                    return outcome
        return None

    async def _meanwhile(self, event: SpeechEvent) -> Outcome | None:
        """What does not end an utterance ends the turn only when it is urgent, or when nobody speaks."""
        match event:
            case SpeechStarted():
                self._somebody_starts(event)
            case Partial():
                return await self._interim(event)
            case Reading() if self.spec.wait is None:  # where the line has music, it goes on
                self.means.filling.begin()
            case Final():
                return await self._overheard(event)
            case NoSpeech() if self._asked and not self.prompting:
                return self._nothing_more()
        return None

    @property
    def _asked(self) -> bool:
        """An answer is expected."""
        return self.spec.answer and self.spec.wait is None

    def _now(self, spec: ListenSpec) -> ListenSpec:
        """With what the call has taught; who was unclear over the prompt has a moment to say it again."""
        again = self.unclear is not None and not self.means.voices.company
        weigh = self.spec.patience and partial(self.means.patience, self.spec, spec.language)
        return replace(
            spec, playing=self._playing_dbfs, patience=weigh, caller_dbfs=self.means.voices.caller_dbfs,
            no_speech_ms=min(spec.no_speech_ms, UNCLEAR_AGAIN_MS) if again else spec.no_speech_ms,
        )  # fmt: skip

    def _somebody_starts(self, event: SpeechStarted) -> None:
        self.means.note(EventType.SPEECH_STARTED, {"at_ms": event.at_ms, "during_prompt": self.prompting}, {})
        self.interim, self.started_ms = self.means.interim(self._language), event.at_ms
        self.barge.starts(event.level_dbfs, self.prompting)

    def _taken_back(self) -> None:
        if self.prompting:
            self.means.note(EventType.PROMPT_RESUMED, {}, {})

    async def _interim(self, partial: Partial) -> Outcome | None:
        """An emergency, and the wish for a person, do not wait for the end of the sentence."""
        if self._is_echo(partial.text):
            return None
        if urgent := await self.interim.urgent(partial.text, partial.at_ms):
            return self.means.cut_short(urgent)
        if partial.aside or self.interim.last is None:
            return None
        if self.is_meant(self.interim.last):
            self.barge.is_meant()
            if self.spec.so_far and partial.at_ms - self.started_ms < LONG_MS:
                self.spec.so_far(self.interim.last)
            return None
        drones = partial.at_ms - self.started_ms >= UNCLEAR_S * 1_000
        return self._nothing_said() if drones and not self.prompting else None

    async def _final(self, final: Final) -> Outcome | None:
        self.means.note(EventType.SPEECH_ENDED, {"at_ms": final.at_ms, "words": len(final.text.split())}, {})
        if not final.text.strip() or self._is_echo(final.text):
            return self._nothing_said()
        heard = await self.means.understood(final, self._language)
        if self.is_meant(heard.understanding):
            self.means.voices.answered(final.level_dbfs)
            return heard
        return self._unclear(heard, final.level_dbfs)

    def _unclear(self, heard: Heard, level_dbfs: float | None) -> Outcome | None:
        """No answer while the prompt goes on or where nobody was asked, nor where somebody else may have said it."""
        self.means.voices.unclear(level_dbfs)
        if self._asked and not self.prompting and not self.means.voices.company:
            return heard
        self.unclear = heard if self._asked else None
        self.barge.ends()
        return None

    async def _overheard(self, final: Final) -> Outcome | None:
        """From further away than the caller: a wish obeyed at any moment; else at most a first, short answer."""
        if not final.text.strip():
            return None
        self.asides += 1
        self.means.voices.company = True
        said = await self.means.understand(final.text, self._language, final.confidence)
        asked = self._asked and not self.prompting
        answer = asked and self.asides == 1 and is_meant(said) and len(final.text.split()) <= ASIDE_WORDS
        obeyed = wish_of(said)
        return await self.means.understood(final, self._language) if obeyed or answer else None

    def _nothing_said(self) -> Outcome | None:
        """Noise: an interrupted prompt goes on; after the prompt it is an answer without words."""
        during = self.prompting or self.spec.wait is not None or not self.spec.answer
        self.barge.ends()
        return None if during else NoWords()

    @property
    def _language(self) -> str:
        return (self.spec.listen or ListenSpec()).language

    def _is_echo(self, text: str) -> bool:
        if not self.prompting or len(text.split()) < ECHO_WORDS:
            return False
        return fuzz.partial_ratio(text.lower(), self.spec.text.lower()) >= ECHO_LIKENESS

    def _playing_dbfs(self) -> float | None:
        return self.level_dbfs if self.prompting and self.barge.quiet.is_set() else None


async def _cancel(tasks: Mapping[asyncio.Task[Any], str]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
