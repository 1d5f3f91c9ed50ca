"""Many callers through the whole dialogue by keys, sending sound all the while: is everyone recorded, and heard well?

`python -m tests.bench.load [CALLS] [RATE]` starts a line, sends 200 calls at 20 a second, prints one JSON object
and exits with 1 where a call has no row or no ending, or something is left behind. Three more callers listen to
the greeting under that load; in their recordings no gap inside it may be longer than 100 ms.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np

from config.documents import load_edition
from ivr.actions import Sentence
from ivr.wording import PromptRenderer, Wording
from telephony.instance import AsteriskInstance
from telephony.recordings import Samples, heard
from tests.bench.gaps import NotHeard, largest_gap_ms
from tests.bench.sipp import DIALOGUE, EVERYBODY, UNCAPPED, Load, Sent, send
from tests.e2e.line import RunningLine, until
from tts import preparing

LISTENERS = 3
GREETING = "welcome"
LISTENER = "068700000"  # their numbers
LISTEN_S = 12.0
LEAVE_S = 20.0
MOST_GAP_MS = 100.0
LATE = ("the process stood still; callers heard a gap", "this machine's load changed")


@dataclass(frozen=True)
class Left:
    """What is still there when everybody has gone."""

    channels: int
    tasks: int  # more than before the load
    locked: bool  # somebody holds the database
    open_calls: int


@dataclass(frozen=True)
class Outcome:
    sent: Sent
    rows: int
    endings: dict[str, int]
    seconds_per_call: dict[str, float]
    gaps_ms: tuple[float | None, ...]  # None: the listener did not hear the greeting
    line_says: tuple[str, ...]  # of its own lateness, during the load: where a gap came from
    left: Left

    @property
    def good(self) -> bool:
        whole = self.sent.failed == 0 and self.rows == self.endings.get("served", 0) == self.sent.calls
        heard = all(gap is not None and gap <= MOST_GAP_MS for gap in self.gaps_ms)
        return whole and heard and self.left.channels == self.left.open_calls == 0 and not self.left.locked


async def measure(load: Load) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="onenumber-load-") as name:
        folder = Path(name)
        async with RunningLine(folder, UNCAPPED, EVERYBODY) as line, aclosing(await line.api()) as api:
            await asyncio.to_thread(send, Load(1, 1, load.keys, load.goodbye_ms), line.sip, "100")  # warms up
            await _all_ended(api)
            warm, tasks = len(await _calls(api)), await _tasks(line)
            sending = asyncio.create_task(asyncio.to_thread(send, load, line.sip, "100"))
            gaps = await _listen(line, folder, load)
            sent = await sending
            await _all_ended(api)
            left = await _left_at_last(line, api, tasks)
            calls = (await _calls(api))[:-warm]
            endings = Counter(str(call["ending"]) for call in calls)
            return Outcome(sent, len(calls), dict(endings), _spans(calls), gaps, _lateness(line), left)


def _lateness(line: RunningLine) -> tuple[str, ...]:
    """Every time that the controller's clock stood still, or its load changed."""
    rows = (line.folder / "var/log/controller.log").read_text().splitlines()
    noted = [each for row in rows if row.startswith("{") and (each := json.loads(row))["event"] in LATE]
    return tuple(
        f"{each['timestamp']} {each.get('load', 'gap')} {each.get('why', each.get('gap_ms'))}" for each in noted
    )


async def _left_at_last(line: RunningLine, api: httpx.AsyncClient, tasks: int) -> Left:
    """What stays: a channel or a task may end a moment after its call."""

    async def left() -> Left:
        return Left(_channels(line), await _tasks(line) - tasks, _locked(line), await _open(api))

    async def nothing() -> Left | None:
        found = await left()
        return None if found.channels or found.locked or found.open_calls or found.tasks > 0 else found

    with suppress(TimeoutError):
        return cast("Left", await until("nothing to be left", nothing, LEAVE_S))
    return await left()


async def _listen(line: RunningLine, folder: Path, load: Load) -> tuple[float | None, ...]:
    """Callers spread over the load, each hears the greeting to its end."""
    greeting = await _greeting(line)

    async def one(number: int) -> float | None:
        await asyncio.sleep((number + 1) * load.calls / load.rate / (LISTENERS + 1))
        wav = folder / f"listener{number}.wav"
        async with line.caller(f"{LISTENER}{number}") as phone:
            phone.record(wav)
            phone.call("100")
            await phone.wait("answered", 30)
            await asyncio.sleep(LISTEN_S)
            phone.hang_up()
            await phone.wait("ended", 30)
        try:
            return round(largest_gap_ms(greeting, heard(wav)), 1)
        except NotHeard:
            return None

    return tuple(await asyncio.gather(*(one(number) for number in range(LISTENERS))))


async def _greeting(line: RunningLine) -> Samples:
    """As the line's own voice has rendered it."""
    edition = load_edition(Path(line.environment["ONENUMBER_LINE__CONFIG_DIR"]))
    async with AsyncExitStack() as stack:
        voice = preparing.build(line.settings.voices, line.settings.paths.voice_cache, line.settings.line.config_dir)
        stack.push_async_callback(voice.close)
        said = await PromptRenderer(Wording(edition), voice).speech((Sentence(GREETING),), "en", datetime.now(UTC))
    return np.frombuffer(said.pcm, "<i2").astype(np.float64)


async def _calls(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Those of callers, without the listeners'."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        where = {"limit": 200} | ({"before": page["next"]} if page["next"] else {})
        page = (await api.get("/api/v1/calls", params=where)).json()
        found += page["items"]
    return [call for call in found if not call["caller"]["raw"].startswith(LISTENER)]


def _spans(calls: Sequence[dict[str, Any]]) -> dict[str, float]:
    spans = sorted(
        (datetime.fromisoformat(call["ended_at"]) - datetime.fromisoformat(call["started_at"])).total_seconds()
        for call in calls
        if call["ended_at"]
    )
    return {"least": spans[0], "median": spans[len(spans) // 2], "most": spans[-1]} if spans else {}


async def _all_ended(api: httpx.AsyncClient) -> None:
    async def none_open() -> bool:
        return await _open(api) == 0

    await until("every call's ending", none_open, 60)


async def _open(api: httpx.AsyncClient) -> int:
    items = (await api.get("/api/v1/calls", params={"limit": 200})).json()["items"]
    return sum(not call["ended_at"] for call in items)


async def _tasks(line: RunningLine) -> int:
    async with httpx.AsyncClient() as client:
        text = (await client.get(line.state()["urls"]["controller"] + "/metrics")).text
    return int(float(next(row.split()[1] for row in text.splitlines() if row.startswith("onenumber_tasks "))))


def _channels(line: RunningLine) -> int:
    asterisk = AsteriskInstance(line.settings.asterisk.root, line.settings.paths.asterisk)
    return int(asterisk.cli("core show channels count").split()[0])


def _locked(line: RunningLine) -> bool:
    database = sqlite3.connect(line.folder / "var/onenumber.db", timeout=1.0)
    try:
        database.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return True
    finally:
        database.close()
    return False


def main() -> None:
    calls, rate = (int(word) for word in [*sys.argv[1:], "200", "20"][:2])
    outcome = asyncio.run(measure(Load(calls, rate, DIALOGUE)))
    print(json.dumps({**asdict(outcome), "good": outcome.good}, indent=2))
    sys.exit(not outcome.good)


if __name__ == "__main__":
    main()
