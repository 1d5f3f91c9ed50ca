"""What callers hear who wait, made here so that nothing has to be licensed or fetched: music, and a ringing phone."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ivr.sound_files import write_wav

RATE_HZ = 8_000
NOTE_S = 0.6
LEVEL = 0.12  # of full scale: speech played over it stays clear
RINGS_S, PAUSE_S = 1.0, 4.0
# A slow broken chord in four bars: C, A minor, F, G (MIDI note numbers).
NOTES = (60, 64, 67, 72, 67, 64, 57, 60, 64, 69, 64, 60, 53, 57, 60, 65, 60, 57, 55, 59, 62, 67, 62, 59)


def hold_music() -> bytes:
    """One loop, some 14 s, as 16-bit little-endian mono PCM at 8 kHz."""
    loop = np.zeros(int(len(NOTES) * NOTE_S * RATE_HZ))
    for position, note in enumerate(NOTES):
        at = int(position * NOTE_S * RATE_HZ)
        tone = _plucked(440.0 * 2 ** ((note - 69) / 12))
        loop += np.roll(np.pad(tone, (0, len(loop) - len(tone))), at)  # the last notes ring into the next round
    return bytes((loop / np.abs(loop).max() * LEVEL * 32767).astype("<i2").tobytes())


def write_hold_music(path: Path) -> None:
    """Write it as a WAV, unless an admin's own music is there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if any(path.parent.iterdir()):
        return
    write_wav(path, hold_music(), RATE_HZ)


def write_ringing(path: Path) -> None:
    """A phone that rings three times, as most of Europe's networks let callers hear it (ITU-T E.180: 425 Hz)."""
    t = np.arange(int(RINGS_S * RATE_HZ)) / RATE_HZ
    once = np.pad(np.sin(2 * math.pi * 425 * t), (0, int(PAUSE_S * RATE_HZ)))
    write_wav(path, bytes((np.tile(once, 3) * LEVEL * 32767).astype("<i2").tobytes()), RATE_HZ)


def _plucked(frequency_hz: float) -> npt.NDArray[np.float64]:
    """A soft tone of 2 s that dies away."""
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    attack = np.minimum(t / 0.02, 1.0)
    sound = np.sin(2 * math.pi * frequency_hz * t) + 0.3 * np.sin(4 * math.pi * frequency_hz * t)
    return np.asarray(attack * np.exp(-1.8 * t) * sound, dtype=np.float64)
