"""Who reads whose data is in the audit: pages, API and stream alike, each once in a while."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from routing.archive import AuditEntry
from routing.identity import new_id
from routing.model import OutboundCall, RecordsUnavailable
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Clock, Desk
from web.auth import Visitor
from web.ports import Account
from web.reading import ReadingTrace, saw


async def readings(desk: Desk) -> list[AuditEntry]:
    """Oldest first."""
    return [entry for entry in reversed(await desk.audit.entries(999)) if entry.action == "read"]


PATHS = [
    "/api/v1/tickets/{number}", "/api/v1/tickets", "/api/v1/calls", "/api/v1/calls/{call}", "/api/v1/events",
    "/tickets", "/tickets/{number}", "/tickets/{number}/part", "/calls", "/calls/{call}", "/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_whoever_is_shown_somebodys_data_is_noted(anna: httpx.AsyncClient, desk: Desk, path: str) -> None:
    call = await desk.call(words="water is coming up")
    ticket = await desk.ticket(call, words="water is coming up")
    answer = await anna.get(path.format(number=ticket.number, call=call.id))
    assert answer.status_code == 200
    (entry,) = await readings(desk)
    assert (entry.actor, entry.at) == ("agent:anna", desk.at())
    assert (entry.detail["why"], entry.detail["from"]) == ("opened", "127.0.0.1")
    assert entry.detail["via"].startswith("GET /")
    assert {f"ticket:{ticket.id}", f"call:{call.id}"} & set(entry.detail["shown"].split())
    if "{" in path:
        assert entry.subject in (ticket.id, call.id)
    assert "water" not in repr(entry)


async def test_callbacks_and_waiting_callers_are_somebodys_data(anna: httpx.AsyncClient, desk: Desk) -> None:
    call = await desk.call()
    await desk.waits(call, await desk.ticket(call))
    assert (await anna.get("/callbacks")).status_code == 200
    (entry,) = await readings(desk)
    assert f"call:{call.id}" in entry.detail["shown"]  # on the board


@pytest.mark.parametrize("path", ["/api/v1/callbacks", "/api/v1/callbacks/{id}"])
async def test_the_number_of_an_owed_call_is_somebodys_data(anna: httpx.AsyncClient, desk: Desk, path: str) -> None:
    ticket, at = await desk.ticket(None), desk.at()
    owed = await desk.records.outbound_calls.store(
        OutboundCall(new_id(), ticket.id, "204", "technical", "normal", at, at)
    )
    assert (await anna.get(path.format(id=owed.id))).status_code == 200
    (entry,) = await readings(desk)
    assert owed.id in entry.detail["shown"]


async def test_the_same_reading_counts_once_with_its_last_time(
    anna: httpx.AsyncClient, desk: Desk, clock: Clock
) -> None:
    ticket = await desk.ticket(None)
    began = clock.at
    for path in (f"/api/v1/tickets/{ticket.number}", f"/tickets/{ticket.id}", "/api/v1/tickets") * 3:
        await anna.get(path)
        clock.pass_s(60)
    (entry,) = await readings(desk)
    assert (entry.subject, entry.at) == (ticket.id, began)
    assert entry.last_at is not None
    assert 300 <= (entry.last_at - began).total_seconds() <= 540
    clock.pass_s(900)
    await anna.get("/api/v1/tickets")
    assert len(await readings(desk)) == 2


async def test_another_reader_is_another_reading(client: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    for login in ("anna", "bo"):
        await log_in(client, login)
        await client.get(f"/api/v1/tickets/{ticket.number}")
    assert [entry.actor for entry in await readings(desk)] == ["agent:anna", "agent:bo"]


async def test_a_search_is_noted_without_what_was_searched_for(anna: httpx.AsyncClient, desk: Desk) -> None:
    await desk.ticket(None, words="Ms Jansen is waiting")
    for text in ("jansen", "Jansen ", "0612345678"):
        assert (await anna.get("/api/v1/tickets", params={"text": text, "open_only": "true"})).status_code == 200
    first, second = await readings(desk)  # the second found nobody, which tells something too
    assert {first.detail["why"], second.detail["why"]} == {"searched"}
    assert first.detail["search"] != second.detail["search"]
    assert not {"jansen", "0612345678"} & set(repr((first, second)).lower().split("'"))


async def test_what_is_refused_or_not_there_is_no_reading(client: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    assert (await client.get(f"/api/v1/tickets/{ticket.number}")).status_code == 401
    await log_in(client, "anna")
    assert (await client.get("/api/v1/tickets/999999")).status_code == 404
    assert (await client.get("/api/v1/agents")).status_code == 200
    assert await readings(desk) == []


async def test_an_audit_that_does_not_answer_holds_nobody_up(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)

    async def gone(*_: object) -> str:
        raise RecordsUnavailable

    note = desk.audit.note
    desk.audit.note = gone  # type: ignore[method-assign, assignment]
    assert (await anna.get(f"/api/v1/tickets/{ticket.number}")).status_code == 200
    desk.audit.note = note  # type: ignore[method-assign]
    await anna.get(f"/api/v1/tickets/{ticket.number}")
    assert len(await readings(desk)) == 1  # what was not noted is not known


async def test_a_message_is_a_reading_of_its_ticket_too(anna: httpx.AsyncClient, desk: Desk, tmp_path: Path) -> None:
    desk.app.state.recordings = replace(desk.app.state.recordings, folder=tmp_path)
    ticket = await desk.ticket(None)
    (tmp_path / "one.wav").write_bytes(b"RIFF")
    await desk.records.tickets.add_message(ticket.id, str(tmp_path / "one.wav"), desk.at())
    await anna.get(f"/api/v1/tickets/{ticket.number}/messages/0")
    actions = [entry.action for entry in reversed(await desk.audit.entries(9))]
    assert actions[1:] == ["message_heard", "read"]


def test_no_route_reads_around_the_watched_records(desk: Desk) -> None:
    """Whatever is added later is noted as well: the desk has no other records."""
    line = desk.app.state.context
    assert {type(line.records).__name__, type(line.archive).__name__} == {"Watched"}


async def test_what_a_stream_shows_is_noted_beside_it(desk: Desk) -> None:
    """A call for somebody does not wait for the audit."""
    ticket = await desk.ticket(None)
    noted, sent = asyncio.Event(), []
    note = desk.audit.note

    async def slow(*said: Any) -> str:
        await noted.wait()
        return await note(*said)

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["visitor"] = Visitor(Account("anna", "Anna", "agent", ""), "token")
        await send({"type": "http.response.start", "status": 200})
        for _ in range(2):
            saw([ticket])
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def send(message: Message) -> None:
        sent.append(message["type"])

    desk.audit.note = slow  # type: ignore[method-assign, assignment]
    scope = {
        "type": "http", "method": "GET", "path": "/desk/stream", "query_string": b"page=12345678", "headers": [],
        "client": ("10.0.0.7", 1), "app": desk.app,
    }  # fmt: skip
    trace = ReadingTrace(stream)
    await trace(scope, cast("Receive", None), send)
    assert len(sent) == 3
    noted.set()
    async with asyncio.timeout(30):
        while not await readings(desk):  # noqa: ASYNC110 - the note is a task of the middleware's own
            await asyncio.sleep(0)
    (entry,) = await readings(desk)
    assert (entry.detail["why"], entry.detail["from"]) == ("kept in view", "10.0.0.7")
    assert entry.detail["shown"] == f"ticket:{ticket.id}"
