"""What is in a recording: silences and tones."""

import wave
from pathlib import Path

import numpy as np
import pytest

from telephony.recordings import RATE_HZ, Samples, heard, tone_share
from tests.silences import longest_silence_s, silences


def tone(hz: int, seconds: float, level: int = 8000) -> Samples:
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(level * np.sin(2 * np.pi * hz * t), dtype=np.float64)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE_HZ))


def write(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(440, 0.5))
    assert len(heard(path)) == RATE_HZ // 2


def test_a_recording_whose_phone_was_killed_is_read_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(440, 0.5))
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + b"\0\0\0\0" + whole[44:-1])  # no length, half a sample
    assert len(heard(path)) == RATE_HZ // 2 - 1


def test_silences_have_a_place_and_a_length() -> None:
    sound = np.concatenate([tone(440, 1.0), silence(0.5), tone(440, 0.2), silence(2.0)])
    assert silences(sound) == [pytest.approx((1.0, 0.5), abs=0.03), pytest.approx((1.7, 2.0), abs=0.03)]
    assert longest_silence_s(sound) == pytest.approx(2.0, abs=0.03)
    assert longest_silence_s(tone(440, 1.0)) == 0.0


def test_a_tone_is_told_from_another_and_from_silence() -> None:
    sound = np.concatenate([silence(3.0), tone(600, 1.5), silence(1.0), tone(440, 4.0, 12000)])
    assert tone_share(sound, 600) > 0.9
    assert tone_share(sound, 1300) < 0.1
    assert tone_share(silence(3), 600) == 0.0
    assert tone_share(silence(0.1), 600) == 0.0
