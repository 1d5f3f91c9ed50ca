"""What machines are told about the line's parts."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from config.settings import VoiceSettings
from controller.vitals import application
from ivr.pcm import Samples
from ivr.ports import VoiceDown
from runtime.clock import now
from runtime.health import (
    AsteriskHealth,
    CachedCheck,
    DatabaseHealth,
    DiskHealth,
    EarsHealth,
    NodesHealth,
    ReadyHealth,
    VoiceHealth,
)
from runtime.reserve import MB
from store import SqlRecords, open_records
from store.migrate import upgrade
from tests.conftest import free_port
from tests.disks import fill, small_disk
from tts.rendering import RenderedVoice
from web.ports import SERVES_STILL, Health
from web.vitals import serves


@asynccontextmanager
async def greets(words: bytes) -> AsyncIterator[int]:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_asterisk_is_known_by_its_managers_greeting() -> None:
    async with greets(b"Asterisk Call Manager/11.0.0\r\n") as port:
        assert await AsteriskHealth("127.0.0.1", port)() is None
    async with greets(b"220 mail.example\r\n") as port:
        assert "not Asterisk" in (await AsteriskHealth("127.0.0.1", port)() or "")


async def test_a_part_that_is_gone_is_said_to_be() -> None:
    port = free_port()
    assert "does not answer" in (await AsteriskHealth("127.0.0.1", port)() or "")
    gone = ReadyHealth("the controller", f"http://127.0.0.1:{port}/readyz")
    assert "the controller does not answer" in (await gone() or "")


async def well() -> str | None:
    return None


async def unwell() -> str | None:
    return "it is not well"


async def busy() -> str | None:
    return "serves, but it is slow"


async def test_another_processs_busy_part_is_passed_on_and_is_ready() -> None:
    body = b'{"ready": true, "parts": {"asterisk": "ok", "load": "serves, but sound came late"}}'
    head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    async with greets(head + body) as port:
        said = await ReadyHealth("the controller", f"http://127.0.0.1:{port}/readyz")()
    assert said == "serves, but the controller, load: sound came late"
    assert serves(said)


@asynccontextmanager
async def asked_over_http(health: Mapping[str, Health]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(health, lambda: 3, lambda: {"full": 2, "agi": 0}, lambda: 1.5))
    async with httpx.AsyncClient(transport=transport, base_url="http://controller") as client:
        yield client


@pytest.mark.parametrize(
    ("part", "status", "says"),
    [(well, 200, "ok"), (unwell, 503, "it is not well"), (busy, 200, "serves, but it is slow")],
)
async def test_a_controller_is_ready_when_all_that_calls_need_is_there(part: Health, status: int, says: str) -> None:
    async with asked_over_http({"asterisk": part, "ears-en": well}) as client:
        assert (await client.get("/healthz")).status_code == 200  # it lives all the same
        ready = await client.get("/readyz")
        metrics = (await client.get("/metrics")).text
    assert (ready.status_code, ready.json()["parts"]) == (status, {"asterisk": says, "ears-en": "ok"})
    assert "onenumber_live_calls 3.0" in metrics
    assert f'onenumber_part_up{{part="asterisk"}} {float(status == 200)}' in metrics
    assert 'onenumber_refused_total{by="full"} 2.0' in metrics
    assert "onenumber_sound_late_seconds_total 1.5" in metrics
    assert "onenumber_tasks" in metrics


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[SqlRecords]:
    upgrade(url := f"sqlite:///{tmp_path / 'onenumber.db'}")
    async with open_records(url) as records:
        yield records


async def test_a_locked_database_is_not_ready(records: SqlRecords, tmp_path: Path) -> None:
    part = CachedCheck(DatabaseHealth(records), fresh_s=0, limit_s=0.3)
    assert await part() is None
    other = sqlite3.connect(tmp_path / "onenumber.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await part() is not None
    other.execute("ROLLBACK")
    other.close()

    async def free_again() -> bool:
        return await part() is None

    await eventually(free_again)


async def test_a_node_that_is_not_heard_of_any_more_is_told(records: SqlRecords) -> None:
    part = NodesHealth(records)
    assert await part() is None
    await records.nodes.beat("east", now())
    await records.nodes.beat("west", now() - timedelta(seconds=45))
    assert str(await part()).startswith(f"{SERVES_STILL}west was last heard of ")  # the others serve on


async def test_a_full_disk_is_not_ready_and_its_reserve_is_no_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 200) as disk:
        assert await DiskHealth(disk)() is None
        filled = fill(disk)
        assert "the disk is full" in (await DiskHealth(disk)() or "")
        with filled.open("r+b") as most:
            most.truncate(170 * MB)
        assert "nearly full" in (await DiskHealth(disk)() or "")


async def test_a_folder_that_cannot_be_written_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "write-probe").mkdir()
    assert "cannot be written" in (await DiskHealth(tmp_path)() or "")


async def test_a_full_disk_is_not_ready_by_what_the_records_say(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 3) as disk:
        upgrade(url := f"sqlite:///{disk / 'onenumber.db'}")
        async with open_records(url) as records:
            fill(disk)
            told = [await DatabaseHealth(records)() for _ in range(200)]  # until the log's own pages are used up
        assert (told[-1] or "").startswith("The records do not answer: the disk ")


class Dumb:
    """A voice that does not speak."""

    name = "dumb"

    async def render(self, text: str, language: str) -> tuple[Samples, int]:
        raise VoiceDown("dumb: the program ended")

    async def close(self) -> None: ...


@pytest.mark.parametrize(("engines", "says"), [([Dumb()], "dumb: the program ended"), ([], "none is installed")])
async def test_no_voice_is_not_ready(tmp_path: Path, engines: list[Dumb], says: str) -> None:
    voice = RenderedVoice(lambda language: engines, tmp_path / "cache", tmp_path / "recordings", VoiceSettings())
    assert await VoiceHealth(voice, "en")() == f"the voice does not speak: {says}"
    assert await VoiceHealth(voice, "en")() is not None  # its worker is free again


async def test_no_ears_are_not_ready() -> None:
    assert "no recogniser is installed" in (await EarsHealth({"en": None}, "en")() or "")


async def test_an_answer_is_waited_for_so_long_and_asked_for_once() -> None:
    asked, gate = 0, asyncio.Event()

    async def slow() -> str | None:
        nonlocal asked
        asked += 1
        await gate.wait()
        return None

    part = CachedCheck(slow, fresh_s=0, limit_s=0.01)
    assert set(await asyncio.gather(part(), part(), part())) == {"no answer within 0 s"}
    gate.set()
    while await part() is not None:
        pass
    assert asked <= 2


async def test_a_check_that_fails_is_a_part_that_is_not_well() -> None:
    async def broken() -> str | None:
        raise RuntimeError("its text may be private")

    assert await CachedCheck(broken)() == "cannot be asked: RuntimeError"


async def eventually(true: Callable[[], Awaitable[bool]], limit_s: float = 30.0) -> None:
    async with asyncio.timeout(limit_s):
        while not await true():  # noqa: ASYNC110 - another process holds the lock
            await asyncio.sleep(0.05)
