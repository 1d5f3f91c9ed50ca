"""Sound as numbers: 16-bit mono PCM and floats, other rates, levels. Pure; all rooms measure and resample with this.

Samples are float32 in -1..1. Levels are dBFS: 0 is a full-scale square wave.
"""

import functools
import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivr.ports import FRAME_BYTES, SAMPLE_RATE

Samples = NDArray[np.float32]

SILENT_DBFS = -96.0  # the level of nothing at all, and the least there is
TAPS = 32  # zero crossings of the low-pass on each side
PASSED = 0.92  # of the lower Nyquist frequency: 3,680 Hz at 8 kHz, above the telephone's 3,400 Hz
KAISER_BETA = 8.0  # aliases at least 80 dB down
_PCM = np.dtype("<i2")
_FULL_SCALE_DB = 90.31  # of 16-bit samples
_ONES = np.ones(FRAME_BYTES // 2, np.float32)


def to_pcm(samples: Samples) -> bytes:
    """16-bit little-endian PCM."""
    return (np.clip(samples, -1.0, 1.0) * 32767).astype(_PCM).tobytes()


def from_pcm(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, _PCM).astype(np.float32) / np.float32(32768)


def level_dbfs(pcm: bytes) -> float:
    """Loudness (RMS) of 16-bit PCM without its mean, so that a line's DC offset is no sound; microseconds a frame."""
    samples = np.frombuffer(pcm[: len(pcm) & ~1], _PCM).astype(np.float32)
    if not samples.size:
        return SILENT_DBFS
    ones = _ONES if samples.size == _ONES.size else np.ones_like(samples)
    mean = float(np.dot(samples, ones)) / samples.size  # a third of the time that `mean()` takes
    power = float(np.dot(samples, samples)) / samples.size - mean * mean
    return max(SILENT_DBFS, 10.0 * math.log10(max(power, 1e-9)) - _FULL_SCALE_DB)


def frame_powers(pcm: bytes) -> NDArray[np.float64]:
    """Mean square of each whole frame, of 16-bit samples."""
    samples = np.frombuffer(pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES], _PCM).astype(np.float64)
    powers: NDArray[np.float64] = np.mean(samples.reshape(-1, FRAME_BYTES // 2) ** 2, axis=1)
    return powers


def loudness_dbfs(samples: Samples, rate: int = SAMPLE_RATE) -> float:
    """RMS of those parts of a long sound that are not pauses; minus infinity for silence."""
    block = rate // 50
    whole = samples[: samples.size // block * block].reshape(-1, block)
    power = np.mean(whole.astype(np.float64) ** 2, axis=1)
    loud = power[power > max(power.max(initial=0.0) * 1e-3, 1e-10)]
    return 10 * math.log10(loud.mean()) if loud.size else -math.inf


def resample(samples: Samples, rate: int, target: int = SAMPLE_RATE) -> Samples:
    """Samples at another rate, by a polyphase windowed-sinc low-pass."""
    if rate == target or not samples.size:
        return samples
    common = math.gcd(rate, target)
    up, down = target // common, rate // common
    bank, half = _filter_bank(up, down)
    position = np.arange(-(-samples.size * up // down)) * down
    padded = np.pad(samples, half)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    result: Samples = np.einsum("ij,ij->i", windows[position // up], bank[position % up]).astype(np.float32)
    return result


def doubled(samples: Samples, low_pass: Samples, mode: Literal["same", "valid"]) -> Samples:
    """Samples at twice the rate, by a low-pass of the caller's: recognisers were measured with theirs.

    `valid` leaves out what the filter cannot see whole, for sound that comes in pieces.
    """
    spread = np.zeros(2 * samples.size, np.float32)
    spread[::2] = samples
    result: Samples = np.convolve(spread, low_pass, mode).astype(np.float32)
    return result


@functools.lru_cache(maxsize=8)
def _filter_bank(up: int, down: int) -> tuple[Samples, int]:
    """One low-pass per phase, and how many input samples each reaches to either side."""
    cutoff = PASSED * min(1.0, up / down)
    half = math.ceil(TAPS / cutoff)
    reach = np.arange(-half, half + 1)
    offset = reach[None, :] - np.arange(up)[:, None] / up
    window = np.i0(KAISER_BETA * np.sqrt(np.clip(1 - (offset / (half + 1)) ** 2, 0, 1))) / np.i0(KAISER_BETA)
    bank = cutoff * np.sinc(cutoff * offset) * window
    return (bank / bank.sum(axis=1, keepdims=True)).astype(np.float32), half
