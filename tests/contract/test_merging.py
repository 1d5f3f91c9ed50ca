"""One matter reported twice, and related ones: in memory, on SQLite and on PostgreSQL."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from routing.acts import Act, standing
from routing.handling import Assignment
from routing.identity import new_id
from routing.model import ChangedMeanwhile, NotFound, OutboundCallState, Promise, Stage, Ticket, TransitionRefused
from routing.ports import Records
from store.records import SqlRecords
from store.retention import purge
from tests.contract.samples import NOW, a_callback, a_caller, a_draft, later, opened_call, opened_ticket, waiting_call
from tests.contract.test_corrections import history
from tests.contract.test_handling import kept

BY = "agent:anna"
SOONER, LATER = Promise("promise_attend", later(600)), Promise("promise_answer", later(9_000))
BO = a_caller(number="+31205550111", name="Bo")


def act(at: float = 10, ticket: Ticket | None = None, key: str | None = None, reason: str = "") -> Act:
    return Act(BY, later(at), standing(ticket) if ticket else None, reason, key)


async def two(records: Records, **merged: Any) -> tuple[Ticket, Ticket]:
    """A ticket that is reported once more, and the one that stays."""
    stays = await opened_ticket(records, promise=LATER, urgency="normal")
    again = {"promise": SOONER, "urgency": "high", "caller": BO, "callback_number": BO.number}
    return await opened_ticket(records, **{**again, **merged}), stays


async def whats(records: Records, ticket: Ticket) -> list[tuple[str, str]]:
    return [(line.what, line.to) for line in await history(records, ticket) if line.what not in ("promise", "stage")]


async def test_the_ticket_that_stays_has_the_earlier_promise_and_the_higher_urgency(records: Records) -> None:
    ticket, stays = await two(records)
    now = await records.handling.merge(ticket.id, stays.id, act(10, ticket, reason="both about the drain"))
    assert (now.stage, now.merged_into, now.stages[Stage.CLOSED]) == (Stage.CLOSED, stays.id, later(10))
    kept_one = await records.tickets.load(stays.id)
    assert (kept_one.draft.promise, kept_one.urgency, kept_one.stage) == (SOONER, "high", Stage.RECORDED)
    assert [each.id for each in await records.handling.merged_into(stays.id)] == [ticket.id]
    assert await whats(records, ticket) == [("merged", stays.number)]
    assert await whats(records, stays) == [("merged_in", ticket.number)]
    if isinstance(records, SqlRecords):
        assert await kept(records, ticket) == [None]


async def test_a_later_promise_and_a_lower_urgency_change_nothing(records: Records) -> None:
    ticket, stays = await two(records, promise=Promise("promise_answer", later(99_999)), urgency="low")
    await records.handling.merge(ticket.id, stays.id, act())
    assert await records.tickets.load(stays.id) == stays


async def test_a_merge_is_undone_whole(records: Records) -> None:
    ticket, stays = await two(records)
    ticket = await records.tickets.move(ticket.id, Stage.ACCEPTED, BY, later(5))
    await records.handling.merge(ticket.id, stays.id, act(10, ticket))
    merged = await records.tickets.load(ticket.id)
    now = await records.handling.undo_merge(ticket.id, act(20, merged))
    assert (now, await records.tickets.load(stays.id)) == (ticket, stays)
    assert await records.handling.merged_into(stays.id) == []
    assert (await whats(records, ticket))[-1] == ("unmerged", stays.number)
    await records.tickets.move(ticket.id, Stage.COMPLETED, BY, later(30))
    if isinstance(records, SqlRecords):
        assert await kept(records, ticket) == [True]


async def test_what_others_that_are_still_merged_were_told_stays(records: Records) -> None:
    ticket, stays = await two(records)
    told = Promise("promise_attend", later(900))
    third = await opened_ticket(records, promise=told, urgency="high", callback_number="+31205550333")
    await records.handling.merge(ticket.id, stays.id, act(10))
    await records.handling.merge(third.id, stays.id, act(11))
    await records.handling.undo_merge(ticket.id, act(20))
    now = await records.tickets.load(stays.id)
    assert (now.urgency, now.draft.promise) == ("high", told)


async def test_what_somebody_has_changed_since_stays(records: Records) -> None:
    ticket, stays = await two(records)
    await records.handling.merge(ticket.id, stays.id, act())
    third = Promise("promise_attend", later(300))
    await records.tickets.set_urgency(stays.id, "critical", BY, later(15), third)
    await records.handling.undo_merge(ticket.id, act(20))
    now = await records.tickets.load(stays.id)
    assert (now.urgency, now.draft.promise) == ("critical", third)


async def test_a_callback_to_the_same_number_is_made_once_in_the_earlier_place(records: Records) -> None:
    ticket, stays = await two(records)
    one = await records.outbound_calls.store(a_callback(stays, id=new_id(), since=later(9), due=later(9)))
    other = await records.outbound_calls.store(a_callback(ticket, id=new_id(), since=later(3)))
    await records.handling.merge(ticket.id, stays.id, act())
    assert (await records.outbound_calls.load(other.id)).state is OutboundCallState.CANCELLED
    assert (await records.outbound_calls.load(one.id)).since == later(3)
    (place,) = await records.queue.waiting()
    assert (place.callback_id, place.since) == (one.id, later(3))
    with pytest.raises(TransitionRefused):
        await records.handling.undo_merge(ticket.id, act(20))


async def test_whoever_is_owed_a_call_at_another_number_is_called_until_the_matter_is_closed(records: Records) -> None:
    ticket, stays = await two(records)
    callback = await records.outbound_calls.store(a_callback(ticket, number="+31205550111"))
    await records.handling.merge(ticket.id, stays.id, act())
    assert (await records.outbound_calls.load(callback.id)).state is OutboundCallState.PENDING
    await records.tickets.move(stays.id, Stage.CLOSED, BY, later(30), "told both")
    assert (await records.outbound_calls.load(callback.id)).state is OutboundCallState.CANCELLED
    with pytest.raises(TransitionRefused):
        await records.handling.undo_merge(ticket.id, act(40))


async def test_whoever_waits_about_a_merged_ticket_moves_with_the_matter(records: Records) -> None:
    ticket, stays = await two(records, urgency="normal")
    entry = await waiting_call(records, ticket_id=ticket.id)
    await records.handling.merge(ticket.id, stays.id, act())
    await records.tickets.set_urgency(stays.id, "critical", BY, later(20))
    await records.handling.assign(stays.id, Assignment("it"), act(21))
    waiting = {found.id: (found.crew, found.urgency) for found in await records.queue.waiting()}
    assert waiting == {entry.id: ("it", "critical")}


async def test_whoever_waits_about_a_merged_ticket_has_the_matters_place_until_that_is_undone(records: Records) -> None:
    ticket, stays = await two(records, urgency="low")
    stays = await records.tickets.set_urgency(stays.id, "critical", BY, later(1))
    await waiting_call(records, ticket_id=ticket.id, urgency="low")
    await records.handling.merge(ticket.id, stays.id, act())
    assert [found.urgency for found in await records.queue.waiting()] == ["critical"]
    await records.handling.undo_merge(ticket.id, act(20))
    assert [found.urgency for found in await records.queue.waiting()] == ["low"]


async def test_its_caller_is_told_of_the_ticket_that_has_the_matter(records: Records) -> None:
    ticket, stays = await two(records)
    assert BO.number
    await records.handling.merge(ticket.id, stays.id, act())
    assert [each.id for each in await records.tickets.of_caller(BO.number)] == [stays.id]


async def test_calls_of_a_merged_ticket_are_the_matters(records: Records) -> None:
    if not isinstance(records, SqlRecords):
        pytest.skip("lists are the database's")
    calls = [await opened_call(records) for _ in range(2)]
    tickets = [await records.tickets.open(a_draft(), call.id, NOW) for call in calls]
    await records.handling.merge(tickets[1].id, tickets[0].id, act())
    assert [each.id for each in await records.archive.calls_of_ticket(tickets[0].id)] == [each.id for each in calls]


async def test_what_cannot_be_merged_is_refused_in_words(records: Records) -> None:
    ticket, stays = await two(records)
    closed = await opened_ticket(records)
    await records.tickets.move(closed.id, Stage.CLOSED, BY, later(1), "told")
    third = await opened_ticket(records)
    await records.handling.merge(third.id, ticket.id, act())
    refused = ((ticket.id, ticket.id), (stays.id, closed.id), (closed.id, stays.id), (ticket.id, stays.id))
    for one, other in (*refused, (stays.id, third.id)):
        with pytest.raises(TransitionRefused, match="ticket"):
            await records.handling.merge(one, other, act(20))
    with pytest.raises(TransitionRefused):
        await records.handling.undo_merge(stays.id, act())
    with pytest.raises(NotFound):
        await records.handling.merge(stays.id, new_id(), act())
    with pytest.raises(ChangedMeanwhile):
        await records.handling.merge(stays.id, ticket.id, Act(BY, later(20), "old"))


async def test_a_merge_is_made_once_and_never_in_a_circle(records: Records) -> None:
    ticket, stays = await two(records)
    for _ in range(2):
        assert (await records.handling.merge(ticket.id, stays.id, act(10, ticket, "k"))).merged_into == stays.id
    assert await whats(records, stays) == [("merged_in", ticket.number)]
    one, other = await two(records)
    tries = [records.handling.merge(one.id, other.id, act()), records.handling.merge(other.id, one.id, act())]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Ticket", "TransitionRefused"]


async def test_related_tickets_know_of_each_other(records: Records) -> None:
    ticket, other = await two(records)
    assert await records.handling.link(ticket.id, other.id, act())
    assert not await records.handling.link(other.id, ticket.id, act())
    assert [each.id for each in await records.handling.linked(ticket.id)] == [other.id]
    assert [each.id for each in await records.handling.linked(other.id)] == [ticket.id]
    assert await records.handling.unlink(other.id, ticket.id, act())
    assert not await records.handling.unlink(ticket.id, other.id, act())
    assert await whats(records, ticket) == [("linked", other.number), ("unlinked", other.number)]
    with pytest.raises(TransitionRefused):
        await records.handling.link(ticket.id, ticket.id, act())


async def test_a_form_whose_link_was_not_heard_of_is_sent_again_as_something_else(records: Records) -> None:
    ticket, stays = await two(records)
    third = await opened_ticket(records)
    for other in (stays, third):
        assert await records.handling.link(ticket.id, other.id, act(key="one-form", reason="about the drain"))
    now = await records.handling.merge(ticket.id, stays.id, act(key="one-form"))
    assert now.merged_into == stays.id


async def test_what_is_private_of_a_merged_ticket_is_kept_from_the_matters_end(records: Records) -> None:
    if not isinstance(records, SqlRecords):
        pytest.skip("nothing is forgotten in memory")
    ticket, stays = await two(records)
    await records.handling.merge(ticket.id, stays.id, act())
    await records.tickets.move(stays.id, Stage.CLOSED, BY, NOW + timedelta(days=60), "told")
    await purge(records, NOW + timedelta(days=140))
    assert (await records.tickets.load(ticket.id)).draft.words
    await purge(records, NOW + timedelta(days=151))
    assert not (await records.tickets.load(ticket.id)).draft.words


async def test_what_is_private_of_a_merged_ticket_is_kept_while_its_matter_is_open(records: Records) -> None:
    if not isinstance(records, SqlRecords):
        pytest.skip("nothing is forgotten in memory")
    ticket, stays = await two(records)
    await records.handling.merge(ticket.id, stays.id, act(reason="both about the drain"))
    await purge(records, NOW + timedelta(days=400))
    assert (await records.tickets.load(ticket.id)).draft.callback_number == BO.number
    assert [line.note for line in await history(records, ticket) if line.what == "merged"] == ["both about the drain"]
