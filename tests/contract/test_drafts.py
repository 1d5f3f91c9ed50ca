"""What people type is kept while they type it: in memory, on SQLite and on PostgreSQL."""

import pytest

from routing.model import Agent, ChangedMeanwhile, Offer, Stage
from routing.ports import Records
from routing.wrap_ups import NO_DISPOSITION, wrap_up_form
from tests.contract.samples import NOW, an_offer, available_agent, later, opened_ticket, waiting_call

TYPED = {"note": "She calls back with the room"}


async def offered(records: Records) -> tuple[Agent, Offer]:
    entry, agent = await waiting_call(records), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    return agent, offer


async def notes(records: Records, offer: Offer) -> list[tuple[str, str]]:
    """Event and note, as the call's timeline has them."""
    events = await records.calls.timeline(offer.call_id or "")
    return [(event.type, event.private["note"]) for event in events if "note" in event.private]


async def test_a_draft_is_its_owners_and_the_latest_counts(records: Records) -> None:
    await records.drafts.keep("anna", "answer-1", {"answer": "The plum"}, NOW)
    await records.drafts.keep("anna", "answer-1", {"answer": "The plumber \x00 came", "to": "closed"}, later(1))
    kept = await records.drafts.of("anna", "answer-1")
    assert (kept["to"], kept["answer"].split()[-1]) == ("closed", "came")
    assert await records.drafts.of("bo", "answer-1") == {}
    await records.drafts.keep("anna", "answer-1", {"answer": ""}, later(2))
    assert await records.drafts.of("anna", "answer-1") == {}


async def test_what_was_typed_when_the_time_ran_out_is_the_note(records: Records) -> None:
    agent, offer = await offered(records)
    await records.drafts.keep(agent.login, wrap_up_form(offer.id), TYPED, later(5))
    assert await records.wrap_ups.wrap_up(offer.id, NO_DISPOSITION, "", agent.id, later(9))
    assert await notes(records, offer) == [("wrap_up", TYPED["note"])]
    assert await records.drafts.of(agent.login, wrap_up_form(offer.id)) == {}


async def test_what_was_typed_and_comes_later_is_added_once(records: Records) -> None:
    agent, offer = await offered(records)
    assert not await records.wrap_ups.add_note(offer.id, "too early", agent.id, later(1))
    await records.wrap_ups.wrap_up(offer.id, NO_DISPOSITION, "She calls", agent.id, later(9))
    for late in ("She calls", TYPED["note"], TYPED["note"], "with the room"):
        assert await records.wrap_ups.add_note(offer.id, late, agent.id, later(10))
    assert await notes(records, offer) == [("wrap_up", "She calls"), ("note.added", TYPED["note"])]
    assert not await records.wrap_ups.add_note(offer.id, "not mine", (await available_agent(records)).id, later(11))


async def test_how_it_ended_may_be_said_once_after_the_time(records: Records) -> None:
    agent, offer = await offered(records)
    assert not await records.wrap_ups.add_note(offer.id, "x", agent.id, later(1), "answered")
    await records.wrap_ups.wrap_up(offer.id, NO_DISPOSITION, "", agent.id, later(9))
    assert await records.wrap_ups.add_note(offer.id, "a plunger", agent.id, later(10), "work_ordered")
    assert not await records.wrap_ups.add_note(offer.id, "a plunger", agent.id, later(11), "answered")
    (late,) = [event for event in await records.calls.timeline(offer.call_id or "") if event.type == "note.added"]
    assert (late.payload["disposition"], late.private["note"]) == ("work_ordered", "a plunger")


async def test_a_note_that_was_sent_is_what_counts(records: Records) -> None:
    agent, offer = await offered(records)
    await records.drafts.keep(agent.login, wrap_up_form(offer.id), {"note": "half a"}, later(5))
    await records.wrap_ups.wrap_up(offer.id, "answered", "half a note, finished", agent.id, later(9))
    assert await notes(records, offer) == [("wrap_up", "half a note, finished")]
    assert await records.drafts.of(agent.login, wrap_up_form(offer.id)) == {}


async def test_who_decides_on_what_is_no_longer_so_is_told(records: Records) -> None:
    ticket = await opened_ticket(records)
    await records.tickets.move(ticket.id, Stage.ACCEPTED, "bo", later(1), seen=Stage.RECORDED)
    with pytest.raises(ChangedMeanwhile):
        await records.tickets.move(ticket.id, Stage.DISPATCHED, "anna", later(2), seen=Stage.RECORDED)
    await records.tickets.set_urgency(ticket.id, "low", "bo", later(3), seen="high")
    with pytest.raises(ChangedMeanwhile):
        await records.tickets.set_urgency(ticket.id, "critical", "anna", later(4), seen="high")


async def test_a_second_try_of_what_was_done_changes_nothing(records: Records) -> None:
    ticket = await opened_ticket(records)
    for at in (1, 2):
        moved = await records.tickets.move(ticket.id, Stage.CLOSED, "anna", later(at), "told", seen=Stage.RECORDED)
    assert moved.stages[Stage.CLOSED] == later(1)
    with pytest.raises(ChangedMeanwhile):
        await records.tickets.move(ticket.id, Stage.CLOSED, "anna", later(3), "told else", seen=Stage.RECORDED)
