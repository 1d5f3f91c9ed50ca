"""The API, over records in memory."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from routing.lifecycle import AgentEvent, OfferEvent
from routing.model import UNPROVEN, CallerId, OfferState, RoutingError
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Clock, Desk
from web.errors import STATUS, DeskError

WORDS = "the drain is blocked"
Told = tuple[str, str, dict[str, str]]  # id, event, data


async def test_a_call_with_its_timeline_from_its_start(anna: httpx.AsyncClient, desk: Desk) -> None:
    call = await desk.call(words=WORDS)
    ticket = await desk.ticket(call, words=WORDS)
    got = (await anna.get(f"/api/v1/calls/{call.id}")).json()
    heard = next(moment for moment in got["timeline"] if moment["event"] == "heard")
    assert (heard["at_ms"], heard["private"]["text"], heard["payload"]["confidence"]) == (7_000, WORDS, 0.91)
    assert [moment["seq"] for moment in got["timeline"]] == sorted(moment["seq"] for moment in got["timeline"])
    assert [found["number"] for found in got["tickets"]] == [ticket.number]


async def test_a_test_caller_finds_the_call_by_its_mark(anna: httpx.AsyncClient, desk: Desk) -> None:
    await desk.call()
    marked = await desk.call(trace="mark-1")
    found = (await anna.get("/api/v1/calls", params={"trace": "mark-1"})).json()["items"]
    assert [call["id"] for call in found] == [marked.id]


async def test_lists_come_in_parts_without_gaps_or_repeats(anna: httpx.AsyncClient, desk: Desk) -> None:
    made = [(await desk.ticket(None, words=f"matter {n}")).number for n in range(5)]
    got: list[str] = []
    before = None
    while True:
        params = {"limit": 2} | ({"before": before} if before else {})
        page = (await anna.get("/api/v1/tickets", params=params)).json()
        got += [ticket["number"] for ticket in page["items"]]
        before = page["next"]
        if before is None:
            break
    assert got == made[::-1]


async def test_a_ticket_by_number_or_id_with_its_promise(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(await desk.call(), words=WORDS)
    for key in (ticket.number, ticket.id):
        got = (await anna.get(f"/api/v1/tickets/{key}")).json()
        assert got["number"] == ticket.number
        assert got["promise"] == {
            "what": "promise_attend",
            "by": ticket.draft.promise.by.isoformat().replace("+00:00", "Z"),
        }
        assert len(got["calls"]) == 1


async def test_urgency_suggested_and_set_are_both_kept(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    got = (await anna.post(f"/api/v1/tickets/{ticket.number}/urgency", json={"urgency": "critical"})).json()
    assert (got["urgency"], got["urgency_suggested"], got["urgency_set"]) == ("critical", "normal", "critical")


async def test_a_caller_whom_nothing_proves_is_told_as_such(anna: httpx.AsyncClient, desk: Desk) -> None:
    caller = CallerId("0612345678", "+31612345678", kind=UNPROVEN)
    ticket = await desk.ticket(await desk.call(caller=caller), caller=caller)
    (call,) = (await anna.get("/api/v1/calls")).json()["items"]
    (told,) = (await anna.get("/api/v1/tickets")).json()["items"]
    assert (call["caller"]["kind"], told["caller"]["kind"], told["id"]) == (UNPROVEN, UNPROVEN, ticket.id)


async def test_a_moved_promise_is_told_by_the_machines_clock(anna: httpx.AsyncClient, desk: Desk) -> None:
    line = desk.app.state.context
    ahead = timedelta(minutes=30)  # set while the line measures on with its own
    desk.app.state.context = replace(line, wall=lambda: line.now() + ahead)
    ticket = await desk.ticket(None, due_s=86_400)
    got = (await anna.post(f"/api/v1/tickets/{ticket.number}/urgency", json={"urgency": "critical"})).json()
    by = line.now() + ahead + timedelta(minutes=line.edition.site.urgency_minutes["critical"])
    assert got["promise"]["by"] == by.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"to": "closed"}, 422, "missing"),
        ({"to": "closed", "answer": "  "}, 422, "missing"),
        ({"to": "completed"}, 409, "transition_refused"),
        ({"to": "nowhere"}, 422, "invalid"),
    ],
)
async def test_a_stage_that_cannot_be_is_refused(
    anna: httpx.AsyncClient, desk: Desk, wanted: dict[str, str], status: int, code: str
) -> None:
    ticket = await desk.ticket(None)
    answer = await anna.post(f"/api/v1/tickets/{ticket.number}/stage", json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_matter_is_closed_with_its_answer(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    got = await anna.post(f"/api/v1/tickets/{ticket.number}/stage", json={"to": "closed", "answer": "It is dry again."})
    assert (got.json()["stage"], got.json()["answer"]) == ("closed", "It is dry again.")


@pytest.mark.parametrize(
    "path", ["/calls/none", "/tickets/none", "/callbacks/none", "/agents/none", "/tickets/%00", "/calls/" + "9" * 4000]
)
async def test_what_is_not_there_is_said_in_one_shape(anna: httpx.AsyncClient, path: str) -> None:
    answer = await anna.get(f"/api/v1{path}")
    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "message", "fields"}


async def test_an_invalid_request_names_its_fields_and_not_their_values(anna: httpx.AsyncClient) -> None:
    answer = await anna.post("/api/v1/me/state", json={"state": "<script>"})
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"] == ["body.state"]
    assert "script" not in answer.text


async def test_available_needs_a_phone_and_a_live_page(anna: httpx.AsyncClient, desk: Desk, clock: Clock) -> None:
    wanted = {"state": "available"}
    assert (await anna.post("/api/v1/me/state", json=wanted)).status_code == 409
    assert (await beat(anna, "page-0001", take=True))["live"]
    await desk.records.agents.phones_registered({"agent1": False}, clock.at)
    assert "phone" in (await anna.post("/api/v1/me/state", json=wanted)).json()["error"]["message"]
    await desk.records.agents.phones_registered({"agent1": True}, clock.at)
    assert (await anna.post("/api/v1/me/state", json=wanted)).json()["state"] == "available"


async def beat(client: httpx.AsyncClient, page: str, take: bool = False) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.post("/api/v1/me/heartbeat", json={"page": page, "take": take})).json()
    return answer


async def test_one_page_is_live_until_another_takes_over_or_it_falls_silent(
    anna: httpx.AsyncClient, desk: Desk, clock: Clock
) -> None:
    assert (await beat(anna, "page-0001"))["live"], "the first page is the live one"
    assert not (await beat(anna, "page-0002"))["live"]
    assert (await beat(anna, "page-0002", take=True))["live"]
    assert not (await beat(anna, "page-0001"))["live"]
    clock.pass_s(9)
    assert not (await beat(anna, "page-0001"))["live"], "one lost beat is no silence"
    clock.pass_s(2)
    assert (await beat(anna, "page-0001"))["live"], "the live one has gone silent"


async def test_a_page_that_is_closed_leaves_its_place_to_another(anna: httpx.AsyncClient, desk: Desk) -> None:
    async def close(page: str) -> None:
        assert (await anna.post("/api/v1/me/page-closed", json={"page": page})).status_code == 204

    await beat(anna, "page-0001", take=True)
    seen_at = (await desk.records.agents.load("agent-anna")).page_seen_at
    await close("page-0002")
    assert not (await beat(anna, "page-0002"))["live"], "only the live page has a place to leave"
    await close("page-0001")
    assert (await desk.records.agents.load("agent-anna")).page_seen_at == seen_at
    assert (await beat(anna, "page-0002"))["live"]


async def test_only_the_own_live_page_may_say_that_a_call_was_seen(client: httpx.AsyncClient, desk: Desk) -> None:
    await desk.available("anna")
    call = await desk.call()
    offer = await desk.offer(await desk.waits(call, None))
    shown = {"page": "page-0001", "shown_at": desk.at().isoformat()}
    await log_in(client, "bo")
    assert (await client.post(f"/api/v1/offers/{offer.id}/seen", json=shown)).status_code == 404
    await log_in(client, "anna")
    assert (await client.post(f"/api/v1/offers/{offer.id}/seen", json=shown)).status_code == 409
    await beat(client, "page-0001", take=True)
    for _ in range(2):  # a page that hears no answer asks again
        assert (await client.post(f"/api/v1/offers/{offer.id}/seen", json=shown)).status_code == 204
    assert (await desk.records.offers.load(offer.id)).state is OfferState.SEEN
    seen = [event for event in await desk.records.calls.timeline(call.id) if event.type == "offer.seen"]
    assert [(event.actor, event.payload["shown_at"]) for event in seen] == [("agent:anna", desk.at().isoformat())]


async def test_wrap_up_takes_a_disposition_and_happens_once(anna: httpx.AsyncClient, desk: Desk) -> None:
    await desk.available("anna")
    offer = await desk.offer(await desk.waits(await desk.call(), None))
    done = {"offer_id": offer.id, "disposition": "answered", "note": "said <b>no</b>"}
    assert (await anna.post("/api/v1/me/wrap-up", json=done)).status_code == 409, "the call is still to come"
    for event, agent in (
        (OfferEvent.SHOWN, None),
        (OfferEvent.RANG, None),
        (OfferEvent.ANSWERED, AgentEvent.ANSWERED),
        (OfferEvent.TALK_ENDED, AgentEvent.TALK_ENDED),
    ):
        assert await desk.records.offers.advance(offer.id, event, desk.at(), agent=agent)
    state = {"state": "not_ready"}
    assert (await anna.post("/api/v1/me/state", json=state)).status_code == 409, "wrap-up cannot be skipped"
    assert (await anna.post("/api/v1/me/wrap-up", json=done | {"disposition": ""})).status_code == 422
    assert (await anna.post("/api/v1/me/wrap-up", json=done)).status_code == 204
    assert (await anna.get("/api/v1/me")).json()["state"] == "available"
    assert (await anna.post("/api/v1/me/wrap-up", json=done)).status_code == 409


async def test_the_queue_is_read_in_turn(anna: httpx.AsyncClient, desk: Desk) -> None:
    for urgency, ago_s in (("normal", 90), ("high", 10), ("normal", 200), ("critical", 1)):
        await desk.waits(await desk.call(ago_s=ago_s), None, urgency)
    rows = (await anna.get("/api/v1/queue")).json()
    assert [row["urgency"] for row in rows] == ["critical", "high", "normal", "normal"]
    assert rows[2]["since"] < rows[3]["since"]


async def test_vitals_without_logging_in(client: httpx.AsyncClient, desk: Desk) -> None:
    await desk.waits(await desk.call(ago_s=75), None, "high")
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json()["ready"] is True
    metrics = (await client.get("/metrics")).text
    assert 'onenumber_waiting{kind="live",urgency="high"} 1.0' in metrics
    assert "onenumber_oldest_wait_seconds 75.0" in metrics
    assert "204" not in metrics


async def test_the_api_describes_itself(client: httpx.AsyncClient) -> None:
    described = (await client.get("/api/openapi.json")).json()
    assert {"/api/v1/calls/{call_id}", "/api/v1/tickets/{ticket}", "/readyz"} <= set(described["paths"])
    assert not [path for path in described["paths"] if path.startswith("/desk")]
    errors = described["paths"]["/api/v1/calls/{call_id}"]["get"]["responses"]["404"]["content"]
    assert errors["application/json"]["schema"]["$ref"].endswith("/ErrorBody")


def test_every_error_says_something_for_people() -> None:
    ours = [kind for kind in STATUS if issubclass(kind, DeskError | RoutingError)]
    assert len(ours) > 10
    assert all((kind.__doc__ or "").strip().endswith(".") for kind in ours)


async def test_an_agents_stream_holds_no_offers_of_others(anna: httpx.AsyncClient, desk: Desk) -> None:
    after = (await anna.get("/api/v1/events/position")).json()["id"]
    await desk.news.publish("offer", offer="1", agent="agent-bo")
    await desk.news.publish("queue", call="2")
    await desk.news.publish("offer", offer="3", agent="agent-anna")
    told = await stream(desk, anna, after, 2)
    assert [(event, data) for _, event, data in told] == [
        ("queue", {"call": "2"}),
        ("offer", {"offer": "3", "agent": "agent-anna"}),
    ]
    resumed = await stream(desk, anna, told[0][0], 1)
    assert resumed[0][1:] == ("offer", {"offer": "3", "agent": "agent-anna"})


async def stream(
    desk: Desk, client: httpx.AsyncClient, after: str, count: int
) -> list[tuple[str, str, dict[str, str]]]:
    """Read `count` events of the API's stream as a raw ASGI client, then hang up."""
    body = b""
    gone = asyncio.Event()
    headers = [(b"authorization", client.headers["Authorization"].encode()), (b"last-event-id", after.encode())]
    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/events/stream", "query_string": b"", "headers": headers,
        "http_version": "1.1", "scheme": "http", "server": ("desk", 80), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal body
        body += message.get("body", b"")
        if len(_parsed(body)) >= count:
            gone.set()

    async with asyncio.timeout(30):
        await desk.app(scope, receive, send)
    return _parsed(body)[:count]


def _parsed(body: bytes) -> list[tuple[str, str, dict[str, str]]]:
    blocks = [
        dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)
        for block in body.decode().split("\r\n\r\n")
    ]
    return [(block["id"], block["event"], json.loads(block["data"])) for block in blocks if "id" in block]


async def test_a_recorded_message_is_heard_and_its_file_is_not_named(
    anna: httpx.AsyncClient, desk: Desk, tmp_path: Path
) -> None:
    desk.settings.data_dir = tmp_path
    wav = tmp_path / "recordings" / "one.wav"
    wav.parent.mkdir()
    wav.write_bytes(b"RIFF")
    ticket = await desk.ticket(None)
    await desk.records.tickets.add_message(ticket.id, str(wav), desk.at())
    await desk.records.tickets.add_message(ticket.id, "/etc/passwd", desk.at())
    history = (await anna.get(f"/api/v1/tickets/{ticket.number}")).json()["history"]
    places = [change["to"] for change in history if change["what"] == "message"]
    assert places == [f"/api/v1/tickets/{ticket.number}/messages/{n}" for n in range(2)]
    assert (await anna.get(places[0])).content == b"RIFF"
    assert (await anna.get(places[1])).status_code == 404
    assert (await anna.get(f"/api/v1/tickets/{ticket.number}/messages/2")).status_code == 404
    wav.unlink()
    assert (await anna.get(places[0])).status_code == 404
