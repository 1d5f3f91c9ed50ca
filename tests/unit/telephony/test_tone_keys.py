"""Keys as tones: every one is found, and nothing that is said is one."""

import math
import random
import struct

import pytest

from telephony.tone_keys import COLUMNS_HZ, KEYS, ROWS_HZ, ToneKeys

ALL = "1234567890*#"


def silence(ms: int) -> list[float]:
    return [0.0] * (ms * 8)


def pressed(key: str, ms: int, amplitude: float = 0.1, twist: float = 1.0, off: float = 0.0) -> list[float]:
    row = next(row for row, keys in enumerate(KEYS) if key in keys)
    low, high = (hertz * (1 + off) for hertz in (ROWS_HZ[row], COLUMNS_HZ[KEYS[row].index(key)]))
    turns = [2 * math.pi * n / 8_000 for n in range(ms * 8)]
    return [amplitude * (math.sin(low * turn) + twist * math.sin(high * turn)) for turn in turns]


def noisy(samples: list[float], level: float) -> list[float]:
    dice = random.Random(7)
    return [sample + dice.gauss(0, level) for sample in samples]


def found(samples: list[float], piece: int = 320) -> str:
    pcm = struct.pack(f"<{len(samples)}h", *(int(max(-1, min(1, sample)) * 32_767) for sample in samples))
    keys = ToneKeys()
    return "".join(key for at in range(0, len(pcm), piece) for key in keys.feed(pcm[at : at + piece]))


@pytest.mark.parametrize("ms", [60, 100, 1_000])
@pytest.mark.parametrize(("amplitude", "twist"), [(0.01, 1.0), (0.1, 0.5), (0.1, 2.0), (0.45, 1.0)])
@pytest.mark.parametrize("off", [-0.01, 0.0, 0.01])
def test_every_key_is_found_once(ms: int, amplitude: float, twist: float, off: float) -> None:
    samples = [
        sample for n, key in enumerate(ALL) for sample in silence(60 + n) + pressed(key, ms, amplitude, twist, off)
    ]
    assert found(noisy(samples + silence(60), amplitude / 30)) == ALL


@pytest.mark.parametrize("piece", [160, 320, 480, 322])
def test_audio_may_come_in_pieces_of_any_size(piece: int) -> None:
    assert found(silence(100) + pressed("9", 100) + silence(60) + pressed("9", 100) + silence(60), piece) == "99"


def test_a_blip_is_no_key() -> None:
    assert found(silence(100) + pressed("9", 20) + silence(100)) == ""


@pytest.mark.parametrize(
    "hertz", [(697,), (440, 480), (350, 440), (1100,), (2100,), (697, 1209, 1000), (941, 1477, 697)]
)
def test_other_tones_are_no_keys(hertz: tuple[int, ...]) -> None:
    turns = [2 * math.pi * n / 8_000 for n in range(8_000)]
    assert found([0.2 * sum(math.sin(each * turn) for each in hertz) for turn in turns]) == ""


def test_noise_is_no_key() -> None:
    assert found(noisy(silence(20_000), 0.2)) == ""
