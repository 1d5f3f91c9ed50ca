"""The measure of gaps in prompts, on sounds whose gaps are known."""

import numpy as np
import pytest

from telephony.recordings import RATE_HZ, Samples
from tests.bench.gaps import NotHeard, largest_gap_ms


def speech(seconds: float, seed: int = 1) -> Samples:
    """Noise that rises and falls like syllables."""
    samples = np.random.default_rng(seed).normal(0, 3_000, int(seconds * RATE_HZ))
    return np.asarray(samples * np.abs(np.sin(np.arange(samples.size) / RATE_HZ * 9)), np.float64)


def silence(ms: int) -> Samples:
    return np.zeros(RATE_HZ * ms // 1000)


def test_a_whole_prompt_has_no_gap() -> None:
    prompt = speech(4)
    assert largest_gap_ms(prompt, np.concatenate((silence(730), prompt, silence(900)))) == 0


@pytest.mark.parametrize("gap_ms", [60, 140, 300])
def test_a_gap_is_as_long_as_it_is(gap_ms: int) -> None:
    prompt = speech(4)
    at = RATE_HZ * 2
    heard = np.concatenate((silence(100), prompt[:at], silence(gap_ms), prompt[at:]))
    assert largest_gap_ms(prompt, heard) == pytest.approx(gap_ms, abs=1)


def test_what_was_lost_counts_as_a_gap() -> None:
    prompt = speech(4)
    heard = prompt.copy()
    heard[RATE_HZ * 2 : RATE_HZ * 2 + 3_000] = 0
    assert largest_gap_ms(prompt, heard) >= 100


def test_another_sound_is_not_the_prompt() -> None:
    with pytest.raises(NotHeard):
        largest_gap_ms(speech(4), speech(6, seed=2))
