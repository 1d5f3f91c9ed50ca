"""The line's clock: what waiting is measured with, whatever happens to the clock of the machine.

It runs with the kernel's count of seconds since the boot (CLOCK_BOOTTIME), which nobody sets, and follows the machine's
clock slowly where that has been set. All processes of an installation share its anchor. What people are told
(promises, opening hours) is told by the machine's clock: `wall_now`.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from telephony.processes import BOOT

RATE = 0.05  # how much faster or slower than true it may run while it follows: an hour takes twenty
RENEW_S = 30.0
ALIKE_S = 1.0  # clocks that differ by less are one


@dataclass(frozen=True)
class Anchor:
    """One moment on both clocks, in seconds: since that boot, and on the line's clock since the epoch."""

    boot: str
    boottime_s: float
    line_s: float


def line_time_s(anchor: Anchor, boottime_s: float, wall_s: float) -> float:
    """The line's time: true seconds since the anchor, nearer to the machine's clock by no more than the rate."""
    elapsed_s = max(0.0, boottime_s - anchor.boottime_s)
    even_s = anchor.line_s + elapsed_s
    return even_s + max(-RATE * elapsed_s, min(RATE * elapsed_s, wall_s - even_s))


def boottime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class LineClock:
    """Never goes backwards; returns aware datetimes in UTC."""

    def __init__(
        self, file: Path | None = None, wall: Callable[[], float] = time.time,
        since_boot: Callable[[], float] = boottime,
    ) -> None:  # fmt: skip
        self._file, self._wall, self._since_boot = file, wall, since_boot
        self._boot = BOOT.read_text().strip()
        self._latest_s = 0.0
        if (shared := self._shared()) is not None:
            self._anchor = shared
        else:
            self._set(Anchor(self._boot, since_boot(), wall()))

    def __call__(self) -> datetime:
        boottime_s = self._since_boot()
        if boottime_s - self._anchor.boottime_s > RENEW_S:
            self._renew(boottime_s)
        self._latest_s = max(self._latest_s, line_time_s(self._anchor, boottime_s, self._wall()))
        return datetime.fromtimestamp(self._latest_s, UTC)

    def ahead_s(self) -> float:
        """How far the machine's clock is ahead of the line's."""
        return self._wall() - self().timestamp()

    def of(self, machine_time: datetime) -> datetime:
        """A moment that was told by the machine's clock, by the line's; never later than now."""
        ahead_s = self.ahead_s()
        moved = machine_time - timedelta(seconds=ahead_s) if abs(ahead_s) > ALIKE_S else machine_time
        return min(moved, self())

    def _renew(self, boottime_s: float) -> None:
        """Take the anchor that another process has set since, or set it: the rate counts from there."""
        shared = self._shared()
        if shared and boottime_s - shared.boottime_s <= RENEW_S:
            self._anchor = shared
            return
        self._set(Anchor(self._boot, boottime_s, line_time_s(shared or self._anchor, boottime_s, self._wall())))

    def _set(self, anchor: Anchor) -> None:
        self._anchor = anchor
        if self._file:
            fresh = self._file.with_suffix(f".{os.getpid()}")
            with suppress(OSError):  # a full disk: each process goes on by itself
                fresh.write_text(json.dumps(asdict(anchor)), encoding="utf-8")
                fresh.replace(self._file)

    def _shared(self) -> Anchor | None:
        """Of this boot; None where none can be read."""
        if self._file is None:
            return None
        try:
            anchor = Anchor(**json.loads(self._file.read_text(encoding="utf-8")))
            return anchor if anchor.boot == self._boot and anchor.boottime_s <= self._since_boot() else None
        except (OSError, ValueError, TypeError):
            return None


_process = LineClock()


def share(file: Path) -> None:
    """From now on this process's clock is the one that the installation keeps in `file`."""
    global _process
    _process = LineClock(file)


def forget(file: Path) -> None:
    """The next process that shares the clock in `file` sets it to the machine's."""
    with suppress(OSError):
        file.unlink(missing_ok=True)


def now() -> datetime:
    """By the line's clock."""
    return _process()


def line_time(machine_time: datetime) -> datetime:
    """By the line's clock, what the machine's (Asterisk's) said."""
    return _process.of(machine_time)


def wall_now() -> datetime:
    """By the machine's clock: what people are told."""
    return datetime.now(UTC)
