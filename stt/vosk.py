"""Vosk as a recogniser: streams the utterance to a worker and yields partial texts."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

from ivr.ports import Final, ListenSpec
from stt.activity import ActivityPool
from stt.listening import Listener
from stt.whisper import transcript
from stt.workers import Limits, Worker, Workers

PIECE_BYTES = 3_200  # 200 ms: often enough for partials, seldom enough to be cheap
AGAIN_BYTES = 16_000  # 1 s


class VoskReader:
    """One listening's stream; all of it goes to the worker that has its beginning."""

    def __init__(self, workers: Workers, spec: ListenSpec, name: str) -> None:
        self._workers = workers
        self._name = name
        self._phrases = [phrase.lower() for phrase in spec.phrases]
        self._worker: Worker | None = None
        self._stream = ""
        self._sent = 0  # bytes of the utterance
        self._waiting = b""
        self._sending: asyncio.Task[dict[str, Any]] | None = None
        self._partial = ""
        self._partial_at = 0  # bytes of the utterance, when the text was last given out
        self._unweighed: str | None = None  # what a pause came after

    async def hear(self, pcm: bytes) -> str | None:
        self._waiting += pcm
        fresh = None
        if self._sending is not None and self._sending.done():
            fresh = self._news(self._sending.result().get("partial") or "")
            self._sending = None
        if self._sending is None and len(self._waiting) >= PIECE_BYTES:
            self._sending = asyncio.create_task(self._ask("hear", self._take()))
        return fresh

    def _news(self, text: str) -> str | None:
        """Vosk repeats itself five times a second: the same text is news after a while only."""
        if text == self._partial and self._sent - self._partial_at < AGAIN_BYTES:
            return None
        self._partial, self._partial_at = text, self._sent
        return text

    def guess(self, pcm: bytes) -> None:
        """Vosk has read all but the last word already."""
        self._unweighed = self._partial

    def guessed(self) -> Final | None:
        text, self._unweighed = self._unweighed, None
        return None if text is None else Final(text, 1.0)

    def forget(self) -> None: ...

    async def finish(self, pcm: bytes) -> Final:
        if self._sending is not None:
            await self._sending
        rest = pcm[self._sent :]
        answer = await self._ask("finish", rest)
        self._clear()
        return transcript(answer, self._name)

    def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
        if self._stream and self._worker is not None:
            dropping = asyncio.create_task(self._ask("drop", b""))
            dropping.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._clear()

    def _take(self) -> bytes:
        piece, self._waiting = self._waiting, b""
        self._sent += len(piece)
        return piece

    async def _ask(self, do: str, pcm: bytes) -> dict[str, Any]:
        if not self._stream:
            self._worker, self._stream = self._workers.choose(), uuid.uuid4().hex
        head = {"do": do, "stream": self._stream, "phrases": self._phrases}
        return await self._workers.ask(head, pcm, self._worker)

    def _clear(self) -> None:
        self._worker, self._stream, self._sent, self._waiting = None, "", 0, b""
        self._sending, self._partial, self._partial_at = None, "", 0


def vosk(model: Path, activity: ActivityPool, limits: Limits | None = None) -> Listener:
    """A recogniser over its own pool of workers; `model` is an unpacked Vosk model."""
    name = model.name if model.name.startswith("vosk") else f"vosk {model.name}"
    workers = Workers(("vosk", str(model), "1"), limits)
    return Listener(name, workers, activity, lambda pool, spec: VoskReader(pool, spec, name))
