"""Where nothing is heard in a recording of a call."""

import numpy as np

from telephony.recordings import RATE_HZ, SILENT, Samples

FRAME_MS = 20


def silences(samples: Samples) -> list[tuple[float, float]]:
    """(start, length) in seconds of every silence, the one at the end included."""
    size = FRAME_MS * RATE_HZ // 1000
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    quiet = np.abs(frames).mean(axis=1) < SILENT
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(np.int8), [0]))))
    return [(a * FRAME_MS / 1000, (b - a) * FRAME_MS / 1000) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def longest_silence_s(samples: Samples) -> float:
    return max((length for _, length in silences(samples)), default=0.0)
