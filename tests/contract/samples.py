"""Records to begin with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import AgentEvent, AttemptEvent, OfferEvent
from routing.model import (
    Agent,
    AgentState,
    Attempt,
    AttemptState,
    Call,
    CallerId,
    Intake,
    NewEvent,
    Offer,
    OutboundCall,
    Promise,
    QueueEntry,
    Ticket,
    TicketDraft,
)
from routing.ports import Records

NOW = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
NASTY = "Bobby\r\nApplication: System\x00 '); DROP TABLE calls;-- <script>\ud800</script> &" + "x" * 4_000


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_caller(**changes: Any) -> CallerId:
    known = CallerId(raw="+31 20 5550204", number="+31205550204", name="Ward 4", contact="Ward 4 desk", place="ward-4")
    return replace(known, **changes)


def a_call(**changes: Any) -> Call:
    known = Call(new_id(), "demo", "100", a_caller(), NOW, {"flows": "f" * 64})
    return replace(known, **changes)


def an_event(call_id: str, type: EventType = EventType.HEARD, **changes: Any) -> NewEvent:
    return replace(NewEvent(call_id, type, NOW, leg="PJSIP/1"), **changes)


def a_draft(caller: CallerId | None = None, **changes: Any) -> TicketDraft:
    """Of a call; `caller`: another than `a_caller`."""
    known = TicketDraft(
        "plumbing", "technical", "high", Promise("promise_attend", later(1800)), Intake.of_call(caller or a_caller()),
        place="ward-4", words="the drain is blocked", confidence=0.93, why=("drain", "blocked"),
        callback_number="+31205550204",
    )  # fmt: skip
    return replace(known, **changes)


def an_agent(**changes: Any) -> Agent:
    known = Agent(
        new_id(), new_id()[-12:], "Anna", frozenset({"technical", "it"}), "agent1", AgentState.NOT_READY, NOW, NOW
    )
    return replace(known, **changes)


async def opened_call(records: Records, **changes: Any) -> Call:
    call = a_call(**changes)
    await records.calls.open(call)
    return call


async def opened_ticket(records: Records, **changes: Any) -> Ticket:
    return await records.tickets.open(a_draft(**changes), None, NOW)


async def waiting_call(records: Records, **changes: Any) -> QueueEntry:
    call = await opened_call(records)
    return await records.queue.enter(
        replace(QueueEntry(new_id(), "technical", "normal", NOW, call_id=call.id), **changes)
    )


async def available_agent(records: Records, **changes: Any) -> Agent:
    agent = an_agent(**changes)
    await records.agents.enrol(agent)
    await records.agents.change(agent.id, AgentEvent.WENT_AVAILABLE, NOW)
    return await records.agents.load(agent.id)


def an_offer(entry: QueueEntry, agent: Agent, **changes: Any) -> Offer:
    known = Offer(
        new_id(), entry.id, agent.id, later(1), call_id=entry.call_id, callback_id=entry.callback_id,
        ticket_id=entry.ticket_id,
    )  # fmt: skip
    return replace(known, **changes)


async def answered(records: Records, offer: Offer, at: datetime) -> bool:
    """The desk shows the offer, and the phone is taken."""
    await records.offers.advance(offer.id, OfferEvent.SHOWN, at)
    return await records.offers.advance(offer.id, OfferEvent.ANSWERED, at, agent=AgentEvent.ANSWERED)


async def phone_taken(records: Records, attempt: Attempt, at: datetime) -> None:
    """What was claimed is sent, and somebody takes the phone."""
    for event in (AttemptEvent.SENT, AttemptEvent.ANSWERED):
        assert await records.outbound_calls.advance_attempt(attempt.id, event, at)


def a_callback(ticket: Ticket, **changes: Any) -> OutboundCall:
    known = OutboundCall(new_id(), ticket.id, "+31205550204", "technical", "normal", NOW, NOW)
    return replace(known, **changes)


def an_attempt(callback: OutboundCall, number: int = 1, **changes: Any) -> Attempt:
    return replace(Attempt(new_id(), callback.id, number, AttemptState.CLAIMED, later(2)), **changes)
