"""What a second of a call costs: CPU of our line over CPU of a bare dialplan, the same callers by sipp.

`python -m tests.bench.cost [CALLS] [RATE]` prints one JSON object, in CPU-ms per second of call. The line is
everything that runs of it, by part; its callers press keys through the whole dialogue. The floor is Asterisk alone
with our configuration, but a dialplan that answers, plays a sound in the callers' own codec for as long as the
dialogue took, and hangs up. The SQLite records are the controller's own work. `idle` is what the line costs without
any call, in CPU-ms per second; it is part of the line's figures.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.processor import own_and_children_s
from tests.bench.sipp import DIALOGUE, EVERYBODY, UNCAPPED, Load, Sent, send
from tests.e2e.line import RunningLine
from tests.phones import TestLine, line_settings, quick_edition

IDLE_S = 5.0
ROUNDS = 3
WORKERS = "voice workers"  # what the controller has started: recognisers, voices
FLOOR = """
[from-callers]
exten => {number},1,Answer()
 same => n,Playback({sound})
 same => n,Hangup()
"""
Spent = Mapping[str, float]  # CPU-seconds by part
Measured = tuple[dict[str, float], Sent]  # CPU-ms per second of call by part


def spent(pids: Mapping[str, int]) -> Spent:
    """So far, since the parts were started."""
    found = dict[str, float]()
    for part, pid in pids.items():
        own_s, children_s = own_and_children_s(pid)
        found |= {part: own_s, WORKERS: children_s} if part == "controller" else {part: own_s + children_s}
    return found


def rates(before: Spent, after: Spent, seconds: float) -> dict[str, float]:
    """CPU-ms per second by part, and in all."""
    parts = {part: (after[part] - before[part]) * 1000 / seconds for part in after}
    return {part: round(rate, 2) for part, rate in {**parts, "all": sum(parts.values())}.items()}


def during(load: Load, domain: str, number: str, used: Callable[[], Spent]) -> Measured:
    """What the parts spend per second of a call while these are there."""
    before = used()
    sent = send(load, domain, number)
    return rates(before, used(), sent.completed * sent.call_s), sent


def floor(load: Load, seconds: float) -> Measured:
    """Asterisk alone, playing for so long."""
    with tempfile.TemporaryDirectory(prefix="onenumber-floor-") as name:
        settings = line_settings(30_000, rtp_end=31_999)
        line = TestLine(settings, quick_edition(), Path(name), bare=FLOOR)
        line.start()
        try:
            _cut(Path(name) / "sounds/hold/music.wav", seconds)
            assert line.asterisk.process is not None
            pids = {"Asterisk": line.asterisk.process.pid}
            return during(load, line.domain, settings.line.number, lambda: spent(pids))
        finally:
            line.stop()


def _cut(wav: Path, seconds: float) -> None:
    """Music of that length in the callers' codec, in the place of the WAV: Asterisk need not transcode."""
    made = [str(wav), "-t", "ul", str(wav.with_suffix(".ulaw"))]
    subprocess.run(["sox", *made, "repeat", "9", "trim", "0", f"{seconds:.2f}"], check=True)
    wav.unlink()


async def measure(load: Load) -> dict[str, Any]:
    """The line and the floor in turns: a machine's speed may change from one minute to the next."""
    with tempfile.TemporaryDirectory(prefix="onenumber-cost-") as name:
        async with RunningLine(Path(name), UNCAPPED, EVERYBODY) as line:
            pids = {part: pid for part, pid in line.state()["pids"].items() if pid}
            warm = Load(1, 1, load.keys, load.goodbye_ms)
            await asyncio.to_thread(send, warm, line.sip, "100")  # what is loaded once is not a call's cost
            before = spent(pids)
            await asyncio.sleep(IDLE_S)
            idle = rates(before, spent(pids), IDLE_S)
            lines, floors = list[Measured](), list[Measured]()
            for _ in range(ROUNDS):
                lines.append(await asyncio.to_thread(during, load, line.sip, "100", lambda: spent(pids)))
                bare = Load(load.calls, load.rate, (), goodbye_ms=60_000)
                floors.append(await asyncio.to_thread(floor, bare, lines[-1][1].call_s))
    return {
        "line_over_floor": round(sum(rate["all"] for rate, _ in lines) / sum(rate["all"] for rate, _ in floors), 2),
        "line": [rate for rate, _ in lines],
        "floor": [rate for rate, _ in floors],
        "idle": idle,
        "line_calls": [asdict(sent) for _, sent in lines],
        "floor_calls": [asdict(sent) for _, sent in floors],
    }


def main() -> None:
    calls, rate = (int(word) for word in [*sys.argv[1:], "40", "4"][:2])
    print(json.dumps(asyncio.run(measure(Load(calls, rate, DIALOGUE))), indent=2))


if __name__ == "__main__":
    main()
