"""Room kept on the disk for the day when it is full: given up then, so that emergencies and messages still leave
records, and taken again when there is room.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from config.paths import DataPaths

MB = 2**20
RESERVE_BYTES = 32 * MB
FULL_BYTES = 4 * MB  # free; less is a full disk
ROOMY_BYTES = 4 * RESERVE_BYTES  # free; with so much the reserve is taken again


def gives_up(held: bool, free: int) -> bool:
    return held and free < FULL_BYTES


def takes(held: bool, free: int) -> bool:
    return not held and free >= ROOMY_BYTES


def free_bytes(folder: Path) -> int:
    """Left for us on the folder's disk. Raises: OSError."""
    return shutil.disk_usage(folder).free


class Reserve:
    """The reserve of one data folder, a file without content; `look` now and then."""

    def __init__(self, folder: Path) -> None:
        self._file = DataPaths(folder).reserve

    @property
    def held(self) -> bool:
        return self._file.exists()

    def look(self) -> str:
        """Give it up or take it as is due; returns what was done in a sentence, empty when nothing was."""
        try:
            free = free_bytes(self._file.parent)
        except OSError:
            return ""
        if gives_up(self.held, free):
            with suppress(OSError):
                self._file.unlink()
                return (
                    f"the disk of {self._file.parent} is full: the last {RESERVE_BYTES // MB} MB are for records of "
                    "callers; free some space"
                )
        elif takes(self.held, free) and self._take():
            return f"{RESERVE_BYTES // MB} MB of the disk are kept in reserve"
        return ""

    def _take(self) -> bool:
        fresh = self._file.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
            fresh.replace(self._file)
        except OSError:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            return False
        return True
