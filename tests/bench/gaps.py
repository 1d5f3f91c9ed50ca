"""How late a prompt's sound comes, piece by piece: a gap is where a piece comes later than the one before."""

from collections.abc import Iterator

import numpy as np

from telephony.recordings import RATE_HZ, SILENT, Samples

PIECE = RATE_HZ * 400 // 1000
LEAST = RATE_HZ * 50 // 1000  # a piece broken by a gap is looked for in halves down to this
SEARCH = RATE_HZ * 400 // 1000  # a piece is looked for this far around where it should be
LIKE = 0.6  # correlation from which on a piece is found; the line's codec leaves 0.95 and more
SURE = 0.8  # for the first one, which is looked for everywhere


class NotHeard(Exception):
    """The recording does not hold the prompt."""


def largest_gap_ms(prompt: Samples, recording: Samples) -> float:
    """The largest delay between two neighbouring pieces of a prompt as it was heard, or stretch that was lost, ms.

    Raises: NotHeard.
    """
    offset = _offset(prompt, recording)
    largest = lost = 0
    for start in _pieces(prompt):
        for heard in _heard(prompt, recording, start, PIECE, offset):
            if heard is None:
                lost += LEAST
                largest = max(largest, lost)
            else:
                largest = max(largest, abs(heard - offset))
                offset, lost = heard, 0
    return largest / RATE_HZ * 1000


def _heard(prompt: Samples, recording: Samples, start: int, size: int, offset: int) -> Iterator[int | None]:
    """How much later a piece was heard, in halves where a gap breaks it; None for each LEAST that was lost."""
    around = start + offset
    found, likeness = _place(prompt[start : start + size], recording, around - SEARCH, around + SEARCH)
    if likeness >= LIKE:
        yield found - start
    elif size <= LEAST:
        yield None
    else:
        for half in (start, start + size // 2):
            yield from _heard(prompt, recording, half, size // 2, offset)


def _offset(prompt: Samples, recording: Samples) -> int:
    """How much later than its place in the prompt the first piece that can be known again was heard."""
    for start in _pieces(prompt):
        found, likeness = _place(prompt[start : start + PIECE], recording, 0, len(recording))
        if likeness >= SURE:
            return found - start
    raise NotHeard("none of its pieces is there")


def _pieces(prompt: Samples) -> Iterator[int]:
    """Starts of those pieces that are loud enough to be known again."""
    for start in range(0, len(prompt) - PIECE + 1, PIECE):
        if np.abs(prompt[start : start + PIECE]).mean() > 3 * SILENT:
            yield start


def _place(piece: Samples, recording: Samples, first: int, last: int) -> tuple[int, float]:
    """Where in `recording[first:last + len(piece)]` the piece fits best, and how well (−1..1)."""
    first = max(first, 0)
    window = recording[first : last + len(piece)]
    if len(window) < len(piece):
        return first, 0.0
    size = 1 << (len(window) + len(piece) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(window, size) * np.conj(np.fft.rfft(piece, size)), size)
    product = product[: len(window) - len(piece) + 1]
    power = np.concatenate(([0.0], np.cumsum(window**2)))
    energy = np.maximum(power[len(piece) :] - power[: -len(piece)], 1.0)
    likeness = product / np.sqrt(energy * float((piece**2).sum()) + 1.0)
    best = int(np.argmax(likeness))
    return first + best, float(likeness[best])
