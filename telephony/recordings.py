"""What a recording of a call holds: sound and tones. 16-bit mono WAV at 8 kHz."""

import wave
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE_HZ = 8_000
SILENT = 100  # mean magnitude of a frame of 16-bit samples below which nothing is heard
HEADER_BYTES = 44
Samples = npt.NDArray[np.float64]


def heard(wav: Path) -> Samples:
    """Samples of a recording; one whose phone was killed has no length in its header."""
    with suppress(wave.Error, EOFError), wave.open(str(wav)) as file:
        if file.getnframes():
            return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    data = wav.read_bytes()[HEADER_BYTES:]
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float64)


def tone_share(samples: Samples, hz: int) -> float:
    """The largest share of one second's power that this tone has, 0..1: 0.8 and more is the tone itself."""
    if len(samples) < RATE_HZ:
        samples = np.pad(samples, (0, RATE_HZ - len(samples)))
    starts = range(0, len(samples) - RATE_HZ + 1, RATE_HZ // 4)
    return max(_share(samples[start : start + RATE_HZ], hz) for start in starts)


def _share(second: Samples, hz: int) -> float:
    if np.abs(second).mean() < SILENT:
        return 0.0
    power = np.abs(np.fft.rfft(second * np.hanning(len(second)))) ** 2
    return float(power[hz - 3 : hz + 4].sum() / power.sum())
