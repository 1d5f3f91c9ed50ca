"""Sound as numbers: resampling to the line's rate, loudness, WAV files. Samples are float32 in -1..1, mono."""

import functools
import io
import math
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.ports import SAMPLE_RATE

Samples = NDArray[np.float32]

LOUDNESS_DBFS = -19.0  # RMS of what is spoken, pauses left out
PEAK = 0.89  # -1 dBFS: G.711 clips at full scale
TAPS = 32  # zero crossings of the low-pass on each side
PASSED = 0.92  # of the lower Nyquist frequency: 3,680 Hz at 8 kHz, above the telephone's 3,400 Hz
KAISER_BETA = 8.0  # aliases at least 80 dB down


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


def level_dbfs(samples: Samples, rate: int = SAMPLE_RATE) -> float:
    """RMS of the parts that are not pauses, in dB below full scale."""
    block = rate // 50
    whole = samples[: samples.size // block * block].reshape(-1, block)
    power = np.mean(whole.astype(np.float64) ** 2, axis=1)
    loud = power[power > max(power.max(initial=0.0) * 1e-3, 1e-10)]
    return 10 * math.log10(loud.mean()) if loud.size else -math.inf


def level(samples: Samples, target_dbfs: float = LOUDNESS_DBFS) -> Samples:
    """The same sound at the line's loudness; peaks are rounded off, never clipped."""
    now = level_dbfs(samples)
    if now == -math.inf:
        return samples
    louder = samples * np.float32(10 ** ((target_dbfs - now) / 20))
    over = np.abs(louder) > PEAK / 2
    rounded = np.sign(louder) * (PEAK / 2) * (1 + np.tanh(2 * np.abs(louder) / PEAK - 1))
    return np.where(over, rounded, louder).astype(np.float32)


def to_pcm(samples: Samples) -> bytes:
    """16-bit little-endian PCM."""
    return (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def from_pcm(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)


def read_wav(source: Path | bytes) -> tuple[Samples, int]:
    """Samples (channels mixed) and rate of a 16-bit WAV.

    Raises: OSError, ValueError when it is not one.
    """
    try:
        with wave.open(io.BytesIO(source) if isinstance(source, bytes) else str(source), "rb") as file:
            if file.getsampwidth() != 2:
                raise ValueError("not 16-bit PCM")
            samples = from_pcm(file.readframes(file.getnframes()))
            channels, rate = file.getnchannels(), file.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a WAV file: {error}") from error
    return samples[: samples.size // channels * channels].reshape(-1, channels).mean(axis=1), rate
