"""What the database has of a number is found and deleted, on both databases; nobody else's is."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, func, select

from routing.archive import Action
from routing.corrections import MatterFacts
from routing.identity import new_id
from routing.lifecycle import OfferEvent
from routing.model import CallerId, NewOutcome, QueueEntry
from routing.spellings import Spellings
from routing.wrap_ups import answer_form, wrap_up_form
from store import erasure
from store.audit_chain import verify
from store.records import SqlRecords, open_records
from store.retention import PRIVATE
from store.tables import call_private, ticket_private
from store.tables_dispatch import erasures
from tests.contract.samples import (
    NOW,
    a_call,
    a_callback,
    a_caller,
    a_draft,
    an_event,
    an_offer,
    available_agent,
    later,
    opened_ticket,
    waiting_call,
)

NUMBER = Spellings("+31612345678", "NL")
THEIRS = a_caller(raw="0612345678", number=NUMBER.number, name="Ms Jansen")


@pytest.fixture
async def records(database_url: str) -> AsyncIterator[SqlRecords]:
    async with open_records(database_url, audit_key="key") as opened:
        yield opened


async def left(records: SqlRecords) -> dict[str, int]:
    def count(connection: Connection) -> dict[str, int]:
        queries = {table.name: select(func.count()).select_from(table) for table in PRIVATE}
        return {name: int(connection.execute(query).scalar_one()) for name, query in queries.items()}

    return await records.database.read(count)


async def a_whole_matter(records: SqlRecords, caller: CallerId, number: str) -> None:
    """A row in every private table."""
    call = a_call(caller=caller)
    await records.calls.open(call, [an_event(call.id, private={"text": "it leaks"})])
    await records.calls.save(
        call.id, {"step": "ask"}, outcome=NewOutcome(NOW, {"outcome": "heard", "text": "it leaks"})
    )
    ticket = await records.tickets.open(a_draft(caller=caller, callback_number=number), call.id, NOW)
    said = replace(ticket, draft=replace(ticket.draft, place_text="with Ms Jansen"))
    await records.corrections.make(said, "agent:anna", NOW, MatterFacts.of(ticket).version)
    await records.tickets.add_note(ticket.id, "Ms Jansen is in room 4", "agent:anna", NOW)
    await records.tickets.add_message(ticket.id, f"/var/{call.id}.wav", NOW)
    await records.outbound_calls.store(a_callback(ticket, number=number))
    entry, agent = await waiting_call(records), await available_agent(records)
    offer = an_offer(entry, agent, call_id=entry.call_id, ticket_id=ticket.id)
    assert await records.offers.claim(offer)
    await records.offers.advance(offer.id, OfferEvent.LAPSED, later(5))
    await records.wrap_ups.wrap_up(offer.id, "answered", "Ms Jansen was kind", agent.id, NOW)
    await records.drafts.keep("anna", answer_form(ticket.id), {"answer": "Told Ms Jansen"}, NOW)


async def test_every_private_table_forgets_one_number_and_keeps_the_others(records: SqlRecords) -> None:
    await a_whole_matter(records, a_caller(), "+31205550204")
    others = await left(records)
    await a_whole_matter(records, THEIRS, NUMBER.number)
    found = await erasure.find(records.database, NUMBER)
    assert (len(found.recordings), len(found.open_tickets), len(found.open_outbound_calls)) == (1, 1, 1)
    assert len(found.live_calls) == 1
    gone = await erasure.erase(records.database, found)
    assert all(gone[name] for name in others if others[name])
    after = await left(records)
    assert after == {**others, "call_private": others["call_private"] + 1}  # of the caller who waits beside it
    assert (await erasure.find(records.database, NUMBER)).counts() == dict.fromkeys(others, 0)


@pytest.mark.parametrize(
    ("number", "typed"),
    [
        (NUMBER, {"note": "ring Ms Jansen at 06-12345678"}),
        (Spellings("204", "NL"), {"number": "204", "note": ""}),
    ],
    ids=["in a note", "a field of its own"],
)
async def test_what_somebody_is_typing_about_a_number_is_erased(
    records: SqlRecords, number: Spellings, typed: dict[str, str]
) -> None:
    await records.drafts.keep("anna", "answer-1", typed, NOW)
    await records.drafts.keep("anna", "answer-2", {"note": "room 204, at 12345678"}, NOW)
    found = await erasure.find(records.database, number)
    assert (await erasure.erase(records.database, found))["draft_private"] == 1
    assert await records.drafts.of("anna", "answer-1") == {}
    assert await records.drafts.of("anna", "answer-2")


async def test_a_note_that_is_being_typed_after_a_talk_goes_with_its_call(records: SqlRecords) -> None:
    call = a_call(caller=THEIRS)
    await records.calls.open(call)
    ticket, agent = await opened_ticket(records), await available_agent(records)
    entry = await records.queue.enter(QueueEntry(new_id(), "technical", "normal", NOW, call_id=call.id))
    offer = an_offer(entry, agent, call_id=call.id, ticket_id=ticket.id)
    assert await records.offers.claim(offer)
    await records.drafts.keep(agent.login, wrap_up_form(offer.id), {"note": "she was kind"}, NOW)
    await erasure.erase(records.database, await erasure.find(records.database, NUMBER))
    assert await records.drafts.of(agent.login, wrap_up_form(offer.id)) == {}


async def test_a_number_keyed_in_anothers_call_goes_and_that_call_is_known_to_have_a_gap(records: SqlRecords) -> None:
    call = a_call()
    await records.calls.open(call)
    for told in ({"outcome": "started"}, {"outcome": "pressed", "keys": "0612345678"}, {"outcome": "spoken"}):
        await records.calls.save(call.id, {"step": "ask"}, outcome=NewOutcome(NOW, told))
    assert (await records.calls.history(call.id)).whole
    await erasure.erase(records.database, await erasure.find(records.database, NUMBER))
    history = await records.calls.history(call.id)
    assert (history.outcomes, history.whole) == (({"outcome": "started"}, {"outcome": "spoken"}), False)


async def test_what_matters_and_calls_are_found_by_is_erased(records: SqlRecords) -> None:
    call = a_call(caller=THEIRS)
    await records.calls.open(call)
    await records.tickets.open(a_draft(caller=THEIRS), call.id, NOW)
    other = await opened_ticket(records, words="she rings from 06 1234 5678")
    await erasure.erase(records.database, await erasure.find(records.database, NUMBER))

    def kept(connection: Connection) -> list[str]:
        return [
            text
            for table in (call_private, ticket_private)
            for text in connection.execute(select(table.c.searched)).scalars()
        ]

    assert await records.database.read(kept) == []
    assert (await records.tickets.load(other.id)).draft.words == ""


async def test_the_receipt_and_its_entry_are_kept_together(records: SqlRecords) -> None:
    receipt = erasure.Receipt(new_id(), NOW, "operator:root", NUMBER.mark(b"key"), {"calls": 2})
    told = {"action": str(Action.ERASED), "subject": receipt.id, "detail": {"calls": "2"}}
    await erasure.keep_receipt(records.database, records.site_id, b"key", receipt, told)
    (row,) = await records.database.read(lambda connection: connection.execute(select(erasures)).all())
    assert (row.counts, NUMBER.number in repr(row)) == ({"calls": 2}, False)
    (entry,) = await records.audit.entries(9)
    assert (entry.subject, entry.action) == (receipt.id, "erased")
    assert (await verify(records.database, b"key")).trouble == ""


async def test_a_call_that_lost_its_last_outcomes_does_not_pass_for_whole(records: SqlRecords) -> None:
    """Also where it goes on, and later outcomes take the erased ones' numbers."""
    call = a_call(dialogue={"step": "greet"})
    await records.calls.open(call)
    for told in ({"outcome": "started"}, {"outcome": "pressed", "keys": "0612345678"}):
        await records.calls.save(call.id, {"step": "ask"}, outcome=NewOutcome(NOW, told))
    assert (await records.calls.history(call.id)).begun
    await erasure.erase(records.database, await erasure.find(records.database, NUMBER))
    await records.calls.save(call.id, {"step": "bye"}, outcome=NewOutcome(later(9), {"outcome": "spoken"}))
    history = await records.calls.history(call.id)
    assert len(history.outcomes) == 2
    assert not history.begun  # without which nothing is run again
