"""What a telephone line does to a voice: narrow band, G.711 µ-law, a little noise."""

import numpy as np
from numpy.typing import NDArray

from ivr.pcm import Samples, resample
from tts.audio import level

RATE = 8_000
BAND_HZ = (300, 3_400)
TAPS = 401
LEVEL_DBFS = -21.0
NOISE_DBFS = -58.0  # the hiss of a line, at a signal-to-noise ratio of 37 dB
BEFORE_S, AFTER_S = 0.4, 1.2  # the caller breathes in; and has finished

BIAS, CLIP = 132, 32_635  # ITU-T G.711, µ-law, on 16-bit samples


def over_the_line(samples: Samples, rate: int, seed: int) -> bytes:
    """PCM at 8 kHz of the words as they arrive; the same seed gives the same bytes."""
    words = level(resample(samples, rate), LEVEL_DBFS)
    call = np.pad(words, (int(BEFORE_S * RATE), int(AFTER_S * RATE)))
    hiss = np.random.default_rng(seed).normal(0, 10 ** (NOISE_DBFS / 20), call.size)
    narrow = np.convolve(call + hiss, _band_pass(), mode="same")
    return mu_law_round_trip((np.clip(narrow, -1, 1) * 32_767).astype(np.int16)).astype("<i2").tobytes()


def _band_pass() -> NDArray[np.float64]:
    reach = np.arange(TAPS) - TAPS // 2
    low, high = (2 * hz / RATE for hz in BAND_HZ)
    taps: NDArray[np.float64] = (high * np.sinc(high * reach) - low * np.sinc(low * reach)) * np.hamming(TAPS)
    return taps


def mu_law_round_trip(pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    """What is left of 16-bit samples after 8-bit µ-law coding."""
    size = np.minimum(np.abs(pcm.astype(np.int32)), CLIP) + BIAS
    segment = np.floor(np.log2(size)).astype(np.int32) - 7
    mantissa = (size >> (segment + 3)) & 0x0F
    decoded = (((mantissa << 3) + BIAS) << segment) - BIAS
    result: NDArray[np.int16] = (np.sign(pcm) * decoded).astype(np.int16)
    return result
