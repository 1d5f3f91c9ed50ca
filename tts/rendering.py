"""The line's voice: from memory, from the prepared files, else rendered by a bounded set of workers."""

import asyncio
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import structlog

from config.settings import VoiceSettings
from ivr.pcm import Samples, resample, to_pcm
from ivr.ports import SAMPLE_RATE, VoiceDown
from ivr.sound_files import write_wav
from tts.audio import level, read_wav
from tts.phrases import Phrase, phrases
from tts.voices import SynthesisEngine

RENDERING = 1  # part of every cached name: counted up when the sound of a rendering changes
BYTES_PER_MS = SAMPLE_RATE * 2 // 1_000
LONGEST = 500  # characters; nobody listens to more at once
EDGE_MS = 60  # silence kept before and after a sentence
FIRST_SHARE = 0.75  # of the time limit for the best voice; the rest is for the one that always speaks
KEY = re.compile(r"[a-z0-9_]+")
UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\[\]<>{}|\\]+")  # control characters, and the engines' own mark-up

log = structlog.get_logger()

Lane = dict[str, tuple[SynthesisEngine, ...]]  # one worker's engines by language
Progress = Callable[[int, int], None]  # done, of how many


class RenderedVoice:
    """Sentences to PCM. Whatever is the same for all callers lies on disk; the rest stays in memory only."""

    def __init__(
        self,
        engines: Callable[[str], Sequence[SynthesisEngine]],
        cache: Path,
        recordings: Path,
        settings: VoiceSettings,
    ) -> None:
        self._engines = engines
        self._cache = cache
        self._recordings = recordings
        self._settings = settings
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._remembered = 0
        self._idle: asyncio.Queue[Lane] = asyncio.Queue()
        self._lanes: list[Lane] = [{} for _ in range(settings.workers)]
        self._names: dict[str, tuple[str, ...]] = {}
        self._waiting = 0
        for lane in self._lanes:
            self._idle.put_nowait(lane)

    @property
    def idle(self) -> bool:
        return not self._waiting

    async def say(self, text: str, language: str) -> bytes:
        """PCM of a sentence, put together from phrases where it is not there whole.

        Raises: VoiceDown when the workers are full, late or dead.
        """
        spoken = speakable(text)
        if (known := self._known(spoken, language)) is not None:
            return known
        limit_s = self._settings.limit_ms / 1_000
        try:
            async with asyncio.timeout(limit_s):
                return await self._joined(phrases(spoken, language), language, limit_s * FIRST_SHARE)
        except TimeoutError as error:
            log.warning("voice late", limit_ms=self._settings.limit_ms)
            raise VoiceDown("late") from error

    async def _joined(self, said: Sequence[Phrase], language: str, first_limit_s: float) -> bytes:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + first_limit_s  # one limit for all: of a voice that hangs, each phrase would wait anew
        sounds = [await self._phrase(phrase.text, language, max(until_s - loop.time(), 0)) for phrase in said]
        pauses = [*(phrase.pause_ms for phrase in said[:-1]), 0]
        return b"".join(sound + bytes(BYTES_PER_MS * pause) for sound, pause in zip(sounds, pauses, strict=True))

    async def _phrase(self, text: str, language: str, first_limit_s: float) -> bytes:
        if (known := self._known(text, language)) is not None:
            return known
        if self._waiting >= self._settings.workers + self._settings.queue_limit:
            raise VoiceDown("full")
        self._waiting += 1
        try:
            return await self._rendered(text, language, first_limit_s)
        finally:
            self._waiting -= 1

    async def recorded(self, key: str, language: str) -> bytes | None:
        """A recorded file that replaces the rendered prompt; an unreadable one is logged and not used."""
        if not KEY.fullmatch(key) or not KEY.fullmatch(language):
            return None
        path = self._recordings / language / f"{key}.wav"
        if not path.is_file():
            return None
        name = f"{path}:{path.stat().st_mtime_ns}"
        if (known := self._memory.get(name)) is not None:
            return known
        try:
            return self._remember(name, await asyncio.to_thread(lambda: to_line(*read_wav(path))))
        except (OSError, ValueError) as error:
            log.warning("recording unreadable", file=str(path), error=str(error))
            return None

    async def prepare(self, sentences: Iterable[tuple[str, str]], progress: Progress = lambda done, of: None) -> int:
        """Render (text, language) pairs that are not on disk yet; returns how many could not be."""
        wanted = list(dict.fromkeys((speakable(text), language) for text, language in sentences))
        failed = 0
        for done, (text, language) in enumerate(wanted):
            progress(done, len(wanted))
            path = self._path(text, language)
            if path is not None and not path.is_file():
                failed += not await self._prepared(path, text, language)
            failed += path is None
        progress(len(wanted), len(wanted))
        return failed

    async def warm(self, language: str) -> None:
        """Start the workers of a language, so that the first caller does not wait for them."""
        await asyncio.gather(
            *(self._warm(engine, language) for lane in self._lanes for engine in self._of(lane, language)[:1])
        )

    async def _warm(self, engine: SynthesisEngine, language: str) -> None:
        try:
            await asyncio.to_thread(to_line, *await engine.render("one", language))
        except VoiceDown as error:
            log.warning("voice does not start", engine=engine.name, error=str(error))

    async def speak_up(self, language: str) -> None:
        """Have the best voice say a word, to see that it speaks. Raises: VoiceDown."""
        lane = await self._idle.get()
        try:
            engines = self._of(lane, language)
            if not engines:
                raise VoiceDown("none is installed")
            await engines[0].render("one", language)
        finally:
            self._idle.put_nowait(lane)

    def forget(self) -> None:
        """Keep nothing of what was spoken lately: names and numbers were in it."""
        self._memory.clear()
        self._remembered = 0

    async def close(self) -> None:
        for lane in self._lanes:
            for engines in lane.values():
                for engine in engines:
                    await engine.close()

    def _known(self, text: str, language: str) -> bytes | None:
        name = f"{language}:{text}"
        if name in self._memory:
            self._memory.move_to_end(name)
            return self._memory[name]
        path = self._path(text, language)
        try:
            pcm = to_pcm(read_wav(path)[0]) if path is not None else None
        except (OSError, ValueError):
            return None
        return self._remember(name, pcm) if pcm is not None else None

    def _remember(self, name: str, pcm: bytes) -> bytes:
        self._remembered += len(pcm) - len(self._memory.get(name, b""))  # two may have rendered it at once
        self._memory[name] = pcm
        while self._remembered > self._settings.memory_mb * 1_000_000 and len(self._memory) > 1:
            self._remembered -= len(self._memory.popitem(last=False)[1])
        return pcm

    async def _rendered(self, text: str, language: str, first_limit_s: float) -> bytes:
        lane = await self._idle.get()
        try:
            if (known := self._memory.get(f"{language}:{text}")) is not None:
                return known
            pcm = await _first_of(self._of(lane, language), text, language, first_limit_s)
        finally:
            self._idle.put_nowait(lane)
        return self._remember(f"{language}:{text}", pcm)

    async def _prepared(self, path: Path, text: str, language: str) -> bool:
        """Render the best voice's sentence into a file; False when it could not."""
        engine = self._of(self._lanes[0], language)[0]
        try:
            pcm = await asyncio.to_thread(to_line, *await engine.render(text, language)) if text else b""
        except VoiceDown as error:
            log.warning("prompt not rendered", engine=engine.name, error=str(error))
            return False
        write_wav(path, pcm)
        return True

    def _path(self, text: str, language: str) -> Path | None:
        """Where the best installed voice's rendering lies; None without any voice."""
        if language not in self._names:
            self._names[language] = tuple(engine.name for engine in self._of(self._lanes[0], language))
        if not self._names[language]:
            return None
        content = json.dumps([RENDERING, self._names[language][0], language, text])
        return self._cache / language / f"{hashlib.sha256(content.encode()).hexdigest()}.wav"

    def _of(self, lane: Lane, language: str) -> tuple[SynthesisEngine, ...]:
        if language not in lane:
            lane[language] = tuple(self._engines(language))
        return lane[language]


async def _first_of(engines: Sequence[SynthesisEngine], text: str, language: str, first_limit_s: float) -> bytes:
    """The sentence from the first engine that speaks; none but the last may use up the time.

    Raises: VoiceDown.
    """
    for engine in engines:
        limit_s = first_limit_s if engine is not engines[-1] else None
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.to_thread(to_line, *await engine.render(text, language)) if text else b""
        except (VoiceDown, TimeoutError) as error:
            log.warning("voice failed", engine=engine.name, error=str(error))
    raise VoiceDown("no voice speaks")


def speakable(text: str) -> str:
    """One line of words: no control characters, nothing that an engine takes for a command; cut at `LONGEST`."""
    clean = " ".join(UNSPEAKABLE.sub(" ", text.encode(errors="ignore").decode()).split())
    if len(clean) > LONGEST:
        clean = clean[:LONGEST].rpartition(" ")[0] or clean[:LONGEST]
    return clean if any(character.isalnum() for character in clean) else ""


def to_line(samples: Samples, rate: int) -> bytes:
    """Any sound as the line's PCM: 8 kHz, even loudness, hardly any silence around it."""
    narrow = level(resample(samples, rate))
    loud = (abs(narrow) > 0.01).nonzero()[0]
    if not loud.size:
        return b""
    edge = SAMPLE_RATE * EDGE_MS // 1_000
    return to_pcm(narrow[max(0, loud[0] - edge) : loud[-1] + edge])
