"""What people correct of tickets, and write on them: in memory, on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from routing.archive import TicketChange
from routing.corrections import CorrectedMeanwhile, Correction, MatterFacts
from routing.fake import MemoryRecords
from routing.identity import new_id
from routing.model import NotFound, Promise, Stage, Ticket
from routing.ports import Records
from store.records import SqlRecords
from store.retention import purge
from tests.contract.samples import NASTY, NOW, a_callback, later, opened_ticket, waiting_call

BY = "agent:anna"


def changed(ticket: Ticket, urgency_set: str | None = None, **draft: Any) -> Ticket:
    return replace(ticket, draft=replace(ticket.draft, **draft), urgency_set=urgency_set)


def version(ticket: Ticket) -> str:
    return MatterFacts.of(ticket).version


async def history(records: Records, ticket: Ticket) -> list[TicketChange]:
    """The ticket's own, but for how it was opened."""
    if isinstance(records, SqlRecords):
        return list(await records.archive.ticket_history(ticket.id))[1:]
    assert isinstance(records, MemoryRecords)
    return [change for ticket_id, change in records.state.notes if ticket_id == ticket.id]


def told(made: list[Correction]) -> set[tuple[str, str | None, str | None]]:
    return {(each.field, each.before, each.after) for each in made}


async def test_a_correction_stands_and_what_was_said_before_is_kept(records: Records) -> None:
    ticket = await opened_ticket(records)
    after = changed(
        ticket, "low", topic="lift", crew="it", place=None, place_text="the cellar", callback_number="204",
        confidence=None, why=(), promise=Promise("promise_attend", later(60)),
    )  # fmt: skip
    now = await records.corrections.make(after, BY, later(5), version(ticket), why="they rang again")
    assert await records.tickets.load(ticket.id) == now == after
    made = list(await records.corrections.of_ticket(ticket.id))
    assert {(each.ticket_id, each.actor, each.at) for each in made} == {(ticket.id, BY, later(5))}
    assert told(made) == {
        ("topic", "plumbing", "lift"), ("crew", "technical", "it"), ("place", "ward-4", None),
        ("place_text", None, "the cellar"), ("callback_number", "+31205550204", "204"), ("urgency", "high", "low"),
    }  # fmt: skip
    assert [each.confidence for each in made if each.field == "topic"] == [0.93]
    if isinstance(records, SqlRecords):
        lines = await history(records, ticket)
        assert [(line.what, line.actor, line.note) for line in lines] == [
            ("corrected", BY, "they rang again"), ("promise", BY, "")
        ]  # fmt: skip
        assert list(lines[0].corrections) == made
        assert [found.id for found in await records.tickets.open_at("lift", "ward-4")] == []


async def test_who_corrects_what_is_no_longer_so_is_told_what_it_says_now(records: Records) -> None:
    ticket = await opened_ticket(records)
    first = await records.corrections.make(changed(ticket, topic="lift"), "agent:bo", later(1), version(ticket))
    with pytest.raises(CorrectedMeanwhile) as refused:
        await records.corrections.make(changed(ticket, place="ward-5"), BY, later(2), version(ticket))
    assert refused.value.ticket == first == await records.tickets.load(ticket.id)
    assert len(await records.corrections.of_ticket(ticket.id)) == 1


async def test_of_many_who_correct_at_once_one_does(records: Records) -> None:
    ticket = await opened_ticket(records)
    tries = [
        records.corrections.make(changed(ticket, topic=f"topic-{n}"), f"agent:{n}", later(n), version(ticket))
        for n in range(4)
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, CorrectedMeanwhile) for each in done) == 3, done
    assert len(await records.corrections.of_ticket(ticket.id)) == 1


async def test_a_repeat_of_what_was_corrected_changes_nothing(records: Records) -> None:
    ticket = await opened_ticket(records)
    for at in (1, 2):
        await records.corrections.make(changed(ticket, place="ward-5"), BY, later(at), version(ticket))
    assert [each.at for each in await records.corrections.of_ticket(ticket.id)] == [later(1)]


async def test_what_moves_on_meanwhile_stays_and_a_finished_one_keeps_its_promise(records: Records) -> None:
    ticket = await opened_ticket(records)
    await records.tickets.move(ticket.id, Stage.CLOSED, BY, later(3), "told")
    after = changed(ticket, topic="lift", promise=Promise("promise_answer", later(9)))
    now = await records.corrections.make(after, BY, later(5), version(ticket))
    assert (now.stage, now.answer, now.draft.topic) == (Stage.CLOSED, "told", "lift")
    assert now.draft.promise == ticket.draft.promise


async def test_whoever_waits_moves_with_a_corrected_matter(records: Records) -> None:
    ticket = await opened_ticket(records)
    entry = await waiting_call(records, ticket_id=ticket.id)
    general = await waiting_call(records, ticket_id=ticket.id, crew="dispatch")
    callback = await records.outbound_calls.store(a_callback(ticket))
    after = changed(ticket, "critical", crew="it", callback_number="204")
    await records.corrections.make(after, BY, later(5), version(ticket), "dispatch")
    waiting = {found.id: (found.crew, found.urgency) for found in await records.queue.waiting()}
    assert (waiting.pop(entry.id), waiting.pop(general.id)) == (("it", "critical"), ("dispatch", "critical"))
    assert list(waiting.values()) == [("it", "critical")]
    owed = await records.outbound_calls.load(callback.id)
    assert (owed.crew, owed.urgency, owed.number) == ("it", "critical", "204")


async def test_who_waits_for_the_general_crew_stays_there(records: Records) -> None:
    ticket = await opened_ticket(records)
    entry = await waiting_call(records, ticket_id=ticket.id)
    await records.corrections.make(changed(ticket, crew="it"), BY, later(5), version(ticket), "technical")
    assert [(found.id, found.crew) for found in await records.queue.waiting()] == [(entry.id, "technical")]


async def test_hostile_text_is_corrected_as_text(records: Records) -> None:
    ticket = await opened_ticket(records)
    await records.corrections.make(changed(ticket, place=None, place_text=NASTY), NASTY, later(1), version(ticket))
    assert await records.tickets.add_note(ticket.id, NASTY, NASTY, later(2), NASTY)
    made = await records.corrections.of_ticket(ticket.id)
    assert any("DROP TABLE" in (each.after or "") for each in made)
    assert "DROP TABLE" in (await history(records, ticket))[-1].note


async def test_a_note_is_added_at_any_time_and_once_for_its_key(records: Records) -> None:
    ticket = await opened_ticket(records)
    other = await opened_ticket(records)
    await records.tickets.move(ticket.id, Stage.CLOSED, BY, later(1), "told")
    added = [
        await records.tickets.add_note(ticket.id, "no answer", BY, later(2), key) for key in ("k1", "k1", None, None)
    ]
    assert added == [True, False, True, True]
    assert await records.tickets.add_note(other.id, "no answer", BY, later(2), "k1")
    notes = [change for change in await history(records, ticket) if change.what == "note"]
    assert [(note.note, note.actor, note.at) for note in notes] == [("no answer", BY, later(2))] * 3
    with pytest.raises(NotFound):
        await records.tickets.add_note(new_id(), "nowhere", BY, later(3))


async def test_what_is_private_of_a_correction_is_forgotten_and_the_rest_stays(records: Records) -> None:
    if not isinstance(records, SqlRecords):
        pytest.skip("nothing is forgotten in memory")
    ticket = await opened_ticket(records)
    after = changed(ticket, topic="lift", callback_number="204", place=None, place_text="the cellar")
    await records.corrections.make(after, BY, later(1), version(ticket))
    await purge(records, NOW + timedelta(days=400))
    assert ("callback_number", "+31205550204", "204") in told(list(await records.corrections.of_ticket(ticket.id)))
    await records.tickets.move(ticket.id, Stage.CLOSED, BY, NOW + timedelta(days=400), "told")
    await purge(records, NOW + timedelta(days=489))
    assert ("place_text", None, "the cellar") in told(list(await records.corrections.of_ticket(ticket.id)))
    await purge(records, NOW + timedelta(days=491))
    left = told(list(await records.corrections.of_ticket(ticket.id)))
    assert left == {
        ("topic", "plumbing", "lift"), ("place", "ward-4", None), ("place_text", None, None),
        ("callback_number", None, None),
    }  # fmt: skip
