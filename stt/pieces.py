"""Long speech in pieces: where to cut it, and how the pieces' words become one text again. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ivr.pcm import frame_powers
from ivr.ports import FRAME_BYTES, FRAME_MS, Final, Word

BYTES_PER_MS = FRAME_BYTES // FRAME_MS
PIECE_MS = 15_000  # no longer stretch is read at once
SEARCH_MS = 7_000  # before its end, in which the quietest place is looked for
STILL_MS = 200  # of sound that a place is judged by
PAUSE_DB = 20.0  # a place so far below the rest is a pause, not the middle of a sentence
STOPS = ".,;:!?… "


@dataclass(frozen=True)
class Cut:
    """Where a piece ends, in bytes from its beginning."""

    at: int
    pause: bool  # the speaker paused there: what the engine makes of the end of the sentence may be believed


def cut(pcm: bytes) -> Cut | None:
    """Where to cut what is being said: at its quietest place, well after its beginning; None while it is short."""
    if len(pcm) < PIECE_MS * BYTES_PER_MS:
        return None
    power = frame_powers(pcm[: PIECE_MS * BYTES_PER_MS]) + 1.0
    frames = STILL_MS // FRAME_MS
    around = np.convolve(power, np.ones(frames) / frames, "valid")
    first = (PIECE_MS - SEARCH_MS) // FRAME_MS
    quietest = first + int(np.argmin(around[first:]))
    pause = 10 * np.log10(float(np.mean(power)) / float(around[quietest])) >= PAUSE_DB
    return Cut((quietest + frames // 2) * FRAME_BYTES, bool(pause))


@dataclass(frozen=True)
class PieceReading:
    """One piece's words; `at_ms`: where the piece begins in the utterance."""

    final: Final
    at_ms: int = 0
    pause: bool = True  # after it


def text_of(pieces: Iterable[tuple[str, bool]]) -> str:
    """Texts and whether the speaker paused after each: a sentence that was cut goes on as if it had not been."""
    said = ""
    paused = True
    for text, pause in pieces:
        if text:
            said = f"{said} {text}" if paused else f"{said.rstrip(STOPS)} {text[0].lower()}{text[1:]}"
            paused = pause
    return said.strip()


def joined(pieces: Iterable[PieceReading]) -> Final:
    """The whole utterance: words once, in order, their times from its beginning; as sure as its words on average."""
    read = [piece for piece in pieces if piece.final.text] or list(pieces)
    finals = [piece.final for piece in read]
    words = tuple(
        Word(word.text, word.confidence, word.start_ms + piece.at_ms, word.end_ms + piece.at_ms)
        for piece in read for word in piece.final.words
    )  # fmt: skip
    sizes = [len(final.text.split()) for final in finals]
    sure = sum(final.confidence * size for final, size in zip(finals, sizes, strict=True)) / max(1, sum(sizes))
    text = text_of((piece.final.text, piece.pause) for piece in read)
    return Final(text, round(sure, 3), words, engine=finals[-1].engine)
