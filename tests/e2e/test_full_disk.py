"""A line whose disk is full: nothing ends that callers need, emergencies leave their record, and it starts again."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from runtime.reserve import FULL_BYTES, RESERVE_BYTES
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


async def given_up(line: RunningLine) -> bool:
    return not (line.folder / "var/reserve").exists()


async def taken_again(line: RunningLine) -> bool:
    return not await given_up(line) and (await readiness(line, "desk"))["parts"]["disk"] == "ok"


@contextmanager
def full(line: RunningLine, name: str, leave: int = 0) -> Iterator[None]:
    filled = fill(line.folder, name, leave)
    try:
        yield
    finally:
        filled.unlink()


async def test_an_emergency_on_a_full_disk_leaves_its_record(line: RunningLine, tmp_path: Path) -> None:
    """The reserve is given up for it; every part lives on; whoever asks is told."""
    before = line.state()["pids"]
    assert (line.folder / "var/reserve").stat().st_size == RESERVE_BYTES
    with full(line, "first", leave=FULL_BYTES // 2):  # whatever is given up while it is filled is not taken, too
        await until("the reserve to be given up", lambda: given_up(line))
        with full(line, "rest", leave=RESERVE_BYTES):
            await leaves_its_record(line, tmp_path)
    assert line.state()["pids"] == before
    assert "is full" in (line.folder / "run.log").read_text()
    await until("the reserve to be taken again", lambda: taken_again(line))


async def leaves_its_record(line: RunningLine, folder: Path) -> None:
    async with AsyncExitStack() as stack:
        scene = Scene(line, folder, stack)
        await scene.open()
        caller = await scene.caller("helpless", "0612345678")
        await caller.keys("9")
        await scene.event("helpless", "ticket.opened")
        told = {what: (await readiness(line, what))["parts"]["disk"] for what in ("desk", "controller")}
        await scene.end()
    assert all("full" in says for says in told.values()), told


async def test_with_nothing_left_at_all_asterisk_serves_and_the_next_start_does(
    line: RunningLine, tmp_path: Path
) -> None:
    with full(line, "first"):
        await until("the reserve to be given up", lambda: given_up(line))
        with full(line, "rest"):
            await serves_and_starts(line)
    await line.ready()  # what it said meanwhile may have found no room: its log is on that disk, too
    await until("the reserve to be taken again", lambda: taken_again(line), 60)


async def serves_and_starts(line: RunningLine) -> None:
    before = line.state()["pids"]
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
