"""Nobody is called back about what is over: in memory, on SQLite and on PostgreSQL."""

from datetime import datetime
from typing import Any

import pytest

from routing.caps import Asked, AskedAlike
from routing.identity import new_id
from routing.lifecycle import AttemptEvent, OfferEvent, OutboundCallEvent
from routing.model import (
    UNPROVEN,
    Attempt,
    AttemptState,
    CallerId,
    OutboundCall,
    OutboundCallState,
    Promise,
    QueueEntry,
    Stage,
    Ticket,
)
from routing.ports import Records
from routing.purposes import Purpose
from tests.contract.samples import (
    NOW,
    a_callback,
    a_caller,
    an_attempt,
    an_offer,
    answered,
    available_agent,
    later,
    opened_call,
    opened_ticket,
    waiting_call,
)

SENT = AttemptEvent.SENT


async def owed(records: Records) -> tuple[Ticket, OutboundCall]:
    ticket = await opened_ticket(records)
    return ticket, await records.outbound_calls.store(a_callback(ticket))


async def dialled(records: Records, callback: OutboundCall, *events: AttemptEvent) -> Attempt:
    """An attempt that is claimed, and then moved on."""
    attempt = an_attempt(callback)
    assert await records.outbound_calls.claim_attempt(attempt)
    for event in events:
        assert await records.outbound_calls.advance_attempt(attempt.id, event, later(3))
    return attempt


async def close(records: Records, ticket: Ticket) -> None:
    await records.tickets.move(ticket.id, Stage.CLOSED, "anna", later(5), "told at once")


async def state_of(records: Records, callback: OutboundCall) -> OutboundCallState:
    return (await records.outbound_calls.load(callback.id)).state


async def test_a_matter_that_is_closed_owes_no_callback(records: Records) -> None:
    ticket, callback = await owed(records)
    _, other = await owed(records)
    await close(records, ticket)
    assert await state_of(records, callback) is OutboundCallState.CANCELLED
    assert await records.outbound_calls.of_ticket(ticket.id) is None
    assert [entry.callback_id for entry in await records.queue.waiting()] == [other.id]
    assert not await records.outbound_calls.claim_attempt(an_attempt(callback))


async def test_only_closing_cancels(records: Records) -> None:
    ticket, callback = await owed(records)
    for stage in (Stage.ACCEPTED, Stage.ARRIVED, Stage.COMPLETED):
        await records.tickets.move(ticket.id, stage, "anna", later(5))
    assert await state_of(records, callback) is OutboundCallState.PENDING


async def test_what_is_claimed_but_not_sent_is_not_sent_any_more(records: Records) -> None:
    ticket, callback = await owed(records)
    attempt = await dialled(records, callback)
    await close(records, ticket)
    assert await state_of(records, callback) is OutboundCallState.CANCELLED
    assert not await records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.SENT, later(6))
    known = await records.outbound_calls.load_attempt(attempt.id)
    assert (known.state, known.ending) == (AttemptState.LOST, "ticket closed")
    assert await records.outbound_calls.open_attempts() == []


async def test_a_phone_that_rings_already_is_left_to_ring(records: Records) -> None:
    ticket, callback = await owed(records)
    attempt = await dialled(records, callback, SENT)
    await close(records, ticket)
    assert await state_of(records, callback) is OutboundCallState.CANCELLED
    assert (await records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.SENT


async def test_a_person_who_is_on_the_line_is_not_put_off(records: Records) -> None:
    ticket, callback = await owed(records)
    attempt = await dialled(records, callback, SENT, AttemptEvent.ANSWERED)
    call = await opened_call(records, direction="outbound", outbound_call_id=callback.id)
    assert await records.outbound_calls.connect(attempt.id, call.id, later(4))
    await close(records, ticket)
    assert await state_of(records, callback) is OutboundCallState.CONNECTED
    assert [entry.call_id for entry in await records.queue.waiting()] == [call.id]


async def test_a_callback_that_is_over_keeps_its_end(records: Records) -> None:
    ticket, callback = await owed(records)
    await records.outbound_calls.advance(callback.id, OutboundCallEvent.NOT_DIALLABLE, later(4))
    await close(records, ticket)
    assert await state_of(records, callback) is OutboundCallState.FAILED


async def test_who_is_reached_otherwise_is_not_called_back_as_well(records: Records) -> None:
    ticket, callback = await owed(records)
    entry, agent = await waiting_call(records, ticket_id=ticket.id), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    attempt = await dialled(records, callback)
    assert await answered(records, offer, later(5))
    assert await state_of(records, callback) is OutboundCallState.CANCELLED
    assert await records.queue.waiting() == []
    assert not await records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.SENT, later(6))


async def test_an_answer_that_is_lost_cancels_nothing(records: Records) -> None:
    ticket, callback = await owed(records)
    entry, agent = await waiting_call(records, ticket_id=ticket.id), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    assert not await records.offers.advance(offer.id, OfferEvent.ANSWERED, later(5))
    assert await state_of(records, callback) is OutboundCallState.PENDING


async def test_the_answer_to_a_callback_does_not_cancel_it(records: Records) -> None:
    _, callback = await owed(records)
    (entry,), agent = await records.queue.waiting(), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    attempt = await dialled(records, callback, SENT, AttemptEvent.ANSWERED)
    call = await opened_call(records, direction="outbound", outbound_call_id=callback.id)
    assert await records.outbound_calls.connect(attempt.id, call.id, later(4))
    assert await answered(records, offer, later(5))
    assert await state_of(records, callback) is OutboundCallState.CONNECTED


@pytest.mark.parametrize("end", [OutboundCallEvent.TALKED, OutboundCallEvent.NOT_DIALLABLE, OutboundCallEvent.GIVEN_UP])
async def test_a_ticket_whose_callback_is_over_may_have_another(records: Records, end: OutboundCallEvent) -> None:
    ticket, callback = await owed(records)
    await records.outbound_calls.advance(callback.id, end, later(4))
    another = await records.outbound_calls.store(a_callback(ticket, id=new_id()))
    assert await records.outbound_calls.open() == [another]
    assert [(entry.callback_id, entry.since) for entry in await records.queue.waiting()] == [(another.id, NOW)]


async def test_a_callback_that_is_moved_keeps_its_place_and_is_due_then(records: Records) -> None:
    _, callback = await owed(records)
    for due in (later(7_200), later(9)):  # and back
        assert await records.outbound_calls.advance(callback.id, OutboundCallEvent.MOVED, later(5), due)
        (entry,) = await records.queue.waiting()
        assert (entry.callback_id, entry.since, entry.not_before) == (callback.id, callback.since, due)
        kept = await records.outbound_calls.load(callback.id)
        assert (kept.state, kept.due) == (OutboundCallState.PENDING, due)


async def test_who_is_being_rung_is_neither_moved_nor_given_up(records: Records) -> None:
    _, callback = await owed(records)
    await dialled(records, callback, SENT)
    for event in (OutboundCallEvent.MOVED, OutboundCallEvent.GIVEN_UP):
        assert not await records.outbound_calls.advance(callback.id, event, later(5), later(7_200))
    assert await state_of(records, callback) is OutboundCallState.DIALLING


async def test_what_is_given_up_leaves_the_queue(records: Records) -> None:
    _, callback = await owed(records)
    assert await records.outbound_calls.advance(callback.id, OutboundCallEvent.GIVEN_UP, later(5))
    assert await state_of(records, callback) is OutboundCallState.FAILED
    assert await records.queue.waiting() == []


async def test_a_person_who_is_gone_once_the_matter_is_closed_is_owed_nothing(records: Records) -> None:
    ticket, callback = await owed(records)
    attempt = await dialled(records, callback, SENT, AttemptEvent.ANSWERED)
    call = await opened_call(records, direction="outbound", outbound_call_id=callback.id)
    assert await records.outbound_calls.connect(attempt.id, call.id, later(4))
    await close(records, ticket)
    assert await state_of(records, callback) is OutboundCallState.CONNECTED
    await records.calls.end(call.id, "caller_hung_up", later(6))
    assert await records.outbound_calls.advance(callback.id, OutboundCallEvent.MATTER_CLOSED, later(7))
    assert await state_of(records, callback) is OutboundCallState.CANCELLED
    assert await records.queue.waiting() == []


async def test_the_urgency_of_what_is_over_stays(records: Records) -> None:
    ticket, callback = await owed(records)
    await records.outbound_calls.advance(callback.id, OutboundCallEvent.TALKED, later(4))
    await records.tickets.set_urgency(ticket.id, "critical", "anna", later(5))
    assert (await records.outbound_calls.load(callback.id)).urgency == "normal"


async def test_who_is_owed_a_call_and_calls_by_themselves_takes_its_place_and_its_agent(records: Records) -> None:
    ticket, callback = await owed(records)
    (entry,), agent = await records.queue.waiting(), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    attempt = await dialled(records, callback, SENT)
    call = await opened_call(records)
    assert await records.outbound_calls.take_over(callback.id, call.id, later(4))
    assert await state_of(records, callback) is OutboundCallState.CONNECTED
    place = await records.queue.of_call(call.id)
    assert place is not None
    assert (place.id, place.since, place.callback_id) == (entry.id, callback.since, callback.id)
    assert [held.id for held in [await records.offers.of_call(call.id)] if held] == [offer.id]
    known = await records.outbound_calls.load_attempt(attempt.id)
    assert (known.state, known.ending) == (AttemptState.LOST, "called by themselves")
    assert [each.id for each in await records.tickets.of_call(call.id)] == [ticket.id]
    assert not await records.outbound_calls.take_over(callback.id, (await opened_call(records)).id, later(5))


async def test_whoever_waits_already_gives_up_their_own_place_for_the_callbacks(records: Records) -> None:
    own, (_, callback) = await waiting_call(records, since=later(60)), await owed(records)
    assert own.call_id
    assert await records.outbound_calls.take_over(callback.id, own.call_id, later(61))
    assert [(entry.call_id, entry.since) for entry in await records.queue.waiting()] == [(own.call_id, callback.since)]


async def test_a_taken_over_callback_goes_back_to_its_place_when_its_caller_leaves(records: Records) -> None:
    _, callback = await owed(records)
    call = await opened_call(records)
    assert await records.outbound_calls.take_over(callback.id, call.id, later(4))
    assert await records.calls.end(call.id, "caller_hung_up", later(9))
    assert [(entry.call_id, entry.callback_id) for entry in await records.queue.waiting()] == [(None, callback.id)]


async def test_an_answer_calls_off_what_the_same_person_is_owed_about_any_ticket_of_the_call(records: Records) -> None:
    ticket, callback = await owed(records)
    another, others = await owed(records)
    _, kept = await owed(records)
    await records.outbound_calls.store(
        a_callback(another, id=others.id, number="+31205550299")
    )  # somebody else's phone
    entry, agent = await waiting_call(records), await available_agent(records)
    assert entry.call_id
    for each in (ticket, another):
        await records.tickets.join(each.id, entry.call_id, later(1))
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    assert await answered(records, offer, later(5))
    states = [await state_of(records, each) for each in (callback, others, kept)]
    assert states == [OutboundCallState.CANCELLED, OutboundCallState.PENDING, OutboundCallState.PENDING]


async def test_who_merely_says_a_number_calls_off_nothing_of_its_owners(records: Records) -> None:
    ticket, callback = await owed(records)
    stranger = await opened_call(records, caller=a_caller(kind="unproven", contact=None))
    await records.tickets.join(ticket.id, stranger.id, later(1))
    entry = await records.queue.enter(QueueEntry(new_id(), "technical", "normal", NOW, call_id=stranger.id))
    offer = an_offer(entry, await available_agent(records))
    await records.offers.claim(offer)
    assert await answered(records, offer, later(5))
    assert await state_of(records, callback) is OutboundCallState.PENDING


async def test_what_is_being_dialled_or_whose_phone_is_on_the_line_rests(records: Records) -> None:
    ticket, number = await opened_ticket(records), "+31205550297"
    rung = await records.outbound_calls.store(a_callback(ticket, number=number))
    same_phone = await records.outbound_calls.store(a_callback(await opened_ticket(records), number=number))
    await dialled(records, rung, SENT)
    _, theirs = await owed(records)
    _, others = await owed(records)
    await records.outbound_calls.store(a_callback((await owed(records))[0], number="+31205550298"))
    await records.outbound_calls.advance(others.id, OutboundCallEvent.TALKED, later(1))
    assert await records.outbound_calls.resting() == {rung.id, same_phone.id}
    await opened_call(records, caller=a_caller(kind=UNPROVEN, contact=None))  # whoever says that number
    assert await records.outbound_calls.resting() == {rung.id, same_phone.id}
    call = await opened_call(records)
    assert theirs.id in await records.outbound_calls.resting()
    assert others.id not in await records.outbound_calls.resting()
    await records.calls.end(call.id, "served", later(5))
    assert await records.outbound_calls.resting() == {rung.id, same_phone.id}


async def test_owed_callbacks_are_found_by_number(records: Records) -> None:
    _, callback = await owed(records)
    await records.outbound_calls.advance(callback.id, OutboundCallEvent.TALKED, later(1))
    late = await records.outbound_calls.store(a_callback(await opened_ticket(records), since=later(10), number="204"))
    assert [each.id for each in await records.outbound_calls.owed_to("204")] == [late.id]
    assert list(await records.outbound_calls.owed_to(callback.number)) == []


async def asked_by(records: Records, caller: CallerId, number: str, **changes: Any) -> OutboundCall:
    call = await opened_call(records, caller=caller)
    about = a_callback(await opened_ticket(records), number=number, call_id=call.id, **changes)
    return await records.outbound_calls.store(about)


async def test_those_that_are_alike_are_counted_whatever_has_become_of_them(records: Records) -> None:
    ward, hidden = CallerId("204", "204"), CallerId("anonymous", None, withheld=True)
    unproven, unread = CallerId("x", "+31612345678", kind=UNPROVEN), CallerId("sip:\x00\ud800'--", None)
    over = await asked_by(records, ward, "+31205550298")
    await records.outbound_calls.advance(over.id, OutboundCallEvent.ERASED, later(1))
    await asked_by(records, ward, "+31205550299", since=later(10))
    for caller in (hidden, unproven, unread):
        await asked_by(records, caller, "+31205550298")
    survey = a_callback(await opened_ticket(records), number="+31205550298", purpose=Purpose.SURVEY)
    await records.outbound_calls.store(survey)
    await records.outbound_calls.store(a_callback(await opened_ticket(records), number="206", purpose=Purpose.SURVEY))

    async def alike(number: str, caller: str | None, since: datetime = NOW) -> AskedAlike:
        return await records.outbound_calls.asked_alike(Asked(number, caller), since)

    assert await alike("+31205550298", "204") == AskedAlike(to_number=5, by_caller=2, outside=6)
    assert await alike("+31205550298", "204", later(5)) == AskedAlike(to_number=0, by_caller=1, outside=1)
    assert await alike("+31205550299", None) == AskedAlike(to_number=1, by_caller=2, outside=6)
    assert await alike("205", unread.source) == AskedAlike(to_number=0, by_caller=1, outside=6)
    assert await alike("205", "+31612345678") == AskedAlike(outside=6)  # whoever merely says so


async def test_a_promise_that_urgency_moves_stands_and_the_one_before_is_neither_kept_nor_broken(
    records: Records,
) -> None:
    ticket = await opened_ticket(records)
    sooner = Promise("promise_attend", later(900))
    moved = await records.tickets.set_urgency(ticket.id, "critical", "agent:anna", later(5), sooner)
    assert (moved.urgency, moved.draft.promise) == ("critical", sooner)
    assert (await records.tickets.load(ticket.id)).draft.promise == sooner
    await records.tickets.move(ticket.id, Stage.ACCEPTED, "agent:anna", later(6))
    await records.tickets.move(ticket.id, Stage.ARRIVED, "agent:anna", later(7))
    assert (await records.tickets.load(ticket.id)).draft.promise == sooner
