"""One listening, the same for every engine: activity, endpointing, and when to ask the engine what."""

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from ivr.ports import (
    FRAME_MS,
    Final,
    ListenSpec,
    NoSpeech,
    Partial,
    RecognitionDown,
    SpeechEvent,
    SpeechStarted,
    Word,
)
from stt.activity import Activity, Attention
from stt.endpointing import Cue, Endpointing, Segmenter, Utterance
from stt.workers import Workers

BYTES_PER_MS = 16
MOST_BUFFERED_MS = 1_000  # kept of the time before anyone speaks


class Reader(Protocol):
    """An engine's part in one listening. All may raise RecognitionDown, but `guess` and `forget`."""

    async def hear(self, pcm: bytes) -> str | None:
        """The utterance so far goes on with this; what it says by now, if the engine can tell already."""

    def guess(self, pcm: bytes) -> None:
        """The utterance has probably ended: begin to read it."""

    def forget(self) -> None:
        """It has not."""

    async def finish(self, pcm: bytes) -> Final:
        """The whole utterance has ended; times are from its first sample."""

    def close(self) -> None:
        """Drop what was read; another utterance may follow."""


class Hearing:
    """What was heard in one listening: the sound from shortly before the utterance on, and the cues."""

    def __init__(self, attention: Attention, spec: ListenSpec) -> None:
        self._activity = Activity(attention)
        self.segments = Segmenter(Endpointing.of(spec))
        self._spec = spec
        self._sound = bytearray()
        self._sound_from_ms = 0

    async def feed(self, frame: bytes) -> list[Cue]:
        self._sound += frame
        playing = self._spec.playing() if self._spec.playing else None
        cues = self.segments.feed(await self._activity.feed(frame, playing), waiting=playing is None)
        if self.segments.utterance is None:
            self._drop_before(self.segments.at_ms - MOST_BUFFERED_MS)
        return cues

    def sound(self, utterance: Utterance, after_ms: int = 0) -> bytes:
        """PCM from the utterance's pre-roll (or `after_ms`, if later) up to now."""
        from_ms = max(utterance.from_ms, after_ms, self._sound_from_ms)
        return bytes(self._sound[(from_ms - self._sound_from_ms) * BYTES_PER_MS :])

    def _drop_before(self, at_ms: int) -> None:
        if at_ms > self._sound_from_ms:
            del self._sound[: (at_ms - self._sound_from_ms) * BYTES_PER_MS]
            self._sound_from_ms = at_ms


class Listener:
    """Implements `ivr.ports.Recognizer` over an engine's readers."""

    def __init__(
        self, name: str, workers: Workers, attention: Attention, reader: Callable[[Workers, ListenSpec], Reader]
    ) -> None:
        self.name = name
        self.workers = workers
        self._attention = attention
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
        turn = Turn(Hearing(self._attention, spec), reader)
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
            reader.close()

    def _check(self) -> None:
        if not self.workers.ready:
            raise RecognitionDown("no recognition worker is alive")


class Turn:
    """The caller's turn: frames in, events out, until something was said or nothing was."""

    def __init__(self, hearing: Hearing, reader: Reader) -> None:
        self._hearing = hearing
        self._reader = reader
        self._read_ms = 0  # up to where the reader has heard
        self._said = ""
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

    async def cut_off(self) -> AsyncIterator[SpeechEvent]:
        """The sound has ended, the caller has not."""
        if self._hearing.segments.utterance is None:
            yield NoSpeech(self._hearing.segments.at_ms)
            return
        async for event in self._conclude():
            yield event

    async def _pass_on(self) -> AsyncIterator[SpeechEvent]:
        utterance = self._hearing.segments.utterance
        if utterance is None:
            self._give_up()
            return
        said = await self._reader.hear(self._hearing.sound(utterance, self._read_ms))
        self._read_ms = self._hearing.segments.at_ms
        if said and said != self._said and utterance.sustained:
            self._said = said
            yield Partial(said, self._read_ms)

    async def _act(self, cue: Cue) -> AsyncIterator[SpeechEvent]:
        segments = self._hearing.segments
        match cue:
            case Cue.STARTED:
                yield SpeechStarted(segments.at_ms)
            case Cue.PAUSED if segments.utterance:
                self._reader.guess(self._hearing.sound(segments.utterance))
            case Cue.RESUMED:
                self._reader.forget()
            case Cue.ENDED | Cue.LIMIT:
                async for event in self._conclude():
                    yield event
            case Cue.NO_SPEECH:
                self.over = True
                yield NoSpeech(segments.at_ms)

    async def _conclude(self) -> AsyncIterator[SpeechEvent]:
        utterance = self._hearing.segments.utterance
        assert utterance is not None
        final = placed(await self._reader.finish(self._hearing.sound(utterance)), utterance)
        self._read_ms, self._said = 0, ""
        if final.text and not utterance.sustained:
            yield SpeechStarted(utterance.speech_ms + FRAME_MS)  # a lone "no" was speech after all
        if final.text or utterance.sustained:
            yield final
        self.over = bool(final.text)

    def _give_up(self) -> None:
        """What was read was a click and belongs to no utterance."""
        if self._read_ms:
            self._reader.close()
        self._read_ms, self._said = 0, ""


def placed(final: Final, utterance: Utterance) -> Final:
    """Times since listening began instead of since the utterance's first sample."""
    from_ms = utterance.from_ms
    words = tuple(
        Word(word.text, word.confidence, word.start_ms + from_ms, word.end_ms + from_ms) for word in final.words
    )
    return Final(final.text, final.confidence, words, utterance.end_ms, final.engine)
