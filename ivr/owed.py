"""Recorded messages that are on disk but perhaps not on their ticket yet: a file beside each says whose it is."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ivr.sound_files import write_wav, write_whole

SUFFIX = ".owed"


@dataclass(frozen=True)
class Owed:
    """A recording, the id of the ticket it belongs to, and when it was taken."""

    wav: Path
    ticket: str
    at: datetime

    def write(self, pcm: bytes) -> None:
        """On the disk before it returns, the note last: what it names is whole. Raises: OSError."""
        write_wav(self.wav, pcm, durable=True)
        write_whole(self._note, f"{self.ticket} {self.at.isoformat()}".encode(), durable=True)

    def settle(self) -> None:
        """The ticket has it. Raises: OSError."""
        self._note.unlink(missing_ok=True)

    @property
    def _note(self) -> Path:
        return self.wav.with_suffix(SUFFIX)


def owed(folder: Path, before: float) -> Iterator[Owed]:
    """What was written before then, in seconds since the epoch, and is not settled."""
    for note in sorted(folder.glob(f"*{SUFFIX}")):
        with suppress(OSError, ValueError):  # settled meanwhile, or not a note of ours
            ticket, at = note.read_text().split()
            if note.stat().st_mtime < before:
                yield Owed(note.with_suffix(".wav"), ticket, datetime.fromisoformat(at))
