"""A process that leads a group of its own: a child of ours, or one that an earlier process of ours started.

A process id alone says nothing, since the kernel gives it out again; with the time of its birth it names one process.
"""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
LOOK_S = 0.05
REAP_S = 5.0  # after SIGKILL


def birth(pid: int) -> str | None:
    """The boot and the clock tick in which a process began (proc(5), field 22 of stat); None when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else f"{BOOT.read_text().strip()}:{fields[19]}"


@dataclass(frozen=True)
class RunningProcess:
    """One process and its group, until it has ended."""

    pid: int
    born: str
    child: subprocess.Popen[bytes] | None = None

    @classmethod
    def started(cls, child: subprocess.Popen[bytes]) -> "RunningProcess":
        return cls(child.pid, birth(child.pid) or "", child)

    @classmethod
    def found(cls, pid: int, born: str) -> "RunningProcess | None":
        """None when that process has ended, whoever has its id now."""
        return cls(pid, born) if birth(pid) == born else None

    def alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        return birth(self.pid) == self.born

    def end(self, how: signal.Signals, grace_s: float) -> None:
        """Signal the group, wait for its leader, then kill what the leader left behind."""
        self._signal(how)
        self._signal(signal.SIGCONT)  # a stopped process would not hear SIGTERM
        self._wait(grace_s)
        self._signal(signal.SIGKILL)
        self._wait(REAP_S)

    def _wait(self, limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while self.alive() and time.monotonic() < deadline:
            time.sleep(LOOK_S)

    def _signal(self, how: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, how)
