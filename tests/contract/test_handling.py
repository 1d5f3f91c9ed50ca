"""Tickets given to somebody, taken a stage back, reopened: in memory, on SQLite and on PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import select

from routing.acts import Act, standing
from routing.archive import TicketChange
from routing.handling import Assignment
from routing.identity import new_id
from routing.model import ChangedMeanwhile, NotFound, Promise, Stage, Ticket, TransitionRefused
from routing.ports import Records
from store.records import SqlRecords
from store.tables import promises
from tests.contract.samples import NASTY, NOW, later, opened_ticket, waiting_call
from tests.contract.test_corrections import history

BY = "agent:anna"
AGAIN = Promise("promise_attend", later(9_000))


def act(at: float = 1, ticket: Ticket | None = None, reason: str = "", key: str | None = None) -> Act:
    return Act(BY, later(at), standing(ticket) if ticket else None, reason, key)


async def moved(records: Records, ticket: Ticket, *stages: Stage) -> Ticket:
    for number, stage in enumerate(stages):
        answer = "told" if stage is Stage.CLOSED else None
        ticket = await records.tickets.move(ticket.id, stage, BY, later(number + 1), answer)
    return ticket


def told(lines: list[TicketChange]) -> list[tuple[str, str, str]]:
    return [(line.what, line.to, line.note) for line in lines if line.what not in ("stage", "promise")]


async def kept(records: Records, ticket: Ticket) -> list[bool | None]:
    """Whether its promises were kept, in the order in which they were made; None: they are open, or were replaced."""
    assert isinstance(records, SqlRecords)
    query = select(promises.c.kept).where(promises.c.ticket_id == ticket.id).order_by(promises.c.id)
    return await records.database.read(lambda connection: list(connection.scalars(query)))


async def test_a_ticket_is_given_to_a_person_and_to_a_crew(records: Records) -> None:
    ticket = await opened_ticket(records)
    entry = await waiting_call(records, ticket_id=ticket.id)
    general = await waiting_call(records, ticket_id=ticket.id, crew="dispatch")
    anna = await records.handling.assign(ticket.id, Assignment("technical", "anna"), act(1, ticket, "mine"))
    assert (anna.assignee, await records.tickets.load(ticket.id)) == ("anna", anna)
    it = await records.handling.assign(ticket.id, Assignment("it"), act(2, anna), "dispatch")
    assert (it.assignee, it.draft.crew) == (None, "it")
    waiting = {found.id: found.crew for found in await records.queue.waiting()}
    assert waiting == {entry.id: "it", general.id: "dispatch"}
    assert told(await history(records, ticket)) == [("assigned", "anna", "mine"), ("given", "it", "")]


async def test_who_gives_away_what_another_has_taken_is_refused(records: Records) -> None:
    ticket = await opened_ticket(records)
    tries = [
        records.handling.assign(ticket.id, Assignment("technical", login), act(1, ticket)) for login in ("anna", "bo")
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["ChangedMeanwhile", "Ticket"]


async def test_an_act_is_done_once_for_its_key(records: Records) -> None:
    ticket = await moved(records, await opened_ticket(records), Stage.DISPATCHED, Stage.ACCEPTED)
    for _ in range(2):
        now = await records.handling.assign(ticket.id, Assignment("it", "bo"), act(3, ticket, "x" * 9, "k1"))
        assert now.assignee == "bo"
    back = act(4, now, "too early", "k2")
    for _ in range(2):
        assert (await records.handling.take_back(ticket.id, Stage.DISPATCHED, back)).stage is Stage.DISPATCHED
    closed = await moved(records, ticket, Stage.CLOSED)
    reopening = act(6, closed, "leaks again", "k3")
    for _ in range(2):
        assert (await records.handling.reopen(ticket.id, AGAIN, reopening)).stage is Stage.RECORDED
    whats = [what for what, _, _ in told(await history(records, ticket))]
    assert whats == ["given", "assigned", "back", "reopened"]


async def test_a_stage_is_taken_back_and_its_promise_is_owed_again(records: Records) -> None:
    ticket = await moved(records, await opened_ticket(records), Stage.DISPATCHED, Stage.ACCEPTED, Stage.ARRIVED)
    now = await records.handling.take_back(ticket.id, Stage.DISPATCHED, act(9, ticket, NASTY))
    assert (now.stage, set(now.stages)) == (Stage.DISPATCHED, {Stage.RECORDED, Stage.DISPATCHED})
    ((what, to, note),) = told(await history(records, ticket))
    assert (what, to, "DROP TABLE" in note) == ("back", "dispatched", True)
    with pytest.raises(TransitionRefused):
        await records.handling.take_back(ticket.id, Stage.ARRIVED, act(10))
    again = await moved(records, now, Stage.ACCEPTED, Stage.ARRIVED)
    assert again.stage is Stage.ARRIVED
    if isinstance(records, SqlRecords):
        assert await kept(records, ticket) == [True]
        await records.handling.take_back(ticket.id, Stage.ACCEPTED, act(11))
        assert await kept(records, ticket) == [None]


async def test_a_reopened_ticket_begins_anew_and_wants_another_answer(records: Records) -> None:
    ticket = await moved(records, await opened_ticket(records), Stage.ACCEPTED, Stage.CLOSED)
    with pytest.raises(ChangedMeanwhile):
        await records.handling.reopen(ticket.id, AGAIN, Act(BY, later(5), "old"))
    now = await records.handling.reopen(ticket.id, AGAIN, act(5, ticket, "it drips still"))
    assert (now.stage, now.reopened_at, now.draft.promise) == (Stage.RECORDED, later(5), AGAIN)
    assert (now.answer, list(now.stages)) == (None, [Stage.RECORDED])
    with pytest.raises(TransitionRefused):
        await records.tickets.move(ticket.id, Stage.CLOSED, BY, later(6))
    assert ("reopened", "", "it drips still") in told(await history(records, ticket))
    if isinstance(records, SqlRecords):
        assert await kept(records, ticket) == [True, None]
    await records.tickets.move(ticket.id, Stage.CLOSED, BY, later(7), "really")
    assert (await records.tickets.load(ticket.id)).answer == "really"


async def test_what_is_not_there_is_not_found(records: Records) -> None:
    for work in (
        records.handling.assign(new_id(), Assignment("it"), act()),
        records.handling.take_back(new_id(), Stage.RECORDED, act()),
        records.handling.reopen(new_id(), Promise("promise_attend", NOW), act()),
    ):
        with pytest.raises(NotFound):
            await work
