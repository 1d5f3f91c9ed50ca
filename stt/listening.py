"""One listening, the same for every engine: activity, endpointing, and when to ask the engine what."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from ivr.pcm import SILENT_DBFS, level_dbfs
from ivr.ports import (
    FRAME_BYTES,
    FRAME_MS,
    Final,
    ListenSpec,
    NoSpeech,
    Partial,
    Reading,
    RecognitionDown,
    SpeechEvent,
    SpeechStarted,
    Word,
)
from stt.activity import ActivityPool, VoiceActivity
from stt.endpointing import Cue, Endpointing, Segmenter, SpeechSegment
from stt.nearness import Nearness
from stt.workers import Workers

BYTES_PER_MS = 16
MOST_BUFFERED_MS = 1_000  # kept of the time before anyone speaks
LEAD_MS = 240  # before near speech its soft beginning is the caller's as well
UNREAD_MS = 1_000  # so long a silence ends an utterance whose words are still not read
SILENCE = bytes(FRAME_BYTES)

Patience = Callable[[str, float], Awaitable[int]]  # ms of silence that words deserve, by how surely they were read


class UtteranceReader(Protocol):
    """An engine's part in one listening. All may raise RecognitionDown, but `guess` and `forget`."""

    async def hear(self, pcm: bytes) -> str | None:
        """The utterance so far goes on with this; all that it says by now, once for each time it was read anew."""

    def guess(self, pcm: bytes) -> None:
        """The utterance has probably ended: begin to read it."""

    def guessed(self) -> Final | None:
        """What it says if that was its end; None while that is being read. Given out once. Raises: RecognitionDown."""

    def forget(self) -> None:
        """It has not."""

    async def finish(self, pcm: bytes) -> Final:
        """The whole utterance has ended; times are from its first sample."""

    def close(self) -> None:
        """Drop what was read; another utterance may follow."""


class SpeechDetector:
    """What was heard in one listening: the sound from shortly before the utterance on, and the cues."""

    def __init__(self, activity: ActivityPool, spec: ListenSpec) -> None:
        self._activity = VoiceActivity(activity)
        self.segments = Segmenter(Endpointing.of(spec))
        self._nearness = Nearness(spec.caller_dbfs)
        self._spec = spec
        self._sound: list[bytes] = []
        self._far: list[bool] = []  # frames in which somebody speaks who is not the caller
        self._sound_from_ms = 0

    async def feed(self, frame: bytes) -> list[Cue]:
        playing = self._spec.playing() if self._spec.playing else None
        probability = await self._activity.feed(frame, playing)
        near = self._is_near(frame, probability)
        self._sound.append(frame)
        self._far.append(probability > 0 and not near)
        cues = self.segments.feed(probability, waiting=playing is None, near=near)
        if self.segments.utterance is None:
            self._drop_before(self.segments.at_ms - MOST_BUFFERED_MS)
        return cues

    def _is_near(self, frame: bytes, probability: float) -> bool:
        speaking = probability >= self.segments.rules.rise
        near = self._nearness.feed(level_dbfs(frame) if probability else SILENT_DBFS, speaking)
        if self._nearness.comes_nearer(speaking):
            self.segments.put_aside()
        return near

    @property
    def voice_dbfs(self) -> float | None:
        """How loud the nearest voice is so far."""
        return self._nearness.voice_dbfs

    def sound(self, utterance: SpeechSegment, after_ms: int = 0, until_ms: int | None = None) -> bytes:
        """PCM from the utterance's pre-roll (or `after_ms`, if later) up to now; the caller's without other voices."""
        first = (max(utterance.from_ms, after_ms, self._sound_from_ms) - self._sound_from_ms) // FRAME_MS
        end = len(self._sound) if until_ms is None else max(first, (until_ms - self._sound_from_ms) // FRAME_MS)
        if utterance.aside:
            return b"".join(self._sound[first:end])
        return b"".join(SILENCE if self._is_other(at) else self._sound[at] for at in range(first, end))

    def _is_other(self, at: int) -> bool:
        """Whether somebody further away speaks in a frame, and the caller not at once afterwards."""
        return self._far[at] and all(self._far[at : at + LEAD_MS // FRAME_MS + 1])

    def _drop_before(self, at_ms: int) -> None:
        if at_ms > self._sound_from_ms:
            frames = (at_ms - self._sound_from_ms) // FRAME_MS
            del self._sound[:frames], self._far[:frames]
            self._sound_from_ms = at_ms


class Listener:
    """Implements `ivr.ports.Recognizer` over an engine's readers."""

    def __init__(
        self,
        name: str,
        workers: Workers,
        activity: ActivityPool,
        reader: Callable[[Workers, ListenSpec], UtteranceReader],
    ) -> None:
        self.name = name
        self.workers = workers
        self._activity_pool = activity
        self._reader = reader

    async def start(self, wait_s: float = 0.0) -> bool:
        """Load the models in their workers; True once one is ready (waits that long for it)."""
        return await self.workers.start(wait_s)

    async def close(self) -> None:
        await self.workers.close()

    @property
    def ready(self) -> bool:
        return self.workers.ready

    @property
    def pids(self) -> list[int]:
        """Of the workers alive, for supervision and for tests that kill them."""
        return self.workers.pids

    async def listen(self, pcm: AsyncIterator[bytes], spec: ListenSpec) -> AsyncIterator[SpeechEvent]:
        """Raises: RecognitionDown."""
        self._check()
        reader = self._reader(self.workers, spec)
        turn = Turn(SpeechDetector(self._activity_pool, spec), reader, spec.patience)
        try:
            async for frame in pcm:
                self._check()
                if turn.nothing_in(cues := await turn.feed(frame)):
                    continue
                async for event in turn.hear(cues):
                    yield event
                if turn.over:
                    return
            async for event in turn.cut_off():
                yield event
        finally:
            turn.stop_weighing()
            reader.close()

    def _check(self) -> None:
        if not self.workers.ready:
            raise RecognitionDown("no recognition worker is alive")


class Turn:
    """The caller's turn: frames in, events out, until something was said or nothing was."""

    def __init__(self, hearing: SpeechDetector, reader: UtteranceReader, patience: Patience | None = None) -> None:
        self._hearing = hearing
        self._reader = reader
        self._patience = patience
        self._weighing: asyncio.Future[int] | None = None  # of the present pause
        self._read_ms = 0  # up to where the reader has heard
        self.over = False

    async def feed(self, frame: bytes) -> list[Cue]:
        return await self._hearing.feed(frame)

    def nothing_in(self, cues: list[Cue]) -> bool:
        """Whether a frame was one of the many in which nobody speaks; that costs next to nothing."""
        return not cues and self._hearing.segments.utterance is None and not self._read_ms

    async def hear(self, cues: list[Cue]) -> AsyncIterator[SpeechEvent]:
        async for event in self._pass_on():
            yield event
        for cue in cues:
            async for event in self._act(cue):
                yield event
        self._weigh_silence()

    def _weigh_silence(self) -> None:
        """As soon as it is known what the words before a pause say, the pause is as long as they deserve."""
        segments = self._hearing.segments
        if self._patience is None or not segments.paused:
            return
        if self._weighing and self._weighing.done():
            segments.waits_for(self._weighing.result())
            self._weighing = None
        try:
            if said := self._reader.guessed():
                self._weighing = asyncio.ensure_future(self._patience(said.text, said.confidence))
        except RecognitionDown:
            segments.waits_for(segments.rules.silence_ms)

    def stop_weighing(self) -> None:
        """The pause is over."""
        if self._weighing:
            self._weighing.cancel()
            self._weighing = None

    async def cut_off(self) -> AsyncIterator[SpeechEvent]:
        """The sound has ended, the caller has not."""
        if self._hearing.segments.utterance is None:
            yield NoSpeech(self._hearing.segments.at_ms)
            return
        async for event in self._conclude():
            yield event

    async def _pass_on(self) -> AsyncIterator[SpeechEvent]:
        """What is given to the engine is a little late, since only what follows tells whose voice it is."""
        utterance = self._hearing.segments.utterance
        if utterance is None:
            self._give_up()
            return
        until_ms = self._hearing.segments.at_ms - LEAD_MS
        if until_ms <= max(self._read_ms, utterance.from_ms):
            return
        said = await self._reader.hear(self._hearing.sound(utterance, self._read_ms, until_ms))
        self._read_ms = until_ms
        if said and utterance.sustained:
            yield Partial(said, self._hearing.segments.at_ms, utterance.aside)

    async def _act(self, cue: Cue) -> AsyncIterator[SpeechEvent]:
        segments = self._hearing.segments
        match cue:
            case Cue.STARTED:
                yield SpeechStarted(segments.at_ms, self._hearing.voice_dbfs or 0.0)
            case Cue.NEARER if segments.before:
                yield await self._overheard(segments.before, segments.before.end_ms)
            case Cue.PAUSED if segments.utterance:
                self._guess(segments.utterance)
            case Cue.RESUMED:
                self.stop_weighing()
                self._reader.forget()
            case Cue.ENDED | Cue.LIMIT:
                async for event in self._conclude(cue is Cue.LIMIT):
                    yield event
            case Cue.NO_SPEECH:
                self.over = True
                yield NoSpeech(segments.at_ms)

    def _guess(self, utterance: SpeechSegment) -> None:
        self._reader.guess(self._hearing.sound(utterance))
        if self._patience:  # without the words there is no answer: to wait for them costs nothing
            self._hearing.segments.waits_for(UNREAD_MS)

    async def _conclude(self, at_limit: bool = False) -> AsyncIterator[SpeechEvent]:
        self.stop_weighing()
        utterance = self._hearing.segments.utterance
        assert utterance is not None
        if utterance.aside:
            yield await self._overheard(utterance)
            return
        if utterance.sustained:
            yield Reading(utterance.end_ms)
        final = replace(await self._read(utterance), at_limit=at_limit)
        if final.text and not utterance.sustained:  # a lone "no" was speech after all
            yield SpeechStarted(utterance.speech_ms + FRAME_MS, self._hearing.voice_dbfs or 0.0)
        if final.text or utterance.sustained:
            yield final
        self.over = bool(final.text)

    async def _read(self, utterance: SpeechSegment, until_ms: int | None = None) -> Final:
        self._read_ms = 0
        final = placed(await self._reader.finish(self._hearing.sound(utterance, until_ms=until_ms)), utterance)
        return replace(final, aside=utterance.aside, level_dbfs=self._hearing.voice_dbfs)

    async def _overheard(self, utterance: SpeechSegment, until_ms: int | None = None) -> Final:
        """What was said further away; it is no reason to send its caller to the keys."""
        try:
            return await self._read(utterance, until_ms)
        except RecognitionDown:
            self._reader.close()
            return Final("", 0.0, aside=True)

    def _give_up(self) -> None:
        """What was read was a click and belongs to no utterance."""
        if self._read_ms:
            self._reader.close()
        self._read_ms = 0


def placed(final: Final, utterance: SpeechSegment) -> Final:
    """Times since listening began instead of since the utterance's first sample."""
    from_ms = utterance.from_ms
    words = tuple(
        Word(word.text, word.confidence, word.start_ms + from_ms, word.end_ms + from_ms) for word in final.words
    )
    return Final(final.text, final.confidence, words, utterance.end_ms, final.engine)
