"""A recogniser that hears what a script says, for tests of the dialogue."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from ivr.ports import Final, ListenSpec, NoSpeech, Partial, Reading, RecognitionDown, SpeechEvent, SpeechStarted, Word

WORD_MS = 300  # how long the script's caller takes for a word


@dataclass(frozen=True)
class ScriptedWords:
    """The caller speaks."""

    text: str
    confidence: float = 0.9
    after_ms: int = 0  # thinking time before the first word
    read_ms: int = 0  # how long the recogniser takes afterwards


@dataclass(frozen=True)
class ScriptedMonologue:
    """Somebody speaks without end; each of these readings comes two seconds after the one before."""

    readings: tuple[str, ...] = ()
    level_dbfs: float = -20.0


@dataclass(frozen=True)
class ScriptedAside:
    """Somebody speaks further away than the caller; listening goes on."""

    text: str


@dataclass(frozen=True)
class ScriptedSilence:
    """The caller says nothing until the recogniser gives up."""


@dataclass(frozen=True)
class ScriptedNoise:
    """Sound without words: speech starts, an empty Final follows, listening goes on."""


@dataclass(frozen=True)
class ScriptedOutage:
    """Recognition is not there; `speaking`: it breaks only after speech has started."""

    speaking: bool = False


@dataclass(frozen=True)
class ScriptedWait:
    """Nothing is heard and nothing ends: for callers who use keys."""


ScriptLine = (
    str
    | ScriptedWords
    | ScriptedMonologue
    | ScriptedAside
    | ScriptedSilence
    | ScriptedNoise
    | ScriptedOutage
    | ScriptedWait
)
READING_MS = 2_000


class ScriptedRecognizer:
    """Each listening takes the next line of the script; after the last one there is silence.

    `real_time` keeps the pace of speech, else events come as fast as they are read.
    `specs` remembers what each listening asked for.
    """

    name = "script"

    def __init__(self, script: Iterable[ScriptLine] = (), *, real_time: bool = False) -> None:
        self.script: list[ScriptLine] = list(script)
        self.specs: list[ListenSpec] = []
        self._real_time = real_time

    async def listen(self, pcm: AsyncIterator[bytes], spec: ListenSpec) -> AsyncIterator[SpeechEvent]:
        self.specs.append(spec)
        at_ms = 0
        while True:
            line = self.script.pop(0) if self.script else ScriptedSilence()
            async for event in self._perform(line, spec, at_ms):
                at_ms = event.at_ms
                yield event
            if not isinstance(line, ScriptedNoise | ScriptedAside):
                return

    def _perform(self, line: ScriptLine, spec: ListenSpec, at_ms: int) -> AsyncIterator[SpeechEvent]:
        match line:
            case str() | ScriptedWords():
                return self._speak(ScriptedWords(line) if isinstance(line, str) else line, spec, at_ms)
            case ScriptedMonologue():
                return self._go_on(line, spec, at_ms)
            case ScriptedAside(text):
                return self._murmur(text, at_ms)
            case ScriptedOutage():
                return self._break(line, spec, at_ms)
        return self._say_nothing(line, spec, at_ms)

    def _say_nothing(self, line: ScriptLine, spec: ListenSpec, at_ms: int) -> AsyncIterator[SpeechEvent]:
        match line:
            case ScriptedNoise():
                return self._rustle(spec, at_ms)
            case ScriptedSilence():
                return self._give_up(spec, at_ms)
        return self._wait()

    async def _go_on(self, line: ScriptedMonologue, spec: ListenSpec, at_ms: int) -> AsyncIterator[SpeechEvent]:
        at_ms = await self._pass(at_ms, spec.sustained_ms)
        yield SpeechStarted(at_ms, line.level_dbfs)
        for reading in line.readings:
            at_ms = await self._pass(at_ms, READING_MS)
            yield Partial(reading, at_ms)
        await asyncio.Event().wait()

    async def _murmur(self, text: str, at_ms: int) -> AsyncIterator[SpeechEvent]:
        at_ms = await self._pass(at_ms, len(text.split()) * WORD_MS)
        yield Final(text, 0.9, at_ms=at_ms, engine=self.name, aside=True)

    async def _rustle(self, spec: ListenSpec, at_ms: int) -> AsyncIterator[SpeechEvent]:
        started_ms = await self._pass(at_ms, spec.sustained_ms)
        yield SpeechStarted(started_ms)
        ended_ms = await self._pass(started_ms, spec.silence_ms)
        yield Reading(ended_ms)
        yield Final("", 0.0, at_ms=ended_ms, engine=self.name)

    async def _break(self, line: ScriptedOutage, spec: ListenSpec, at_ms: int) -> AsyncIterator[SpeechEvent]:
        if line.speaking:
            yield SpeechStarted(await self._pass(at_ms, spec.sustained_ms))
        raise RecognitionDown("the script says so")

    async def _give_up(self, spec: ListenSpec, at_ms: int) -> AsyncIterator[SpeechEvent]:
        yield NoSpeech(await self._pass(at_ms, spec.no_speech_ms))

    async def _wait(self) -> AsyncIterator[SpeechEvent]:
        await asyncio.Event().wait()
        yield NoSpeech(0)

    async def _speak(self, line: ScriptedWords, spec: ListenSpec, at_ms: int) -> AsyncIterator[SpeechEvent]:
        spoken = line.text.split()
        first_ms = at_ms + line.after_ms
        yield SpeechStarted(await self._pass(at_ms, line.after_ms + spec.sustained_ms))
        end_ms = first_ms + max(len(spoken) * WORD_MS, spec.sustained_ms)
        yield Partial(" ".join(spoken[:1]), await self._pass(first_ms, WORD_MS))
        silence_ms = await spec.patience(line.text, line.confidence) if spec.patience else spec.silence_ms
        await self._pass(first_ms + WORD_MS, end_ms - first_ms - WORD_MS + silence_ms)
        words = tuple(
            Word(text, line.confidence, first_ms + place * WORD_MS, first_ms + (place + 1) * WORD_MS)
            for place, text in enumerate(spoken)
        )
        yield Reading(end_ms)
        await self._pass(end_ms, line.read_ms)
        yield Final(line.text, line.confidence, words, end_ms, self.name)

    async def _pass(self, from_ms: int, duration_ms: int) -> int:
        """Let that much of the call go by; returns where it then is, in ms."""
        await asyncio.sleep(duration_ms / 1_000 if self._real_time else 0)
        return from_ms + duration_ms
