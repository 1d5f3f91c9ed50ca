"""What machines are told about the line's parts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from cli.controller_vitals import application
from cli.health import AsteriskHealth, HttpHealth
from tests.conftest import free_port


@contextlib.asynccontextmanager
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
    assert "the controller does not answer" in (await HttpHealth("the controller", f"http://127.0.0.1:{port}/")() or "")


@pytest.mark.parametrize(("up", "status"), [(True, 200), (False, 503)])
async def test_a_controller_is_ready_when_all_that_calls_need_is_there(up: bool, status: int) -> None:
    app = application(lambda: {"asterisk": up, "ears-en": True}, lambda: 3, lambda: {488: 2})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://controller") as client:
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        metrics = (await client.get("/metrics")).text
    assert (ready.status_code, ready.json()["parts"]) == (status, {"asterisk": up, "ears-en": True})
    assert "onenumber_live_calls 3.0" in metrics
    assert 'onenumber_calls_refused{code="488"} 2.0' in metrics
    assert f'onenumber_part_up{{part="asterisk"}} {float(up)}' in metrics
    assert "onenumber_tasks" in metrics
