from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.pcm import Samples, from_pcm, loudness_dbfs, resample, to_pcm
from ivr.sound_files import write_wav
from tts.audio import PEAK, level, read_wav


def tone(hz: float, rate: int, seconds: float = 0.5, amplitude: float = 0.5) -> Samples:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def change_db(hz: float, rate: int) -> float:
    """What resampling to 8 kHz does to a tone, edges left out."""
    out = resample(tone(hz, rate), rate)[400:-400]
    return float(20 * np.log10(np.sqrt(np.mean(out.astype(np.float64) ** 2)) / (0.5 / np.sqrt(2)) + 1e-9))


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000])
def test_resampling_keeps_the_telephone_band_and_nothing_folds_back(rate: int) -> None:
    for hz in (300, 1_000, 3_400):
        assert abs(change_db(hz, rate)) < 0.1
    for hz in (4_400, 5_000, 7_000):
        assert change_db(hz, rate) < -80


@given(st.integers(0, 3_000), st.sampled_from([8_000, 16_000, 22_050, 44_100]))
def test_resampling_keeps_the_duration(size: int, rate: int) -> None:
    out = resample(np.zeros(size, np.float32), rate)
    assert abs(out.size / 8_000 - size / rate) <= 1 / 8_000


@pytest.mark.parametrize("amplitude", [0.001, 0.05, 0.9])
def test_everything_is_spoken_equally_loud(amplitude: float) -> None:
    assert loudness_dbfs(level(tone(440, 8_000, amplitude=amplitude))) == pytest.approx(-19, abs=0.5)


def test_pauses_do_not_make_a_sentence_louder() -> None:
    words = tone(440, 8_000)
    paused = np.concatenate([words, np.zeros(16_000, np.float32), words])
    assert np.abs(level(paused)).max() == pytest.approx(np.abs(level(words)).max(), rel=0.02)


def test_peaks_are_rounded_off_not_clipped() -> None:
    clicks = tone(440, 8_000, seconds=2, amplitude=0.02)
    clicks[::2_000] = 0.9
    assert np.abs(level(clicks)).max() <= PEAK


def test_silence_stays_silence() -> None:
    assert not level(np.zeros(800, np.float32)).any()


def test_a_written_file_reads_back(tmp_path: Path) -> None:
    pcm = to_pcm(tone(440, 8_000))
    write_wav(tmp_path / "new" / "a.wav", pcm)
    samples, rate = read_wav(tmp_path / "new" / "a.wav")
    assert rate == 8_000
    np.testing.assert_array_equal(samples, from_pcm(pcm))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.wav"]


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all", b"RIFF\x24\x00\x00\x00WAVEfmt "])
def test_what_is_no_wav_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_wav(content)
