"""Callers whom nobody reached: listed as their calls end, in memory, on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace

import pytest

from routing.event_types import EventType
from routing.lifecycle import OutboundCallEvent
from routing.missed import ALWAYS_OPEN, MissedEvent, MissedKind, MissedQuery, MissedRules, MissedState
from routing.model import Call, NewEvent, NotFound, OutboundCallState, Stage, Ticket
from routing.ports import Records
from tests.contract.samples import (
    NASTY,
    NOW,
    a_callback,
    a_caller,
    an_event,
    an_offer,
    answered,
    available_agent,
    later,
    opened_call,
    opened_ticket,
    waiting_call,
)

DONE, REOPENED = MissedEvent.DONE, MissedEvent.REOPENED


def entered(call: Call, seconds: float = 10) -> NewEvent:
    return replace(an_event(call.id, EventType.QUEUE_ENTERED), at=later(seconds))


async def gives_up(records: Records, ticket: Ticket | None = None, ending: str = "caller_hung_up") -> str:
    """A caller who told a matter and waited for fifty seconds."""
    call = await opened_call(records)
    if ticket:
        await records.tickets.join(ticket.id, call.id, later(1))
    assert await records.calls.end(call.id, ending, later(60), [entered(call)])
    return call.id


async def ids(records: Records, state: MissedState = MissedState.OPEN, kind: MissedKind | None = None) -> list[str]:
    return [missed.id for missed in await records.missed.listed(MissedQuery(state, kind), 50)]


async def test_whom_nobody_reached_is_listed_with_what_is_known(records: Records) -> None:
    ticket = await opened_ticket(records)
    call_id = await gives_up(records, ticket)
    missed = await records.missed.load(call_id)
    assert (missed.kind, missed.waited_s, missed.ticket_id) == (MissedKind.ABANDONED, 50, ticket.id)
    assert (missed.state, missed.state_since, missed.by, missed.reason) == (MissedState.OPEN, later(60), "", "")
    served = await opened_call(records)
    await records.calls.end(served.id, "served", later(60))
    with pytest.raises(NotFound):
        await records.missed.load(served.id)
    assert await ids(records) == [call_id]


async def test_what_was_noted_before_and_what_comes_with_the_end_both_count(records: Records) -> None:
    call = await opened_call(records)
    await records.calls.append([entered(call)])
    declined = replace(an_event(call.id, EventType.CALLBACK_DECLINED), at=later(40))
    await records.calls.end(call.id, "caller_hung_up", later(60), [declined])
    missed = await records.missed.load(call.id)
    assert (missed.kind, missed.waited_s) == (MissedKind.CALLBACK_DECLINED, 50)
    closed = MissedRules(5, lambda at: at != NOW)
    other = await opened_call(records)
    await records.calls.end(other.id, "caller_hung_up", later(60), rules=closed)
    assert (await records.missed.load(other.id)).kind is MissedKind.CLOSED_HOURS


async def test_the_list_is_newest_first_by_kind_and_in_pages(records: Records) -> None:
    calls = [await gives_up(records, ending="lost" if n % 2 else "caller_hung_up") for n in range(5)]
    assert await ids(records) == calls[::-1]
    assert await ids(records, kind=MissedKind.LOST) == [calls[3], calls[1]]
    page = await records.missed.listed(MissedQuery(), 2)
    rest = await records.missed.listed(MissedQuery(), 9, page[-1].id)
    assert [missed.id for missed in (*page, *rest)] == calls[::-1]
    assert await records.missed.counts() == {MissedKind.ABANDONED: 3, MissedKind.LOST: 2}
    assert await records.missed.advance(calls[1], DONE, later(70))
    assert await records.missed.counts() == {MissedKind.ABANDONED: 3, MissedKind.LOST: 1}


async def test_done_is_kept_with_who_when_and_why_and_one_of_many_wins(records: Records) -> None:
    call_id = await gives_up(records)
    told = an_event(call_id, EventType.MISSED_DONE, private={"note": "told her"})
    tries = [records.missed.advance(call_id, DONE, later(70), "agent:anna", "told her", [told]) for _ in range(4)]
    assert sum(await asyncio.gather(*tries)) == 1
    missed = await records.missed.load(call_id)
    assert (missed.state, missed.by, missed.state_since, missed.reason) == (
        MissedState.DONE, "agent:anna", later(70), "told her",
    )  # fmt: skip
    types = [event.type for event in await records.calls.timeline(call_id)]
    assert types.count(EventType.MISSED_DONE) == 1
    assert await records.missed.advance(call_id, REOPENED, later(80), "agent:bo")
    again = await records.missed.load(call_id)
    assert (again.state, again.by, again.reason) == (MissedState.OPEN, "agent:bo", "")
    assert not await records.missed.advance(call_id, REOPENED, later(81))
    assert await records.missed.advance(call_id, DONE, later(90), "agent:bo", NASTY)
    assert (await records.missed.load(call_id)).reason.startswith("Bobby")


async def test_whoever_is_called_back_is_listed_as_such_until_they_are_reached_or_not(records: Records) -> None:
    ticket, other = await opened_ticket(records), await opened_ticket(records)
    reached, failed = await gives_up(records, ticket), await gives_up(records, other)
    stored = await records.outbound_calls.store(a_callback(ticket, call_id=reached))
    hopeless = await records.outbound_calls.store(a_callback(other, call_id=failed))
    assert await ids(records, MissedState.OWED) == [failed, reached]
    assert await records.outbound_calls.advance(stored.id, OutboundCallEvent.TALKED, later(80))
    assert await records.outbound_calls.advance(hopeless.id, OutboundCallEvent.NOT_DIALLABLE, later(80))
    assert await ids(records, MissedState.REACHED) == [reached]
    assert await ids(records, kind=MissedKind.CALLBACK_FAILED) == [failed]


async def test_whose_own_callback_fails_comes_onto_the_list(records: Records) -> None:
    ticket = await opened_ticket(records)
    call = await opened_call(records)
    await records.tickets.join(ticket.id, call.id, NOW)
    stored = await records.outbound_calls.store(a_callback(ticket, call_id=call.id))
    await records.calls.end(call.id, "served", later(60), [entered(call)])
    assert await ids(records) == []
    assert await records.outbound_calls.advance(stored.id, OutboundCallEvent.NOT_DIALLABLE, later(80))
    assert (await records.outbound_calls.load(stored.id)).state is OutboundCallState.FAILED
    missed = await records.missed.load(call.id)
    assert (missed.kind, missed.waited_s, missed.ticket_id) == (MissedKind.CALLBACK_FAILED, 50, ticket.id)


async def test_an_erased_number_is_nobodys_callback_any_more(records: Records) -> None:
    ticket = await opened_ticket(records)
    call_id = await gives_up(records, ticket)
    stored = await records.outbound_calls.store(a_callback(ticket, call_id=call_id))
    assert await records.outbound_calls.advance(stored.id, OutboundCallEvent.ERASED, later(80))
    assert await ids(records) == [call_id]


async def test_who_rings_again_and_talks_is_off_the_list_and_others_stay(records: Records) -> None:
    ticket = await opened_ticket(records)
    theirs, nothing_told = await gives_up(records, ticket), await gives_up(records)
    another = await opened_call(records, caller=a_caller(number="+31205550205"))
    await records.tickets.join(ticket.id, another.id, NOW)
    await records.calls.end(another.id, "caller_hung_up", later(60))
    entry, agent = await waiting_call(records, ticket_id=ticket.id), await available_agent(records)
    await records.tickets.join(ticket.id, entry.call_id or "", later(90))
    offer = an_offer(entry, agent)
    assert await records.offers.claim(offer)
    assert await answered(records, offer, later(100))
    assert await ids(records) == [another.id]
    assert await ids(records, MissedState.REACHED) == [nothing_told, theirs]
    assert await records.missed.advance(theirs, REOPENED, later(110), "agent:anna")


async def test_whom_the_fallback_group_reached_is_off_the_list(records: Records) -> None:
    earlier = await gives_up(records)
    call = await opened_call(records)
    await records.calls.end(call.id, "talked", later(90))
    assert await ids(records) == []
    assert await ids(records, MissedState.REACHED) == [earlier]


async def test_a_closed_matter_takes_its_callers_off_and_a_second_one_keeps_them(records: Records) -> None:
    first, second = await opened_ticket(records), await opened_ticket(records)
    one, both = await gives_up(records, first), await gives_up(records, first)
    await records.tickets.join(second.id, both, later(2))
    await records.outbound_calls.store(a_callback(first, call_id=one))
    await records.tickets.move(first.id, Stage.CLOSED, "agent:anna", later(90), "told")
    assert await ids(records) == [both]
    assert await ids(records, MissedState.REACHED) == [one]
    await records.tickets.move(second.id, Stage.CLOSED, "agent:anna", later(91), "told")
    assert await ids(records) == []


async def test_a_message_is_dealt_with_when_it_is_heard_or_its_matter_moves_on(records: Records) -> None:
    tickets = [await opened_ticket(records) for _ in range(2)]
    calls = []
    for ticket in tickets:
        call = await opened_call(records)
        await records.tickets.join(ticket.id, call.id, NOW)
        await records.calls.end(call.id, "message_left", later(60))
        calls.append(call.id)
    assert await records.missed.counts() == {MissedKind.MESSAGE_UNHEARD: 2}
    assert await records.missed.heard(tickets[0].id, later(70), "agent:anna")
    assert not await records.missed.heard(tickets[0].id, later(71), "agent:bo")
    await records.tickets.move(tickets[1].id, Stage.ACCEPTED, "agent:bo", later(72))
    assert await ids(records, MissedState.REACHED) == calls[::-1]
    assert (await records.missed.load(calls[0])).by == "agent:anna"


async def test_a_look_at_what_became_known_since_changes_the_kind_or_takes_the_call_off(records: Records) -> None:
    message = await gives_up(records, ending="lost")
    fallback = await opened_call(records, caller=a_caller(number="+31205550205"))
    talked = fallback.id
    await records.calls.end(talked, "lost", later(60))
    await records.calls.append([an_event(message, EventType.MESSAGE_RECORDED)])
    await records.calls.append([an_event(talked, EventType.DIALPLAN_TOOK_OVER, payload={"outcome": "talked"})])
    for call_id in (message, talked):
        await records.missed.judge(call_id, later(80), ALWAYS_OPEN)
    assert (await records.missed.load(message)).kind is MissedKind.MESSAGE_UNHEARD
    assert await ids(records, MissedState.REACHED) == [talked]
    ticket = await opened_ticket(records)
    owed = await gives_up(records, ticket)
    await records.outbound_calls.store(a_callback(ticket, call_id=owed))
    await records.missed.judge(owed, later(80), ALWAYS_OPEN)
    assert await ids(records, MissedState.OWED) == [owed]
    live = await opened_call(records)
    await records.missed.judge(live.id, later(80), ALWAYS_OPEN)
    with pytest.raises(NotFound):
        await records.missed.load(live.id)
