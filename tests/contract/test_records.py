"""Calls, timelines and tickets: memory, SQLite and PostgreSQL keep the same promises."""

import asyncio
from dataclasses import replace

import pytest

from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import CallEvent
from routing.model import (
    CallerId,
    CallHistory,
    CallState,
    Intake,
    IntakeSource,
    NewOutcome,
    NotFound,
    Promise,
    Stage,
    TransitionRefused,
)
from routing.ports import Records
from tests.contract.samples import (
    NASTY,
    NOW,
    a_call,
    a_callback,
    a_caller,
    a_draft,
    an_event,
    later,
    opened_call,
    opened_ticket,
    waiting_call,
)


async def test_what_came_of_a_calls_actions_is_kept_in_order_beside_its_beginning(records: Records) -> None:
    call, other = a_call(dialogue={"step": "greet"}), await opened_call(records)
    await records.calls.open(call)
    for told in ({"outcome": "started"}, {"outcome": "pressed", "keys": "12"}):
        await records.calls.save(call.id, {"step": "ask"}, outcome=NewOutcome(NOW, told))
        await records.calls.save(other.id, {}, outcome=NewOutcome(NOW, {"outcome": "silence"}))
        await records.calls.save(call.id, {"step": "ask"})
    history = await records.calls.history(call.id)
    assert history == CallHistory({"step": "greet"}, ({"outcome": "started"}, {"outcome": "pressed", "keys": "12"}))
    with pytest.raises(NotFound):
        await records.calls.history(new_id())


async def test_a_call_is_found_as_it_was_recorded(records: Records) -> None:
    call = a_call(dialogue={"step": "greet", "facts": {"place": "ward-4"}}, language="nl")
    assert await records.calls.open(call) is True
    assert await records.calls.load(call.id) == call


async def test_a_known_call_is_not_opened_again(records: Records) -> None:
    call = await opened_call(records)
    assert await records.calls.open(replace(call, dnis="999"), [an_event(call.id)]) is False
    assert (await records.calls.load(call.id)).dnis == call.dnis
    assert await records.calls.timeline(call.id) == []


async def test_an_unknown_call_is_not_found(records: Records) -> None:
    with pytest.raises(NotFound):
        await records.calls.load(new_id())
    with pytest.raises(NotFound):
        await records.calls.save(new_id(), {})
    with pytest.raises(NotFound):
        await records.calls.end(new_id(), "hangup", NOW)


async def test_events_of_an_unknown_call_are_refused_all_together(records: Records) -> None:
    call = await opened_call(records)
    with pytest.raises(NotFound):
        await records.calls.append([an_event(call.id), an_event(new_id())])
    assert await records.calls.timeline(call.id) == []


async def test_state_and_events_are_saved_together_and_in_order(records: Records) -> None:
    call = await opened_call(records)
    await records.calls.save(
        call.id, {"step": "ask"}, [an_event(call.id, EventType.STEP), an_event(call.id, EventType.KEY)]
    )
    heard = an_event(
        call.id, EventType.HEARD, payload={"confidence": 0.5}, private={"text": "the drain"}, actor="caller"
    )
    await records.calls.append([heard])
    timeline = await records.calls.timeline(call.id)
    assert [(event.seq, event.type) for event in timeline] == [(1, "step"), (2, "key"), (3, "heard")]
    assert (timeline[2].payload, timeline[2].private) == ({"confidence": 0.5}, {"text": "the drain"})
    assert (timeline[2].at, timeline[2].actor, timeline[2].leg) == (NOW, "caller", "PJSIP/1")
    assert len({event.id for event in timeline}) == 3
    assert (await records.calls.load(call.id)).dialogue == {"step": "ask"}


async def test_many_writers_of_one_timeline_never_share_a_number(records: Records) -> None:
    call = await opened_call(records)
    await asyncio.gather(*(records.calls.append([an_event(call.id), an_event(call.id)]) for _ in range(25)))
    assert [event.seq for event in await records.calls.timeline(call.id)] == list(range(1, 51))


async def test_a_call_ends_once_and_gives_up_its_place(records: Records) -> None:
    entry = await waiting_call(records)
    assert entry.call_id is not None
    assert await records.calls.end(
        entry.call_id, "caller hung up", later(5), [an_event(entry.call_id, EventType.CALL_ENDED)]
    )
    assert not await records.calls.end(
        entry.call_id, "again", later(6), [an_event(entry.call_id, EventType.CALL_ENDED)]
    )
    call = await records.calls.load(entry.call_id)
    assert (call.state, call.ending, call.ended_at) == (CallState.ENDED, "caller hung up", later(5))
    assert len(await records.calls.timeline(call.id)) == 1
    assert await records.queue.waiting() == []
    assert await records.calls.live() == []


async def test_what_is_saved_after_the_end_does_not_bring_a_call_back(records: Records) -> None:
    call = await opened_call(records)
    await records.calls.end(call.id, "hangup", NOW)
    await records.calls.save(call.id, {"step": "late"}, [an_event(call.id)], CallEvent.RESUMED)
    assert (await records.calls.load(call.id)).state is CallState.ENDED


async def test_hostile_text_is_kept_as_text(records: Records) -> None:
    call = a_call(dnis=NASTY, caller=a_caller(raw=NASTY, name=NASTY, number=None))
    assert await records.calls.open(call, [an_event(call.id, private={"name": NASTY}, payload={"to": NASTY})])
    ticket = await records.tickets.open(a_draft(words=NASTY, place_text=NASTY, caller=call.caller), call.id, NOW, NASTY)
    stored = await records.calls.load(call.id)
    assert stored.caller.name.startswith("Bobby\r\nApplication: System")
    assert "DROP TABLE" in (await records.tickets.load(ticket.id)).draft.words
    assert len(await records.calls.timeline(call.id)) == 1


async def test_a_ticket_is_found_as_it_was_opened(records: Records) -> None:
    call = await opened_call(records)
    draft = a_draft(place_text="behind the lift", asset="drain-4")
    ticket = await records.tickets.open(draft, call.id, NOW)
    assert ticket.draft == draft
    assert (ticket.stage, ticket.stages) == (Stage.RECORDED, {Stage.RECORDED: NOW})
    assert await records.tickets.load(ticket.id) == ticket
    assert await records.tickets.by_number(ticket.number) == ticket
    assert await records.tickets.of_call(call.id) == [ticket]


@pytest.mark.parametrize("reporter", [None, CallerId(), a_caller()], ids=["nobody", "unknown", "known"])
@pytest.mark.parametrize("source", IntakeSource)
async def test_whence_a_matter_came_is_kept(records: Records, source: IntakeSource, reporter: CallerId | None) -> None:
    intake = Intake(source, reporter, "agent:anna")
    ticket = await records.tickets.open(a_draft(intake=intake), None, NOW, "desk-17")
    assert (await records.tickets.load(ticket.id)).draft.intake == intake
    corrected = await records.tickets.correct(ticket.id, a_draft(place="ward-5"), "line", NOW)
    assert (corrected.draft.intake, corrected.draft.place) == (intake, "ward-5")
    found = await records.tickets.of_caller(a_caller().number or "")
    assert [each.id for each in found] == ([ticket.id] if reporter and reporter.number else [])


async def test_ticket_numbers_are_unique_under_concurrency(records: Records) -> None:
    tickets = await asyncio.gather(*(opened_ticket(records) for _ in range(60)))
    assert len({ticket.number for ticket in tickets}) == 60


async def test_a_repeated_opening_finds_the_same_ticket(records: Records) -> None:
    call = await opened_call(records)
    opened = [records.tickets.open(a_draft(), call.id, NOW, "spool-17") for _ in range(10)]
    assert len({ticket.id for ticket in await asyncio.gather(*opened)}) == 1
    assert len(await records.tickets.of_call(call.id)) == 1


async def test_no_number_no_ticket(records: Records) -> None:
    ticket = await opened_ticket(records)
    assert await records.tickets.by_number("") is None
    assert await records.tickets.by_number("1' OR '1'='1") is None
    assert await records.tickets.by_number(ticket.number[::-1] + "0") is None
    with pytest.raises(NotFound):
        await records.tickets.load(new_id())


async def test_two_calls_may_share_a_ticket_and_a_call_have_two(records: Records) -> None:
    first, second = await opened_call(records), await opened_call(records)
    ticket = await records.tickets.open(a_draft(), first.id, NOW)
    other = await records.tickets.open(a_draft(topic="login"), second.id, later(1))
    await records.tickets.join(ticket.id, second.id, later(2))
    await records.tickets.join(ticket.id, second.id, later(3))
    assert {found.id for found in await records.tickets.of_call(second.id)} == {ticket.id, other.id}


async def test_open_matters_are_found_by_place_and_by_caller(records: Records) -> None:
    first = await opened_ticket(records)
    second = await opened_ticket(records)
    await opened_ticket(records, place="ward-5", caller=a_caller(number="204"))
    await records.tickets.move(second.id, Stage.CLOSED, "anna", later(9), "told at once")
    third = await opened_ticket(records)
    assert [found.id for found in await records.tickets.open_at("plumbing", "ward-4")] == [first.id, third.id]
    assert [found.id for found in await records.tickets.of_caller("+31205550204")] == [third.id, first.id]


async def test_stages_have_their_times_and_closing_takes_an_answer(records: Records) -> None:
    ticket = await opened_ticket(records)
    await records.tickets.move(ticket.id, Stage.ACCEPTED, "anna", later(10))
    await records.tickets.move(ticket.id, Stage.COMPLETED, "anna", later(20))
    with pytest.raises(TransitionRefused):
        await records.tickets.move(ticket.id, Stage.CLOSED, "anna", later(30))
    with pytest.raises(TransitionRefused):
        await records.tickets.move(ticket.id, Stage.ACCEPTED, "anna", later(30))
    closed = await records.tickets.move(ticket.id, Stage.CLOSED, "anna", later(30), "the drain runs again")
    assert closed.answer == "the drain runs again"
    assert closed.stages == {
        Stage.RECORDED: NOW, Stage.ACCEPTED: later(10), Stage.COMPLETED: later(20), Stage.CLOSED: later(30)
    }  # fmt: skip
    assert await records.tickets.load(ticket.id) == closed


async def test_only_one_of_two_people_moves_a_ticket(records: Records) -> None:
    ticket = await opened_ticket(records)
    moves = [records.tickets.move(ticket.id, Stage.ACCEPTED, f"agent{n}", later(n)) for n in range(8)]
    results = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert all(isinstance(result, TransitionRefused) for result in results if isinstance(result, Exception))


async def test_a_persons_urgency_stands_beside_the_suggestion(records: Records) -> None:
    ticket = await opened_ticket(records)
    changed = await records.tickets.set_urgency(ticket.id, "critical", "anna", later(5))
    assert (changed.urgency, changed.urgency_set, changed.draft.urgency) == ("critical", "critical", "high")


async def test_a_correction_changes_what_it_names_and_keeps_the_promise(records: Records) -> None:
    ticket = await opened_ticket(records)
    now = replace(ticket.draft, place="ward-5", words="no, ward five", promise=Promise("promise_answer", later(900)))
    await records.tickets.correct(ticket.id, now, "caller", later(5))
    draft = (await records.tickets.load(ticket.id)).draft
    assert (draft.place, draft.words, draft.promise) == ("ward-5", "no, ward five", ticket.draft.promise)


async def test_a_correction_leaves_alone_what_it_does_not_name(records: Records) -> None:
    ticket = await opened_ticket(records, asset="lift-2", place_text="by the stairs")
    now = replace(ticket.draft, topic="person", urgency="low", crew="dispatch", place="ward-5", place_text=None, why=())
    told = await records.tickets.correct(ticket.id, now, "caller", later(5), ["place", "place_text"])
    assert told.draft == replace(ticket.draft, place="ward-5", place_text=None)
    assert (await records.tickets.load(ticket.id)).draft == told.draft


async def test_a_message_is_attached_once(records: Records) -> None:
    ticket = await opened_ticket(records)
    await records.tickets.add_message(ticket.id, "spool/1.wav", NOW)
    await records.tickets.add_message(ticket.id, "spool/1.wav", NOW)
    with pytest.raises(NotFound):
        await records.tickets.add_message(new_id(), "spool/1.wav", NOW)


async def test_a_promise_keeps_its_words(records: Records) -> None:
    ticket = await opened_ticket(records, promise=Promise("promise_answer", later(86_400)))
    assert (await records.tickets.load(ticket.id)).draft.promise == Promise("promise_answer", later(86_400))


async def test_whoever_waits_moves_with_the_urgency_that_a_person_sets(records: Records) -> None:
    ticket = await opened_ticket(records)
    entry = await waiting_call(records, ticket_id=ticket.id)
    callback = await records.outbound_calls.store(a_callback(ticket))
    await records.tickets.set_urgency(ticket.id, "critical", "anna", later(5))
    waiting = {found.id: found.urgency for found in await records.queue.waiting()}
    assert len(waiting) == 2
    assert waiting[entry.id] == "critical"
    assert set(waiting.values()) == {"critical"}
    assert (await records.outbound_calls.load(callback.id)).urgency == "critical"
