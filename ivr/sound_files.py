"""Sound on disk: whole or not at all."""

import io
import os
import stat
import tempfile
import wave
from contextlib import suppress
from pathlib import Path

from ivr.ports import SAMPLE_RATE


def write_wav(path: Path, pcm: bytes, rate: int = SAMPLE_RATE, durable: bool = False) -> None:
    """Write mono 16-bit PCM as a WAV file, whole or not at all. Raises: OSError."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    write_whole(path, buffer.getvalue(), durable)


def write_whole(path: Path, content: bytes, durable: bool = False) -> None:
    """Replace a file in one step: a reader sees the old content or the new, never half.

    A new file is its owner's alone; who could read the old one reads the new one (an Asterisk that runs, its sounds).

    `durable`: it is on the disk, under its name, before this returns; whatever is told to a caller as kept must be.

    Raises: OSError; then nothing is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
            _as_before(file.fileno(), path)
            os.replace(file.name, path)
        except OSError:
            with suppress(OSError):
                os.unlink(file.name)
            raise
    if durable:
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """The name of a new file is the folder's content (fsync(2), notes)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _as_before(file: int, path: Path) -> None:
    """Give an open file the group and the mode of the one whose place it takes."""
    with suppress(FileNotFoundError):
        old = path.stat()
        os.fchown(file, -1, old.st_gid)
        os.fchmod(file, stat.S_IMODE(old.st_mode))
