"""What a call costs: CPU of our line over CPU of a bare dialplan, the same calls by sipp.

`python -m tests.bench.cost [CALLS] [RATE]` prints one JSON object. The floor is Asterisk alone, with
our configuration but a dialplan that answers, plays the hold music for as long as our dialogue
takes, and hangs up; the line is Asterisk, controller and its workers.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from config.settings import Settings
from tests.bench.sipp import DIALOGUE, Load, Sent, send
from tests.conftest import free_port
from tests.e2e.line import RunningLine
from tests.phones import TestLine, line_settings, quick_edition

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
FLOOR = """
[from-callers]
exten => {number},1,Answer()
 same => n,Playback({sound})
 same => n,Playback({sound})
 same => n,Hangup()
"""


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds of CPU that processes and all their living descendants have used."""
    wanted, used, parents = set(pids), dict[int, float](), dict[int, int]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # gone meanwhile
        pid = int(path.parent.name)
        parents[pid] = int(fields[1])
        used[pid] = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return sum(seconds for pid, seconds in used.items() if wanted & {pid, *_ancestors(pid, parents)})


def _ancestors(pid: int, parents: dict[int, int]) -> Iterable[int]:
    while (pid := parents.get(pid, 0)) > 1:
        yield pid


def floor(load: Load) -> tuple[float, Sent]:
    """CPU-ms a call of Asterisk alone."""
    with tempfile.TemporaryDirectory(prefix="onenumber-floor-") as name:
        ports = [free_port() for _ in range(3)]
        settings = line_settings(Settings().asterisk.root, ports, free_port(), 30_000, rtp_end=31_999)
        line = TestLine(settings, quick_edition(), Path(name), bare=FLOOR)
        line.start()
        try:
            assert line.asterisk.process is not None
            before = cpu_s([line.asterisk.process.pid])
            sent = send(load, line.domain, settings.line.number)
            return (cpu_s([line.asterisk.process.pid]) - before) * 1000 / load.calls, sent
        finally:
            line.stop()


async def whole_line(load: Load) -> tuple[float, Sent]:
    """CPU-ms a call of Asterisk, controller and workers."""
    with tempfile.TemporaryDirectory(prefix="onenumber-cost-") as name:
        async with RunningLine(Path(name)) as line:
            pids = [line.state()["pids"][part] for part in ("Asterisk", "controller")]
            warm = Load(1, 1, load.keys, load.goodbye_ms)
            await asyncio.to_thread(send, warm, line.sip, "100")  # what is loaded once is not a call's cost
            before = cpu_s(pids)
            sent = await asyncio.to_thread(send, load, line.sip, "100")
            return (cpu_s(pids) - before) * 1000 / load.calls, sent


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    line_ms, line_sent = asyncio.run(whole_line(Load(calls, rate, DIALOGUE)))
    floor_ms, floor_sent = floor(Load(calls, rate, (), goodbye_ms=40_000))
    print(
        json.dumps(
            {
                "line_cpu_ms_per_call": round(line_ms, 1),
                "floor_cpu_ms_per_call": round(floor_ms, 1),
                "line_over_floor": round(line_ms / floor_ms, 2),
                "line": asdict(line_sent),
                "floor": asdict(floor_sent),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
