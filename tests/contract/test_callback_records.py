"""Callbacks: one per ticket, in its fair place, one winner per attempt; in memory, on SQLite and on PostgreSQL."""

import asyncio

from routing.lifecycle import AgentEvent, AttemptEvent, CallbackEvent, OfferEvent
from routing.model import AttemptState, CallbackState
from routing.ports import Records
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
    first = await records.callbacks.store(a_callback(ticket, since=later(5)))
    again = await records.callbacks.store(a_callback(ticket, number="204", since=later(60)))
    assert (again.id, again.number, again.since) == (first.id, "204", later(5))
    assert await records.callbacks.open() == [again]
    assert await records.callbacks.of_ticket(ticket.id) == again
    waiting = await records.queue.waiting()
    assert [(entry.callback_id, entry.since, entry.ticket_id) for entry in waiting] == [(first.id, later(5), ticket.id)]


async def test_many_confirmations_store_one_callback(records: Records) -> None:
    ticket = await opened_ticket(records)
    stored = await asyncio.gather(*(records.callbacks.store(a_callback(ticket)) for _ in range(10)))
    assert len({callback.id for callback in stored}) == 1
    assert len(await records.queue.waiting()) == 1


async def test_choosing_a_callback_gives_up_the_calls_own_place(records: Records) -> None:
    entry, ticket = await waiting_call(records), await opened_ticket(records)
    callback = await records.callbacks.store(a_callback(ticket, call_id=entry.call_id, since=entry.since))
    waiting = await records.queue.waiting()
    assert [(found.call_id, found.callback_id, found.since) for found in waiting] == [(None, callback.id, NOW)]


async def test_an_attempt_has_one_winner(records: Records) -> None:
    callback = await records.callbacks.store(a_callback(await opened_ticket(records)))
    won = await asyncio.gather(*(records.callbacks.claim_attempt(an_attempt(callback)) for _ in range(8)))
    assert sum(won) == 1
    stored = await records.callbacks.load(callback.id)
    assert (stored.state, stored.attempts) == (CallbackState.DIALLING, 1)
    assert not await records.callbacks.claim_attempt(an_attempt(callback, 2))
    assert len(await records.callbacks.open_attempts()) == 1


async def test_a_failed_attempt_goes_back_to_its_place(records: Records) -> None:
    callback = await records.callbacks.store(a_callback(await opened_ticket(records)))
    attempt = an_attempt(callback)
    await records.callbacks.claim_attempt(attempt)
    move = records.callbacks.advance_attempt
    assert await move(attempt.id, AttemptEvent.SENT, later(3))
    assert not await move(attempt.id, AttemptEvent.SENT, later(3))
    assert await move(attempt.id, AttemptEvent.FAILED, later(30), "busy")
    assert await records.callbacks.advance(callback.id, CallbackEvent.FAILED, later(30), later(330))
    waiting = await records.queue.waiting()
    assert [(entry.since, entry.not_before) for entry in waiting] == [(NOW, later(330))]
    assert (await records.callbacks.load_attempt(attempt.id)).ending == "busy"
    assert await records.callbacks.claim_attempt(an_attempt(callback, 2))
    assert [known.number for known in await records.callbacks.attempts_of(callback.id)] == [1, 2]


async def test_a_callback_that_is_over_leaves_the_queue(records: Records) -> None:
    callback = await records.callbacks.store(a_callback(await opened_ticket(records)))
    assert await records.callbacks.advance(callback.id, CallbackEvent.CANCELLED, later(5))
    assert await records.queue.waiting() == []
    assert await records.callbacks.open() == []


async def test_the_person_called_back_takes_the_callbacks_place_and_offer(records: Records) -> None:
    callback = await records.callbacks.store(a_callback(await opened_ticket(records)))
    entry, agent = (await records.queue.waiting())[0], await available_agent(records)
    offer, attempt = an_offer(entry, agent), an_attempt(callback, offer_id=None)
    await records.offers.claim(offer)
    await records.callbacks.claim_attempt(attempt)
    call = await opened_call(records, direction="callback", callback_id=callback.id)
    assert not await records.callbacks.connect(attempt.id, call.id, later(5))
    await phone_taken(records, attempt, later(4))
    assert await records.callbacks.connect(attempt.id, call.id, later(5))
    assert not await records.callbacks.connect(attempt.id, call.id, later(5))
    assert (await records.callbacks.load(callback.id)).state is CallbackState.CONNECTED
    assert (await records.callbacks.load_attempt(attempt.id)).state is AttemptState.CONFIRMED
    held = await records.offers.of_call(call.id)
    assert held is not None
    assert held.id == offer.id
    await records.calls.end(call.id, "hung up", later(9))
    await records.offers.advance(offer.id, OfferEvent.LAPSED, later(9), agent=AgentEvent.RELEASED)
    waiting = await records.queue.waiting()
    assert [(found.call_id, found.callback_id) for found in waiting] == [(None, callback.id)]


async def test_a_ticket_notes_where_its_caller_will_be_called_back(records: Records) -> None:
    ticket = await opened_ticket(records, callback_number=None)
    await records.callbacks.store(a_callback(ticket, number="204"))
    assert (await records.tickets.load(ticket.id)).draft.callback_number == "204"
    await records.callbacks.store(a_callback(ticket, number="205"))
    assert (await records.tickets.load(ticket.id)).draft.callback_number == "205"


async def test_a_person_who_is_there_after_all_takes_a_callback_that_was_put_back(records: Records) -> None:
    callback = await records.callbacks.store(a_callback(await opened_ticket(records)))
    attempt = an_attempt(callback)
    await records.callbacks.claim_attempt(attempt)
    await records.callbacks.advance_attempt(attempt.id, AttemptEvent.LOST, later(90))
    await records.callbacks.advance(callback.id, CallbackEvent.FAILED, later(90), later(390))
    call = await opened_call(records, direction="callback", callback_id=callback.id)
    assert await records.callbacks.connect(attempt.id, call.id, later(91))
    kept = await records.callbacks.load(callback.id)
    assert (kept.state, kept.not_before) == (CallbackState.CONNECTED, None)
    (entry,) = await records.queue.waiting()
    assert (entry.call_id, entry.since, entry.not_before) == (call.id, NOW, None)


async def test_nobody_is_connected_to_a_callback_that_is_over(records: Records) -> None:
    callback = await records.callbacks.store(a_callback(await opened_ticket(records)))
    attempt = an_attempt(callback)
    await records.callbacks.claim_attempt(attempt)
    await phone_taken(records, attempt, later(4))
    await records.callbacks.advance(callback.id, CallbackEvent.CANCELLED, later(5))
    call = await opened_call(records, direction="callback", callback_id=callback.id)
    assert not await records.callbacks.connect(attempt.id, call.id, later(6))
    assert (await records.callbacks.load_attempt(attempt.id)).state is AttemptState.ANSWERED
