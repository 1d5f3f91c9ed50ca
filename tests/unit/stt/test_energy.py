"""The energy gate: what passes to the voice-activity model, and what is only the line or our own echo."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.pcm import SILENT_DBFS, level_dbfs
from ivr.ports import FRAME_MS, SAMPLE_RATE
from stt.energy import EnergyGate

FRAME = SAMPLE_RATE * FRAME_MS // 1_000
rng = np.random.default_rng(4)


def noise(dbfs: float, samples: int = FRAME) -> NDArray[np.float64]:
    return rng.normal(0, 10 ** (dbfs / 20), samples)


def pcm(samples: NDArray[np.float64]) -> bytes:
    return (np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()


def fed(gate: EnergyGate, dbfs: float, seconds: float, playing: float | None = None) -> list[bool]:
    return [gate.feed(pcm(noise(dbfs)), playing) for _ in range(int(seconds * 50))]


@pytest.mark.parametrize("dbfs", [-60.0, -40.0, -20.0])
def test_levels_are_in_dbfs(dbfs: float) -> None:
    assert level_dbfs(pcm(noise(dbfs, 8_000))) == pytest.approx(dbfs, abs=0.5)


def test_a_constant_offset_is_no_sound() -> None:
    assert level_dbfs(pcm(np.full(FRAME, 0.3))) < -90


def test_nothing_is_silent() -> None:
    assert level_dbfs(b"") == SILENT_DBFS
    assert level_dbfs(bytes(320)) == SILENT_DBFS


def test_a_voice_opens_the_gate_on_its_first_frame() -> None:
    gate = EnergyGate()
    assert not any(fed(gate, -65, 1))
    assert fed(gate, -30, 0.02) == [True]


def test_the_gate_stays_open_through_the_ends_of_words() -> None:
    gate = EnergyGate()
    fed(gate, -30, 0.2)
    assert sum(fed(gate, -70, 1)) * FRAME_MS == 280


def test_noise_that_stays_becomes_the_floor() -> None:
    gate = EnergyGate()
    fed(gate, -40, 8)
    assert not any(fed(gate, -40, 2))
    assert all(fed(gate, -22, 0.2))


def test_a_loud_line_that_falls_silent_is_forgotten_quickly() -> None:
    gate = EnergyGate()
    fed(gate, -30, 8)
    fed(gate, -65, 1)
    assert fed(gate, -40, 0.02) == [True]


@pytest.mark.parametrize("echo_db", [-13.0, -18.0, -25.0])
def test_the_echo_of_our_own_prompt_does_not_open_the_gate(echo_db: float) -> None:
    assert not any(fed(EnergyGate(), -20 + echo_db, 8, playing=-20.0))


def test_the_same_sound_without_a_prompt_does() -> None:
    assert any(fed(EnergyGate(), -38, 0.2))


def test_a_caller_stands_out_of_the_echo_once_it_is_known() -> None:
    gate = EnergyGate()
    fed(gate, -45, 2, playing=-20.0)
    assert gate.echo_db == pytest.approx(-25, abs=2)
    assert fed(gate, -32, 0.02, playing=-20.0) == [True]


def test_the_last_echo_arrives_after_the_prompt_has_ended() -> None:
    gate = EnergyGate()
    fed(gate, -60, 1, playing=-20.0)
    assert fed(gate, -34, 0.2, playing=None) == [False] * 10


def test_a_caller_who_talks_into_the_prompt_does_not_become_its_echo() -> None:
    gate = EnergyGate()
    fed(gate, -60, 2, playing=-20.0)
    known = gate.echo_db
    fed(gate, -22, 2, playing=-20.0)
    assert gate.echo_db == known
