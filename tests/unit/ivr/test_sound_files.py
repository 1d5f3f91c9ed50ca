"""What is written of a caller's sound is whole, and its owner's alone."""

import stat
import wave
from pathlib import Path

import pytest

from ivr.sound_files import write_wav, write_whole


@pytest.mark.parametrize("durable", [True, False])
def test_a_recording_is_read_by_its_owner_alone(tmp_path: Path, durable: bool) -> None:
    write_wav(tmp_path / "message.wav", b"\0\1" * 80, durable=durable)
    assert stat.S_IMODE((tmp_path / "message.wav").stat().st_mode) == 0o600
    with wave.open(str(tmp_path / "message.wav")) as recorded:
        assert recorded.getnframes() == 80


def test_who_could_read_the_old_one_reads_the_new_one(tmp_path: Path) -> None:
    sound = tmp_path / "emergency-instruction.wav"
    write_whole(sound, b"old")
    sound.chmod(0o640)  # as a start leaves it: Asterisk reads it by its group
    write_whole(sound, b"new")
    assert (sound.read_bytes(), stat.S_IMODE(sound.stat().st_mode)) == (b"new", 0o640)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "message.wav").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "message.wav", b"x", durable=True)
    assert [path.name for path in tmp_path.iterdir()] == ["message.wav"]
