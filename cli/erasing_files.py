"""What files keep of a number: recordings, messages in the spool, logs, rotated ones too."""

import bz2
import gzip
import lzma
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.paths import DataPaths
from ivr import owed
from routing.spellings import Spellings

WAITING = (".txt", ".claimed")  # a spooled message that is no ticket yet
HEADERS = ("from", "asserted", "asserted_too", "party")  # of the INVITE, among the facts of a spooled message
STAR = b"*"
PACKINGS: dict[str, Any] = {".gz": gzip, ".bz2": bz2, ".xz": lzma}  # of rotated logs
CALL = re.compile(rb'"call(?:_id)?": "([0-9a-f-]{36})"')  # as the line's JSON logs name one
PRIVATE_FIELD = re.compile(rb'"pii_[a-z_]+": "?((?:[^"\\,}]|\\.)+)')


def recordings(paths: DataPaths, named: Collection[str], calls: Collection[str]) -> list[Path]:
    """Those that tickets name, and those that calls left: a recording's name begins with its call's id."""
    home = paths.home.resolve()
    known = {path for name in named if (path := Path(name).resolve()).is_relative_to(home)}
    left = (path for path in paths.recordings.glob("*") if path.name[:36] in calls)
    found = known | {path.resolve() for path in left}
    return sorted(each for path in found for each in (path, path.with_suffix(owed.SUFFIX)) if each.is_file())


def spooled(folder: Path, number: Spellings) -> tuple[list[Path], list[Path]]:
    """Facts and recordings of the number's messages; and those facts that wait to become a ticket."""
    facts = [path for path in folder.glob("*") if path.suffix in (*WAITING, ".done") and _is_from(path, number)]
    keys = {path.name.split(".")[0] + "." + path.name.split(".")[1] for path in facts}
    every = [path for path in folder.glob("*") if any(path.name.startswith(f"{key}.") for key in keys)]
    return sorted(every), [path for path in facts if path.suffix in WAITING]


def _is_from(path: Path, number: Spellings) -> bool:
    """By whom it is from, as the dialplan understood it or as the INVITE's headers say it."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    facts = dict(line.split("=", 1) for line in lines if "=" in line)
    plainly = any(number.is_this(facts.get(name)) for name in ("number", "phone"))
    return plainly or any(number.pattern.search(facts.get(name, "")) for name in HEADERS)


@dataclass(frozen=True)
class LogTraces:
    """What must not stand in a log: the number, and private fields of its calls that were logged in clear."""

    number: re.Pattern[str]
    calls: Collection[str]

    def places(self, content: bytes) -> list[tuple[int, int]]:
        """From where to where, in bytes."""
        # Dashes of other alphabets are not looked for in bytes.
        number = re.compile(self.number.pattern.replace(r"\u2011\u2013", "").encode("ascii"))
        found = {place.span() for place in number.finditer(content)}
        for call in CALL.finditer(content):
            if call[1].decode() in self.calls:
                start = content.rfind(b"\n", 0, call.start()) + 1
                end = content.find(b"\n", call.end())
                line = content[start : end if end >= 0 else None]
                found |= {(start + value.start(1), start + value.end(1)) for value in PRIVATE_FIELD.finditer(line)}
        return sorted(found)


def line_logs(folders: Iterable[Path], traces: LogTraces) -> dict[Path, int]:
    """Log files in which something stands, and in how many places."""
    paths = [path for folder in folders for path in sorted(folder.glob("**/*")) if path.is_file()]
    return {path: len(places) for path in paths if (places := traces.places(_content(path)))}


def blank(path: Path, traces: LogTraces) -> int:
    """Put stars in these places; whoever has the file open writes on at its end. Returns how many."""
    content = _content(path)
    places = traces.places(content)
    if packing := PACKINGS.get(path.suffix):
        blanked = bytearray(content)
        for start, end in places:
            blanked[start:end] = STAR * (end - start)
        path.write_bytes(packing.compress(blanked))
        return len(places)
    with path.open("r+b") as file:
        for start, end in places:
            file.seek(start)
            file.write(STAR * (end - start))
    return len(places)


def delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _content(path: Path) -> bytes:
    raw, packing = path.read_bytes(), PACKINGS.get(path.suffix)
    return packing.decompress(raw) if packing else raw
