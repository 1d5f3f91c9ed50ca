"""What is kept for the floor, and what its figures are made from: in memory, on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.contacts import ContactEnd, contacts_of
from routing.event_types import EventType
from routing.floor import DuePromise
from routing.help_requests import HelpEvent, HelpRequest, HelpState
from routing.identity import new_id
from routing.model import NotFound, Promise, Stage
from routing.notices import Notice
from routing.ports import Records
from routing.wall_links import WallLink
from store.records import SqlRecords
from store.retention import purge
from tests.contract.samples import NASTY, NOW, an_agent, an_event, later, opened_call, opened_ticket


async def test_events_of_those_who_waited_are_found_by_time(records: Records) -> None:
    call, outbound = await opened_call(records), await opened_call(records, direction="outbound")
    entered = an_event(call.id, EventType.QUEUE_ENTERED, at=later(5), payload={"crew": "it"})
    answered = an_event(call.id, EventType.AGENT_ANSWERED, at=later(30))
    early = an_event(call.id, EventType.QUEUE_LEFT, at=later(-1))
    other = an_event(call.id, EventType.HEARD, at=later(6), private={"text": "the drain"})
    await records.calls.append([early, entered, other, answered])
    await records.calls.append([replace(entered, call_id=outbound.id)])
    found = await records.floor.figures.contact_events(NOW, later(31))
    assert [(each.type, each.at) for each in found] == [
        (EventType.QUEUE_ENTERED, later(5)), (EventType.AGENT_ANSWERED, later(30)),
    ]  # fmt: skip
    assert len(await records.floor.figures.contact_events(NOW, later(30))) == 1
    (contact,) = contacts_of(found)
    assert (contact.crew, contact.end, contact.waited_s(NOW)) == ("it", ContactEnd.ANSWERED, 25)


async def test_promises_that_are_neither_kept_nor_broken_are_found_until_they_are(records: Records) -> None:
    async def promised(what: str, due_s: float) -> str:
        return (await opened_ticket(records, promise=Promise(what, later(due_s)))).id

    later_one, attend, answer = (
        await promised("promise_attend", 3_600), await promised("promise_attend", 60),
        await promised("promise_answer", -60),
    )  # fmt: skip
    open_ones = records.floor.figures.promises
    assert await open_ones(later(3_600)) == [DuePromise(answer, later(-60)), DuePromise(attend, later(60))]
    for stage in (Stage.ACCEPTED, Stage.ARRIVED):
        for ticket in (attend, answer):
            await records.tickets.move(ticket, stage, "agent:anna", later(9))
    assert await open_ones(later(3_601)) == [DuePromise(answer, later(-60)), DuePromise(later_one, later(3_600))]
    await records.tickets.move(answer, Stage.CLOSED, "agent:anna", later(10), "told")
    moved = Promise("promise_attend", later(90))
    await records.tickets.set_urgency(later_one, "critical", "agent:anna", later(11), moved)
    assert await open_ones(later(3_601)) == [DuePromise(later_one, later(90))]


async def test_an_agent_has_one_call_for_help(records: Records) -> None:
    anna, bo = an_agent(), an_agent()
    for agent in (anna, bo):
        await records.agents.enrol(agent)
    help = records.floor.help
    asked, others = HelpRequest(new_id(), anna.id, later(2)), HelpRequest(new_id(), bo.id, later(1))
    assert await help.ask(asked)
    assert await help.ask(others)
    assert not await help.ask(HelpRequest(new_id(), anna.id, later(3)))
    assert await help.open() == [others, asked]
    assert await help.advance(asked.id, HelpEvent.TAKEN, later(4), "agent:chen")
    assert not await help.advance(asked.id, HelpEvent.TAKEN, later(5), "agent:bo")
    taken = replace(asked, state=HelpState.TAKEN, taken_by="agent:chen", taken_at=later(4))
    assert await help.load(asked.id) == taken
    assert await help.advance(asked.id, HelpEvent.ENDED, later(6))
    assert not await help.advance(asked.id, HelpEvent.ENDED, later(7))
    assert await help.load(asked.id) == replace(taken, state=HelpState.OVER, ended_at=later(6))
    assert await help.open() == [others]
    assert await help.ask(HelpRequest(new_id(), anna.id, later(8)))
    with pytest.raises(NotFound):
        await help.load(new_id())


async def test_notices_stand_until_their_end_and_are_put_away_one_by_one(records: Records) -> None:
    notices = records.floor.notices
    first, second = (Notice(new_id(), text, "agent:chen", later(n), later(60)) for n, text in enumerate((NASTY, "b")))
    for notice in (first, second):
        await notices.post(notice)
    found = await notices.standing(later(59))
    assert [each.id for each in found] == [second.id, first.id]
    assert "DROP TABLE" in found[1].text
    assert found[0] == second
    assert await notices.standing(later(60)) == []
    for _ in range(2):
        await notices.dismiss(first.id, "anna")
    await notices.dismiss(new_id(), "anna")
    assert await notices.dismissed("anna", [first.id, second.id]) == {first.id}
    assert await notices.dismissed("bo", [first.id, second.id]) == frozenset()
    assert await notices.dismissed("anna", []) == frozenset()
    assert await notices.withdraw(second.id, later(2))
    assert not await notices.withdraw(second.id, later(3))
    assert not await notices.withdraw(first.id, later(60))
    assert [each.id for each in await notices.standing(later(3))] == [first.id]


async def test_links_are_known_by_the_hash_of_their_token(records: Records) -> None:
    walls = records.floor.walls
    old, new = (WallLink(new_id(), name, "agent:admin", later(n)) for n, name in enumerate(("door", "room 2")))
    await walls.make(old, "hash-old")
    await walls.make(new, "hash-new")
    assert await walls.standing() == [new, old]
    assert (await walls.of_token("hash-old"), await walls.of_token("hash")) == (old, None)
    assert await walls.withdraw(old.id, later(5))
    assert not await walls.withdraw(old.id, later(6))
    assert (await walls.of_token("hash-old"), await walls.standing()) == (None, [new])


async def test_what_a_notice_said_is_forgotten_a_week_after_its_end(records: Records) -> None:
    if not isinstance(records, SqlRecords):
        return
    notice = Notice(new_id(), "a", "agent:chen", NOW, later(60))
    await records.floor.notices.post(notice)
    await records.floor.notices.dismiss(notice.id, "anna")
    assert (await purge(records, later(60) + timedelta(days=7)))["notice_private"] == 0
    assert (await purge(records, later(61) + timedelta(days=7)))["notice_private"] == 1
    assert await records.floor.notices.dismissed("anna", [notice.id]) == frozenset()
