"""Keys pressed as tones in the caller's audio (DTMF, ITU-T Q.23), for phones that promise events and send tones.

Strict about speech (ITU-T Q.24): two tones and nothing else, of about the same strength, held, then gone. Measured:
no key in three hours of natural and robotic speech; every key of 60 ms, 1 % off, with noise at −30 dB, in G.711.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ivr.ports import FRAME_BYTES

RATE_HZ = 8_000
ROWS_HZ, COLUMNS_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
HELD_FRAMES = 2  # whole frames of one key: a tone of 60 ms always has them
GONE_FRAMES = 2  # without it, before the same key may come again
QUIETEST = 80.0**2  # mean square; −52 dB of full scale
PURE = 0.7  # of the energy lies in the two tones
TWIST = 8.0  # one tone may be so many times as strong as the other (9 dB)
APART = 6.0  # and either is so many times as strong as any other of its kind

_PCM = np.dtype("<i2")
_SAMPLES = FRAME_BYTES // 2
_PHASES = 2 * np.pi * np.outer(np.arange(_SAMPLES), np.array([*ROWS_HZ, *COLUMNS_HZ])) / RATE_HZ
_TABLE = np.hstack([np.cos(_PHASES), np.sin(_PHASES)]).astype(np.float32)


class ToneKeys:
    """Feed it the caller's audio; tells each key once it is held, and once for each press."""

    def __init__(self) -> None:
        self._rest = b""
        self._candidate = ""
        self._held = 0
        self._gone = 0
        self.sounding = ""  # the key whose tone is heard, or has only just gone

    def feed(self, pcm: bytes) -> Iterator[str]:
        """The keys whose presses are sure by now, from audio in pieces of any size."""
        if len(pcm) == FRAME_BYTES and not self._rest:
            if key := self._hear(tone(pcm)):
                yield key
            return
        self._rest += pcm
        while len(self._rest) >= FRAME_BYTES:
            frame, self._rest = self._rest[:FRAME_BYTES], self._rest[FRAME_BYTES:]
            if key := self._hear(tone(frame)):
                yield key

    def _hear(self, key: str) -> str:
        self._gone = 0 if key and key == self.sounding else self._gone + 1
        if self._gone >= GONE_FRAMES:
            self.sounding = ""
        self._held = self._held + 1 if key and key == self._candidate else int(bool(key))
        self._candidate = key
        if self._held < HELD_FRAMES or key == self.sounding:
            return ""
        self.sounding, self._gone = key, 0
        return key


def tone(frame: bytes) -> str:
    """The key whose two tones a frame of 8 kHz, 16 bit holds, and nothing beside them."""
    if len(frame) != FRAME_BYTES:
        return ""
    samples = np.frombuffer(frame, _PCM).astype(np.float32)
    energy = float(samples @ samples)
    if energy < QUIETEST * _SAMPLES:
        return ""
    parts = samples @ _TABLE
    pure = PURE * energy * _SAMPLES / 2  # a tone alone has the power (its energy) × samples / 2
    if float(parts @ parts) < pure:
        return ""  # speech: all eight tones together are not enough
    powers = parts[:8] ** 2 + parts[8:] ** 2
    rows, columns = powers[:4], powers[4:]
    row, column = int(rows.argmax()), int(columns.argmax())
    high, low = max(rows[row], columns[column]), min(rows[row], columns[column])
    if high > TWIST * low or high + low < pure:
        return ""
    if _second(rows) * APART > rows[row] or _second(columns) * APART > columns[column]:
        return ""
    return KEYS[row][column]


def _second(powers: npt.NDArray[np.float32]) -> float:
    return float(np.partition(powers, -2)[-2])
