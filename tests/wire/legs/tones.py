"""Tones, and finding them again in what came over a telephone line."""

import math
import struct
from collections.abc import Sequence


def tone(hertz: int, ms: int = 1_000, level: int = 8_000) -> bytes:
    count = ms * 8
    return struct.pack(f"<{count}h", *(int(level * math.sin(2 * math.pi * hertz * n / 8_000)) for n in range(count)))


def share_of(hertz: int, pcm: bytes) -> float:
    """How much of the power of this audio is in that tone, 0..1 (Goertzel)."""
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm[: len(pcm) // 2 * 2])
    power = sum(sample * sample for sample in samples)
    if power < len(samples) * 100:
        return 0.0
    angle = 2 * math.pi * hertz / 8_000
    real = sum(sample * math.cos(angle * n) for n, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(angle * n) for n, sample in enumerate(samples))
    share: float = 2 * (real * real + imaginary * imaginary) / (len(samples) * power)
    return share


def longest_gap_ms(hertz: int, pcm: bytes, block_ms: int = 20) -> int:
    """Between the first and the last sound of the tone, the longest time without it."""
    blocks = [pcm[at : at + block_ms * 16] for at in range(0, len(pcm) - block_ms * 16 + 1, block_ms * 16)]
    heard = [share_of(hertz, block) > 0.5 for block in blocks]
    return block_ms * _longest_run_of_false(_trimmed(heard))


def _trimmed(heard: Sequence[bool]) -> Sequence[bool]:
    if True not in heard:
        return []
    return heard[heard.index(True) : len(heard) - list(reversed(heard)).index(True)]


def _longest_run_of_false(heard: Sequence[bool]) -> int:
    longest = run = 0
    for is_heard in heard:
        run = 0 if is_heard else run + 1
        longest = max(longest, run)
    return longest
