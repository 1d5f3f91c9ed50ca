"""A line whose disk is full: nothing ends that callers need, emergencies leave their record, and it starts again."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from runtime.reserve import RESERVE_BYTES
from telephony.softphone import PhoneFailed
from tests.disks import fill, small_disk
from tests.e2e.line import LineFailed, RunningLine, until
from tests.e2e.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]
DISK_MB = 256


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with small_disk(tmp_path_factory.mktemp("full") / "disk", DISK_MB) as folder:
        yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(disk: Path) -> AsyncIterator[RunningLine]:
    async with RunningLine(disk) as opened:
        yield opened


async def readiness(line: RunningLine, what: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=10) as client:
        answer: dict[str, Any] = (await client.get(f"{line.state()['urls'][what]}/readyz")).json()
    return answer


async def test_an_emergency_on_a_full_disk_leaves_its_record(line: RunningLine, tmp_path: Path) -> None:
    """The reserve is given up for it; every part lives on; whoever asks is told."""
    before = line.state()["pids"]
    reserve = line.folder / "var/reserve"
    assert reserve.stat().st_size == RESERVE_BYTES
    filled = fill(line.folder)

    async def given_up() -> bool:
        return not reserve.exists()

    await until("the reserve to be given up", given_up)
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        caller = await scene.caller("helpless", "0612345678")
        await caller.keys("9")
        await scene.event("helpless", "ticket.opened")
        told = {what: (await readiness(line, what))["parts"]["disk"] for what in ("desk", "controller")}
        await scene.end()
    assert all("full" in says for says in told.values())
    assert line.state()["pids"] == before
    assert "is full" in (line.folder / "run.log").read_text()
    filled.unlink()

    async def taken_again() -> bool:
        return reserve.exists() and (await readiness(line, "desk"))["parts"]["disk"] == "ok"

    await until("the reserve to be taken again", taken_again)


async def test_with_nothing_left_at_all_asterisk_serves_and_the_next_start_does(
    line: RunningLine, tmp_path: Path
) -> None:
    before = line.state()["pids"]
    first = fill(line.folder, "first")
    reserve = line.folder / "var/reserve"

    async def given_up() -> bool:
        return not reserve.exists()

    await until("the reserve to be given up", given_up)
    rest = fill(line.folder, "rest")
    try:
        async with line.caller("0612345671") as caller:
            caller.call("100")
            await caller.wait("answered", 30)
            caller.hang_up()
            await caller.wait("ended", 30)
        async with httpx.AsyncClient(timeout=10) as client:
            login = {"login": "chen", "password": line.password("chen")}
            answer = await client.post(f"{line.desk}/api/v1/sessions", json=login)
        assert answer.status_code in (201, 503)  # the log of the database may have room within itself
        assert line.state()["pids"] == before
        line.stop()
        line.start()
        await until("Asterisk to serve alone", lambda: answers(line), 120)
    except TimeoutError:
        raise LineFailed((line.folder / "run.log").read_text()[-3_000:]) from None
    finally:
        first.unlink()
        rest.unlink()
    await line.ready()  # what it said meanwhile may have found no room: its log is on that disk, too

    async def taken_again() -> bool:
        return reserve.exists() and (await readiness(line, "desk"))["parts"]["disk"] == "ok"

    await until("the reserve to be taken again", taken_again, 60)


async def answers(line: RunningLine) -> bool:
    """Whether a call is answered."""
    async with line.caller("0612345672") as caller:
        caller.call("100")
        try:
            seen = await caller.wait(("answered", "ended"), 30)
        except PhoneFailed:  # nobody there yet
            return False
        caller.hang_up()
    return seen.name == "answered"
