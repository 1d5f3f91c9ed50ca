"""A disk of its own for a test, small enough to be filled."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.reserve import free_bytes

BLOCK = 64 * 1024


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A tmpfs on the folder; the test is skipped where nobody may mount one."""
    folder.mkdir(exist_ok=True)
    options = f"size={megabytes}m,mode=755"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "small-disk", str(folder)], capture_output=True)
    if done.returncode != 0:
        pytest.skip("a disk of its own needs the right to mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, name: str = "filled", leave: int = 0) -> Path:
    """Take all that is left of the folder's disk but `leave` bytes; remove the file to free it again."""
    path = folder / name
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        if leave:
            os.posix_fallocate(file.fileno(), 0, free_bytes(folder) - leave)
            return path
        for size in (BLOCK, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size):
                    pass
    return path
