"""A database of the first release, with calls in progress, migrates and goes on: callers stay on the line meanwhile.

`released_0003.json` has the rows that version 0.1.0 wrote, by its own code, and dialogues that its interpreter saved.
"""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from sqlalchemy import Boolean, Connection, String, column, insert, table

from config.documents import CallbackRules, load_edition
from config.in_force import EditionInForce
from config.settings import PROJECT, Settings
from controller.emergency_reports import EmergencyReports
from ivr.actions import Ask, CorrectTicket, Dialled, HangUp, Hold, Pressed, Resumed, Speak
from ivr.flow import Flow
from ivr.interpreter import advance
from ivr.phases import Correcting, Interrupted, Phase
from ivr.script import Script
from ivr.state import State
from routing.fake import MemoryNews
from routing.legs import LegKind
from routing.lifecycle import AgentEvent, AttemptEvent, OfferEvent, OutboundCallEvent
from routing.model import (
    AgentState,
    Attempt,
    CallState,
    IntakeSource,
    NewOutcome,
    OfferState,
    OutboundCall,
    OutboundCallState,
    Stage,
)  # fmt: skip
from routing.nodes import BEFORE
from routing.outbound_desk import OutboundDesk
from routing.purposes import Purpose
from runtime.replaying import NotReplayable, replayed
from store import SqlRecords, editions, open_records, publications, seed
from store.columns import UtcTime, metadata
from store.database import connect
from store.migrate import alembic_config, upgrade
from tests.conftest import PostgresServer
from tests.contract.samples import NOW, later
from tests.services import services_over
from web.app import create_app

RELEASED = json.loads((Path(__file__).parent / "released_0003.json").read_text())
CALLED_NOW = {"callbacks": "outbound_calls", "callback_private": "outbound_call_private"}
LIVE = ("call-back", "call-correcting", "call-ringing", "call-telling")
PASSWORD = "a-long-enough-password"
GONE: dict[str, Any] = {
    "published_at": UtcTime(), "not_before": UtcTime(), "phone_registered": Boolean(), "callback_id": String(36),
}  # fmt: skip
"""Columns that the schema has no more, or by another name."""


def as_released(connection: Connection) -> None:
    """The schema of the first release, and its rows."""
    command.upgrade(alembic_config(connection), "0003")
    for name, rows in RELEASED.items():
        now = metadata.tables[CALLED_NOW.get(name, name)].c
        kinds = {each: _kind(now, each) for each in rows[0]}
        into = table(name, *(column(each, kind) for each, kind in kinds.items()))
        values = [{each: _value(kinds[each], value) for each, value in row.items()} for row in rows]
        connection.execute(insert(into), values)


def _kind(now: Any, name: str) -> Any:
    """A column's type, also of those that are gone."""
    return now[name].type if name in now else GONE[name]


def _value(kind: Any, value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(kind, UtcTime) and value else value


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the first release, brought up to date."""
    url = f"sqlite:///{tmp_path / 'records.db'}"
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create()
    database = connect(url)
    await database.write(as_released)
    await database.close()
    upgrade(url)
    return url


@pytest.fixture
async def records(url: str) -> AsyncIterator[SqlRecords]:
    async with open_records(url) as opened:
        yield opened


async def script_of(records: SqlRecords, call_id: str) -> tuple[State, Script]:
    call = await records.calls.load(call_id)
    edition, state = await editions.load(records, call.pins), State.from_json(call.dialogue)
    return state, Script(Flow.model_validate(edition.flows[state.flow]), edition)


async def test_what_was_in_force_still_is(records: SqlRecords) -> None:
    published = await publications.published(records)
    assert published is not None
    assert published.edition == RELEASED["editions"][0]["hash"]
    assert set((await editions.named(records, published.edition)).topics) == {"plumbing", "lift"}


async def test_whoever_called_is_still_who_told_the_matter(records: SqlRecords) -> None:
    draft = (await records.tickets.load("ticket-ringing")).draft
    assert (draft.intake.source, draft.intake.taken_by) == (IntakeSource.CALL, "")
    assert draft.intake.reporter is not None
    assert (draft.intake.reporter.contact, draft.intake.reporter.number) == ("Ward 4 desk", "+31205550204")


async def test_calls_in_progress_go_on_where_they_were(records: SqlRecords) -> None:
    assert tuple(sorted(call.id for call in await records.calls.live())) == LIVE
    went_on = {}
    for call_id in LIVE:
        state, script = await script_of(records, call_id)
        went_on[call_id] = advance(script, state, Resumed())
    assert [line.key for line in prompt_of(went_on["call-telling"])][:1] == ["resumed"]
    assert isinstance(went_on["call-back"][1], Ask)
    state, correcting = went_on["call-correcting"]
    assert state.phase == Interrupted(Phase.JOINED, Correcting.AMENDING, changed=frozenset({"place", "words"}))
    assert correcting == CorrectTicket("ticket-correcting", state.facts, frozenset({"place", "words"}))
    assert (state.facts.confidence, len(state.facts.why)) == (1.0, 4)


def prompt_of(turn: tuple[State, Any]) -> Any:
    assert isinstance(turn[1], Speak | Ask | Hold)
    return turn[1].prompt


async def test_what_was_live_belongs_to_whose_asterisk_lists_it(records: SqlRecords) -> None:
    """The machine that was upgraded, whatever its name is; another that starts first ends nothing."""
    live = await records.calls.live()
    assert {call.id: (call.node, call.channel) for call in live} == {
        call_id: (BEFORE, "attempt-dialled" if call_id == "call-back" else f"channel-{call_id}") for call_id in LIVE
    }
    assert {call.attempt_id for call in live if call.direction == "outbound"} == {"attempt-dialled"}
    assert BEFORE in [node.name for node in await records.nodes.all()]
    assert [agent.login for agent in await records.agents.all() if agent.rings_at(BEFORE)] == ["anna", "ben"]
    await records.nodes.found("upgraded", [call.channel for call in live])
    assert {call.node for call in await records.calls.live()} == {"upgraded"}
    assert [attempt.node for attempt in await records.outbound_calls.open_attempts()] == ["upgraded"]
    for call in live:
        nodes = {leg.node for leg in await records.legs.of_call(call.id) if leg.channel == call.channel}
        assert nodes <= {"upgraded"}


async def test_a_resumed_call_is_saved_with_what_came_of_its_actions_and_cannot_be_run_again(
    records: SqlRecords,
) -> None:
    state, script = await script_of(records, "call-telling")
    state, action = advance(script, state, Resumed())
    assert not isinstance(action, HangUp)
    for at in range(2):
        await records.calls.save("call-telling", state.to_json(), outcome=NewOutcome(later(at), {"outcome": "resumed"}))
    assert State.from_json((await records.calls.load("call-telling")).dialogue) == state
    with pytest.raises(NotReplayable):
        await replayed(records, "call-telling")


async def test_the_agent_whose_phone_rings_gets_the_call(records: SqlRecords) -> None:
    (offer,) = await records.offers.live()
    assert (offer.id, offer.state) == ("offer-ringing", OfferState.RINGING)
    assert await records.offers.advance(offer.id, OfferEvent.ANSWERED, later(20), agent=AgentEvent.ANSWERED)
    assert (await records.calls.load("call-ringing")).state is CallState.CONNECTED
    assert await records.queue.of_call("call-ringing") is None
    state, script = await script_of(records, "call-ringing")
    assert state.awaits_dial
    assert state.facts.offer == offer.id
    assert advance(script, state, Dialled(True, "ANSWER"))[1] == HangUp("talked")


class Dialler:
    def __init__(self) -> None:
        self.dialled: list[str] = []

    async def originate(self, attempt: Attempt, callback: OutboundCall) -> None:
        self.dialled.append(callback.number)


async def test_who_is_owed_a_call_is_rung_once_more(records: SqlRecords) -> None:
    (entry,) = [entry for entry in await records.queue.waiting() if entry.callback_id == "callback-owed"]
    dialler, at = Dialler(), later(3_600)
    rules = CallbackRules(dial_patterns=("[1-9][0-9]{2,4}",))
    await records.agents.change("agent-ben", AgentEvent.RELEASED, NOW)
    assert await records.calls.end("call-ringing", "caller_hung_up", at)  # whose turn it would be
    waiting = load_edition(PROJECT / "config").site.waiting
    services = services_over(records, clock=lambda: at, rules=lambda: waiting)
    desk = OutboundDesk(services, dialler, lambda: rules)
    assert (await records.agents.load("agent-ben")).state is AgentState.AVAILABLE
    await records.agents.heartbeat("agent-ben", at)
    await services.dispatcher.tick()
    (offer,) = [offer for offer in await records.offers.live() if offer.entry_id == entry.id]
    assert await records.offers.advance(offer.id, OfferEvent.SHOWN, at)
    await desk.tick(at)
    assert dialler.dialled == ["204"]
    assert [attempt.number for attempt in await records.outbound_calls.attempts_of("callback-owed")] == [1, 2]


async def test_what_was_owed_is_owed_as_before_and_for_the_same_purpose(records: SqlRecords) -> None:
    owed, dialled = [await records.outbound_calls.load(each) for each in ("callback-owed", "callback-dialled")]
    assert {(each.purpose, each.flow) for each in (owed, dialled)} == {(Purpose.CALLBACK, "callback")}
    assert (owed.number, owed.attempts, owed.due) == ("204", 1, later(60))
    assert (dialled.number, dialled.attempts, dialled.due) == ("205", 1, dialled.since)
    (attempt,) = await records.outbound_calls.attempts_of(dialled.id)
    assert (attempt.id, attempt.slot, attempt.outbound_call_id) == ("attempt-dialled", None, dialled.id)
    call = await records.calls.load("call-back")
    assert (call.direction, call.outbound_call_id) == ("outbound", dialled.id)
    assert {leg.kind for leg in await records.legs.of_call(call.id)} == {LegKind.CALLED}


async def test_who_was_being_called_back_is_connected(records: SqlRecords) -> None:
    state, script = await script_of(records, "call-back")
    assert (await records.calls.load("call-back")).attempt_id == "attempt-dialled"
    state, _ = advance(script, state, Pressed("1"))
    assert await records.outbound_calls.connect("attempt-dialled", "call-back", later(20))
    assert (await records.outbound_calls.load("callback-dialled")).state is OutboundCallState.CONNECTED
    entry = await records.queue.of_call("call-back")
    assert entry is not None
    assert entry.callback_id == "callback-dialled"


async def test_an_attempt_whose_channel_is_gone_is_tried_again(records: SqlRecords) -> None:
    assert await records.outbound_calls.advance_attempt("attempt-dialled", AttemptEvent.LOST, later(99), "no channel")
    assert await records.outbound_calls.advance("callback-dialled", OutboundCallEvent.FAILED, later(99), later(200))
    assert (await records.outbound_calls.load("callback-dialled")).state is OutboundCallState.PENDING


@pytest.mark.parametrize("call_id", LIVE)
async def test_an_emergency_is_reported_with_what_was_told_before(records: SqlRecords, call_id: str) -> None:
    call = await records.calls.load(call_id)
    in_force = EditionInForce(await editions.load(records, call.pins))
    reports = EmergencyReports(services_over(records), in_force)
    await reports.report(call, f"channel-{call_id}", later(30))
    (emergency,) = await records.emergencies.live()
    assert emergency.call_id == call_id
    assert emergency.ticket_id is not None
    ticket = await records.tickets.load(emergency.ticket_id)
    assert (ticket.stage, ticket.draft.urgency) == (Stage.RECORDED, "critical")


PAGES = (
    "/", "/tickets", "/tickets/18157", "/tickets/65633", "/calls", "/calls/call-over", "/calls/call-ringing",
    "/callbacks", "/api/v1/calls/call-over", "/api/v1/tickets/ticket-over", "/api/v1/callbacks/callback-dialled",
)  # fmt: skip


async def test_the_desk_shows_all_of_it(url: str, records: SqlRecords, tmp_path: Path) -> None:
    documents = load_edition(PROJECT / "config")
    await seed.seed(url, documents, {"anna": PASSWORD})
    app = create_app(
        records, MemoryNews(), EditionInForce(documents), Settings(data_dir=tmp_path), accounts=records.accounts,
        pages=records.pages, archive=records.archive, audit=records.audit, now=lambda: later(60),
    )  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client:
        answer = await client.post("/api/v1/sessions", json={"login": "anna", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        shown = {page: (await client.get(page)).status_code for page in PAGES}
        assert shown == dict.fromkeys(PAGES, 200)
        assert "told Ms Jansen" in (await client.get("/tickets/18157")).text
