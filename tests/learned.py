"""What the shipped documents teach the line: learned once for all tests and for `make run`, on whose shelf it lies."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from config.documents import Edition, load_edition
from config.settings import PROJECT, Settings, UnderstandingSettings
from ivr.understanding.features import Sense
from ivr.understanding.understander import LineUnderstander, build
from runtime.encoders import senses

SHELF = PROJECT / "var/understanding"


@cache
def shipped() -> LineUnderstander:
    """Of the demo hospital, by what every machine has; one for a process."""
    return learned(load_edition(PROJECT / "config"))


def learned(edition: Edition, by: Mapping[str, Sense] | None = None) -> LineUnderstander:
    """Who comes first learns, the others wait: for each alone it would take a minute of a processor."""
    with _alone("by-better" if by else "by-plain"):
        return build(edition, SHELF, by or everywhere())


def everywhere() -> Mapping[str, Sense]:
    """What a machine has on which no better encoder could be made."""
    return senses(Settings(understanding=UnderstandingSettings(encoders=SHELF / "none")))


def for_lines() -> None:
    """What the controllers of the tests' lines look for: by the better encoder, where this machine has it."""
    learned(load_edition(PROJECT / "config"), senses(Settings(data_dir=PROJECT / "var")))


@contextmanager
def _alone(kind: str) -> Iterator[None]:
    SHELF.mkdir(parents=True, exist_ok=True)
    with (SHELF / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
