"""Outbound calls: one per ticket and purpose, one winner per attempt; in memory, on SQLite and on PostgreSQL."""

import asyncio

from routing.lifecycle import AgentEvent, AttemptEvent, OfferEvent, OutboundCallEvent
from routing.model import Attempt, AttemptState, OutboundCall, OutboundCallState
from routing.ports import Records
from routing.purposes import Purpose
from tests.contract.samples import (
    NOW,
    a_callback,
    an_attempt,
    an_offer,
    available_agent,
    later,
    opened_call,
    opened_ticket,
    phone_taken,
    waiting_call,
)


async def test_a_ticket_has_one_open_callback_with_the_number_given_last(records: Records) -> None:
    ticket = await opened_ticket(records)
    first = await records.outbound_calls.store(a_callback(ticket, since=later(5)))
    again = await records.outbound_calls.store(a_callback(ticket, number="204", since=later(60)))
    assert (again.id, again.number, again.since) == (first.id, "204", later(5))
    assert await records.outbound_calls.open() == [again]
    assert await records.outbound_calls.of_ticket(ticket.id) == again
    waiting = await records.queue.waiting()
    assert [(entry.callback_id, entry.since, entry.ticket_id) for entry in waiting] == [(first.id, later(5), ticket.id)]


async def test_many_confirmations_store_one_callback(records: Records) -> None:
    ticket = await opened_ticket(records)
    stored = await asyncio.gather(*(records.outbound_calls.store(a_callback(ticket)) for _ in range(10)))
    assert len({callback.id for callback in stored}) == 1
    assert len(await records.queue.waiting()) == 1


async def test_choosing_a_callback_gives_up_the_calls_own_place(records: Records) -> None:
    entry, ticket = await waiting_call(records), await opened_ticket(records)
    callback = await records.outbound_calls.store(a_callback(ticket, call_id=entry.call_id, since=entry.since))
    waiting = await records.queue.waiting()
    assert [(found.call_id, found.callback_id, found.since) for found in waiting] == [(None, callback.id, NOW)]


async def test_an_attempt_has_one_winner(records: Records) -> None:
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    won = await asyncio.gather(*(records.outbound_calls.claim_attempt(an_attempt(callback)) for _ in range(8)))
    assert sum(won) == 1
    stored = await records.outbound_calls.load(callback.id)
    assert (stored.state, stored.attempts) == (OutboundCallState.DIALLING, 1)
    assert not await records.outbound_calls.claim_attempt(an_attempt(callback, 2))
    assert len(await records.outbound_calls.open_attempts()) == 1


async def test_a_failed_attempt_goes_back_to_its_place(records: Records) -> None:
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    attempt = an_attempt(callback)
    await records.outbound_calls.claim_attempt(attempt)
    move = records.outbound_calls.advance_attempt
    assert await move(attempt.id, AttemptEvent.SENT, later(3))
    assert not await move(attempt.id, AttemptEvent.SENT, later(3))
    assert await move(attempt.id, AttemptEvent.FAILED, later(30), "busy")
    assert await records.outbound_calls.advance(callback.id, OutboundCallEvent.FAILED, later(30), later(330))
    waiting = await records.queue.waiting()
    assert [(entry.since, entry.not_before) for entry in waiting] == [(NOW, later(330))]
    assert (await records.outbound_calls.load_attempt(attempt.id)).ending == "busy"
    assert await records.outbound_calls.claim_attempt(an_attempt(callback, 2))
    assert [known.number for known in await records.outbound_calls.attempts_of(callback.id)] == [1, 2]


async def test_a_callback_that_is_over_leaves_the_queue(records: Records) -> None:
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    assert await records.outbound_calls.advance(callback.id, OutboundCallEvent.CANCELLED, later(5))
    assert await records.queue.waiting() == []
    assert await records.outbound_calls.open() == []


async def test_the_person_called_back_takes_the_callbacks_place_and_offer(records: Records) -> None:
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    entry, agent = (await records.queue.waiting())[0], await available_agent(records)
    offer, attempt = an_offer(entry, agent), an_attempt(callback, offer_id=None)
    await records.offers.claim(offer)
    await records.outbound_calls.claim_attempt(attempt)
    call = await opened_call(records, direction="outbound", outbound_call_id=callback.id)
    assert not await records.outbound_calls.connect(attempt.id, call.id, later(5))
    await phone_taken(records, attempt, later(4))
    assert await records.outbound_calls.connect(attempt.id, call.id, later(5))
    assert not await records.outbound_calls.connect(attempt.id, call.id, later(5))
    assert (await records.outbound_calls.load(callback.id)).state is OutboundCallState.CONNECTED
    assert (await records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.CONFIRMED
    held = await records.offers.of_call(call.id)
    assert held is not None
    assert held.id == offer.id
    await records.calls.end(call.id, "hung up", later(9))
    await records.offers.advance(offer.id, OfferEvent.LAPSED, later(9), agent=AgentEvent.RELEASED)
    waiting = await records.queue.waiting()
    assert [(found.call_id, found.callback_id) for found in waiting] == [(None, callback.id)]


async def test_a_ticket_notes_where_its_caller_will_be_called_back(records: Records) -> None:
    ticket = await opened_ticket(records, callback_number=None)
    await records.outbound_calls.store(a_callback(ticket, number="204"))
    assert (await records.tickets.load(ticket.id)).draft.callback_number == "204"
    await records.outbound_calls.store(a_callback(ticket, number="205"))
    assert (await records.tickets.load(ticket.id)).draft.callback_number == "205"


async def test_a_person_who_is_there_after_all_takes_a_callback_that_was_put_back(records: Records) -> None:
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    attempt = an_attempt(callback)
    await records.outbound_calls.claim_attempt(attempt)
    await records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.LOST, later(90))
    await records.outbound_calls.advance(callback.id, OutboundCallEvent.FAILED, later(90), later(390))
    call = await opened_call(records, direction="outbound", outbound_call_id=callback.id)
    assert await records.outbound_calls.connect(attempt.id, call.id, later(91))
    kept = await records.outbound_calls.load(callback.id)
    assert kept.state is OutboundCallState.CONNECTED
    (entry,) = await records.queue.waiting()
    assert (entry.call_id, entry.since, entry.not_before) == (call.id, NOW, None)


async def test_nobody_is_connected_to_a_callback_that_is_over(records: Records) -> None:
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    attempt = an_attempt(callback)
    await records.outbound_calls.claim_attempt(attempt)
    await phone_taken(records, attempt, later(4))
    await records.outbound_calls.advance(callback.id, OutboundCallEvent.CANCELLED, later(5))
    call = await opened_call(records, direction="outbound", outbound_call_id=callback.id)
    assert not await records.outbound_calls.connect(attempt.id, call.id, later(6))
    assert (await records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.ANSWERED


async def a_survey(records: Records, slot: int | None = None) -> tuple[OutboundCall, Attempt]:
    asked = a_callback(await opened_ticket(records), purpose=Purpose.SURVEY, flow="survey")
    survey = await records.outbound_calls.store(asked)
    return survey, an_attempt(survey, slot=slot)


async def test_a_call_that_no_agent_waits_for_has_no_place_in_the_queue(records: Records) -> None:
    survey, attempt = await a_survey(records)
    callback = await records.outbound_calls.store(a_callback(await records.tickets.load(survey.ticket_id)))
    assert [entry.callback_id for entry in await records.queue.waiting()] == [callback.id]
    assert await records.outbound_calls.of_ticket(survey.ticket_id, Purpose.SURVEY) == survey
    assert await records.outbound_calls.owed_to(survey.number) == [callback]
    await records.outbound_calls.claim_attempt(attempt)
    assert await records.outbound_calls.resting() == {survey.id, callback.id}  # one phone


async def test_only_what_may_be_dialled_or_is_under_way_is_attended_to(records: Records) -> None:
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records), due=later(60)))
    ticket = await opened_ticket(records)
    survey = await records.outbound_calls.store(a_callback(ticket, purpose=Purpose.SURVEY, due=later(60)))
    assert await records.outbound_calls.to_attend(later(59)) == []  # nobody is kept for the callback
    assert await records.outbound_calls.to_attend(later(60)) == [survey]
    await records.outbound_calls.claim_attempt(an_attempt(survey))
    assert [each.id for each in await records.outbound_calls.to_attend(later(1))] == [survey.id]
    [place] = [entry for entry in await records.queue.waiting() if entry.callback_id == callback.id]
    agent = await available_agent(records)
    assert await records.offers.claim(an_offer(place, agent, callback_id=callback.id))
    assert {each.id for each in await records.outbound_calls.to_attend(later(1))} == {callback.id, survey.id}


async def test_a_slot_has_one_winner(records: Records) -> None:
    surveys = [await a_survey(records, slot=0) for _ in range(6)]
    won = await asyncio.gather(*(records.outbound_calls.claim_attempt(attempt) for _, attempt in surveys))
    assert sum(won) == 1
    (taken,) = await records.outbound_calls.open_attempts()
    assert await records.outbound_calls.advance_attempt(taken.id, AttemptEvent.LOST, later(5))
    again = next(an_attempt(survey, slot=0) for survey, attempt in surveys if attempt.id != taken.id)
    assert await records.outbound_calls.claim_attempt(again)


async def test_what_its_flow_has_served_is_done(records: Records) -> None:
    survey, attempt = await a_survey(records, slot=0)
    await records.outbound_calls.claim_attempt(attempt)
    await phone_taken(records, attempt, later(4))
    theirs = {"outbound_call_id": survey.id, "attempt_id": attempt.id}
    call = await opened_call(records, direction="outbound", **theirs)
    assert await records.calls.of_attempt(attempt.id) == call
    assert await records.outbound_calls.served(survey.id, attempt.id, later(60))
    assert not await records.outbound_calls.served(survey.id, attempt.id, later(60))
    assert (await records.outbound_calls.load(survey.id)).state is OutboundCallState.DONE
    assert (await records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.CONFIRMED
    assert await records.outbound_calls.open_attempts() == []
