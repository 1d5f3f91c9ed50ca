"""A voice's sound as callers hear it: the line's loudness; WAV files."""

import io
import math
import wave
from pathlib import Path

import numpy as np

from ivr.pcm import Samples, from_pcm, loudness_dbfs

LOUDNESS_DBFS = -19.0  # RMS of what is spoken, pauses left out
PEAK = 0.89  # -1 dBFS: G.711 clips at full scale


def level(samples: Samples, target_dbfs: float = LOUDNESS_DBFS) -> Samples:
    """The same sound at the line's loudness; peaks are rounded off, never clipped."""
    now = loudness_dbfs(samples)
    if now == -math.inf:
        return samples
    louder = samples * np.float32(10 ** ((target_dbfs - now) / 20))
    over = np.abs(louder) > PEAK / 2
    rounded = np.sign(louder) * (PEAK / 2) * (1 + np.tanh(2 * np.abs(louder) / PEAK - 1))
    return np.where(over, rounded, louder).astype(np.float32)


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
