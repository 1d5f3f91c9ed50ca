"""Levels and rates of sound."""

import numpy as np
import pytest

from ivr.pcm import SILENT_DBFS, doubled, frame_powers, from_pcm, level_dbfs, to_pcm


@pytest.mark.parametrize(("peak", "level"), [(1.0, -3.0), (0.1, -23.0), (0.01, -43.0)])
def test_a_tone_has_its_level_whatever_the_lines_offset(peak: float, level: float) -> None:
    tone = peak * np.sin(2 * np.pi * 400 * np.arange(8_000) / 8_000).astype(np.float32)
    assert level_dbfs(to_pcm(tone)) == pytest.approx(level, abs=0.1)
    assert level_dbfs(to_pcm(tone * np.float32(0.5) + np.float32(0.3))) == pytest.approx(level - 6.0, abs=0.1)


@pytest.mark.parametrize("pcm", [b"", b"\0", bytes(320), bytes(321)])
def test_nothing_has_the_least_level(pcm: bytes) -> None:
    assert level_dbfs(pcm) == SILENT_DBFS


def test_frames_that_are_not_whole_have_no_power() -> None:
    assert frame_powers(b"\1\0" * 161).tolist() == [1.0]
    assert frame_powers(b"\1\0").size == 0


def test_sound_that_comes_in_pieces_is_doubled_as_if_it_came_at_once() -> None:
    low_pass = np.array([0.25, 0.5, 1.0, 0.5, 0.25], np.float32)
    sound = np.random.default_rng(1).normal(0, 0.1, 400).astype(np.float32)
    whole = doubled(sound, low_pass, "valid")
    first, second = doubled(sound[:200], low_pass, "valid"), doubled(sound[198:], low_pass, "valid")
    assert np.allclose(whole, np.concatenate([first, second[len(first) + len(second) - len(whole) :]]))


def test_pcm_comes_back_from_samples() -> None:
    pcm = np.array([0, 1, -1, 32_000, -32_000], "<i2").tobytes()
    assert np.abs(np.frombuffer(to_pcm(from_pcm(pcm)), "<i2") - np.frombuffer(pcm, "<i2")).max() <= 1
