"""CPU time of processes, from /proc: what other work on the machine takes is no part of it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """One line of /proc/<pid>/stat (proc(5)), in seconds of CPU."""

    parent: int
    own_s: float
    ended_children_s: float  # of those that it has waited for


def processes() -> dict[int, Process]:
    """Every process there is, by its id."""
    found = dict[int, Process]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # gone meanwhile
        user, system, children_user, children_system = (int(field) / TICKS_PER_S for field in fields[11:15])
        found[int(path.parent.name)] = Process(int(fields[1]), user + system, children_user + children_system)
    return found


def own_and_children_s(pid: int) -> tuple[float, float]:
    """Seconds of CPU that a process has used, and that all its descendants have, living or ended."""
    known = processes()
    below = [process for other, process in known.items() if pid in _ancestors(other, known)]
    ended = [known[pid].ended_children_s, *(process.ended_children_s for process in below)]
    return known[pid].own_s, sum(process.own_s for process in below) + sum(ended)


def _ancestors(pid: int, known: dict[int, Process]) -> Iterator[int]:
    while process := known.get(pid):
        pid = process.parent
        yield pid
