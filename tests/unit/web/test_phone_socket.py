"""The phone in the browser: whose it is, for how long, and which of several."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any

import httpx
import pytest

from routing.lifecycle import AgentEvent
from routing.phones import PhoneKind
from tests.unit.web.demo import Desk
from tests.unit.web.stand_ins_phone import FOREIGN
from tests.unit.web.stand_ins_records import PASSWORD
from web.cookies import SESSION_COOKIE
from web.marks import form_mark, token_hash
from web.phone_socket import LOOK_S, Over

pytestmark = pytest.mark.virtual_time


class BrowserSocket:
    """`async with BrowserSocket(…)`: a WebSocket as the server hands it to the application."""

    def __init__(self, desk: Desk, token: str, mark: str | None = None, cookie: str = SESSION_COOKIE) -> None:
        query = f"mark={form_mark(token) if mark is None else mark}"
        self._desk, self._in, self._out = desk, asyncio.Queue[dict[str, Any]](), asyncio.Queue[Any]()
        self._scope = {
            "type": "websocket", "scheme": "ws", "path": "/phone/socket", "raw_path": b"/phone/socket",
            "query_string": query.encode(), "headers": [(b"host", b"desk"), (b"cookie", f"{cookie}={token}".encode())],
            "subprotocols": ["sip"], "root_path": "", "server": ("desk", 80), "client": ("10.0.0.1", 5),
        }  # fmt: skip

    async def __aenter__(self) -> "BrowserSocket":
        self._in.put_nowait({"type": "websocket.connect"})
        self._served = asyncio.create_task(self._desk.app(self._scope, self._in.get, self._out.put))
        accepted = await self._out.get()
        assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", "sip")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await self._served

    def send(self, message: str | bytes) -> None:
        kind = "text" if isinstance(message, str) else "bytes"
        self._in.put_nowait({"type": "websocket.receive", kind: message})

    async def text(self) -> str:
        return str((await self._out.get())["text"])

    async def closed(self) -> Over:
        event = await self._out.get()
        assert event["type"] == "websocket.close"
        return Over(event["code"])


async def logged_in(desk: Desk, login: str) -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url="http://desk") as client:
        answer = await client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
    return str(answer.json()["token"])


async def in_browser(desk: Desk, login: str = "anna") -> str:
    await desk.records.agents.choose_phone(f"agent-{login}", PhoneKind.BROWSER)
    return await logged_in(desk, login)


async def test_messages_go_both_ways_as_the_agents_own_phone(desk: Desk) -> None:
    async with BrowserSocket(desk, await in_browser(desk)) as socket:
        socket.send("REGISTER sip:x SIP/2.0")
        assert await socket.text() == "agent1-browser: REGISTER sip:x SIP/2.0"
        assert desk.phone_line.open_phones == ["agent1-browser"]
    assert desk.phone_line.open_phones == []


@pytest.mark.parametrize("mark", ["", "0" * 64, "é"])
async def test_a_cookie_alone_opens_no_phone(desk: Desk, mark: str) -> None:
    async with BrowserSocket(desk, await in_browser(desk), mark) as socket:
        assert await socket.closed() is Over.SESSION_OVER


async def test_no_session_no_phone(desk: Desk) -> None:
    async with BrowserSocket(desk, "a-token-that-nobody-has") as socket:
        assert await socket.closed() is Over.SESSION_OVER
    async with BrowserSocket(desk, await logged_in(desk, "admin")) as socket:  # takes no calls
        assert await socket.closed() is Over.SESSION_OVER


async def test_whose_calls_come_on_the_desk_phone_registers_no_other(desk: Desk) -> None:
    async with BrowserSocket(desk, await logged_in(desk, "anna")) as socket:
        assert await socket.closed() is Over.OTHER_PHONE


async def test_a_second_window_takes_the_phone_from_the_first(desk: Desk) -> None:
    token = await in_browser(desk)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(BrowserSocket(desk, token))
        first.send("a")
        await first.text()
        second = await stack.enter_async_context(BrowserSocket(desk, token))
        assert await first.closed() is Over.OPEN_ELSEWHERE
        second.send("b")
        assert await second.text() == "agent1-browser: b"


async def test_the_phone_ends_with_its_session_and_with_another_choice(desk: Desk) -> None:
    token = await in_browser(desk)
    async with BrowserSocket(desk, token) as socket:
        await desk.app.state.logins.accounts.revoke_session(token_hash(token), desk.at())
        assert await socket.closed() is Over.SESSION_OVER
    token = await in_browser(desk)
    async with BrowserSocket(desk, token) as socket:
        await desk.records.agents.choose_phone("agent-anna", PhoneKind.DESK)
        await asyncio.sleep(LOOK_S)
        assert await socket.closed() is Over.OTHER_PHONE


async def test_a_phone_that_the_documents_give_to_somebody_else_ends(desk: Desk) -> None:
    async with BrowserSocket(desk, await in_browser(desk)) as socket:
        anna = await desk.records.agents.load("agent-anna")
        await desk.records.agents.enrol(replace(anna, phone="agent9"))
        await asyncio.sleep(LOOK_S)
        assert await socket.closed() is Over.OTHER_PHONE


@pytest.mark.parametrize("message", [FOREIGN, b"bytes"])
async def test_what_is_not_this_phones_ends_the_connection(desk: Desk, message: str | bytes) -> None:
    async with BrowserSocket(desk, await in_browser(desk)) as socket:
        socket.send(message)
        assert await socket.closed() is Over.UNFIT


async def test_an_asterisk_that_is_away_or_goes_is_tried_again_later(desk: Desk) -> None:
    token = await in_browser(desk)
    async with BrowserSocket(desk, token) as socket:
        socket.send("")  # it ends the connection
        assert await socket.closed() is Over.LINE_DOWN
    desk.phone_line.down = True
    async with BrowserSocket(desk, token) as socket:
        assert await socket.closed() is Over.LINE_DOWN


async def test_the_choice_is_made_by_the_api_and_refused_to_who_takes_calls(
    anna: httpx.AsyncClient, desk: Desk
) -> None:
    chosen = await anna.post("/api/v1/me/phone", json={"kind": "browser"})
    assert (chosen.json()["phone"], chosen.json()["phone_kind"]) == ("agent1-browser", "browser")
    await desk.records.agents.change("agent-anna", AgentEvent.WENT_AVAILABLE, desk.at())
    refused = await anna.post("/api/v1/me/phone", json={"kind": "desk"})
    assert refused.status_code == 409
    assert "not ready" in refused.json()["error"]["message"]


async def test_the_phones_window_knows_no_password(anna: httpx.AsyncClient, desk: Desk) -> None:
    before = (await anna.get("/phone")).text
    assert "agent1" in before
    assert 'data-act="browser"' in before
    await anna.post("/api/v1/me/phone", json={"kind": "browser"})
    page = await anna.get("/phone")
    assert 'data-phone="agent1-browser"' in page.text
    assert 'data-part="answer"' in page.text
    assert "password" not in page.text.lower()
    assert "microphone=(self)" in page.headers["permissions-policy"]
    assert (await anna.get("/")).text.count('id="handset"') == 1
