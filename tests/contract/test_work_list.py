"""The work list, and what people keep of it: on SQLite and PostgreSQL, and in memory where that has it."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from routing.archive import TicketQuery
from routing.event_types import EventType
from routing.identity import new_id
from routing.model import URGENCY_ORDER, Promise, Stage, Ticket
from routing.ports import Records
from routing.work_list import (
    MOST_FILTERS,
    Cursor,
    Order,
    Overview,
    SavedFilter,
    TooMany,
    Viewer,
    WaitsOn,
    belongs,
    place_in,
)
from store.archive import ids_of_tickets
from store.records import SqlRecords, open_records
from store.work_list import in_order as in_order_of
from tests.contract.samples import NASTY, NOW, a_callback, a_draft, an_event, later, opened_call

ANNA = Viewer("anna", frozenset({"technical", "it"}), later(3_600))
TICKETS = 24


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[SqlRecords]:
    async with open_records(database_url) as records:
        yield records


async def some_tickets(records: SqlRecords, seed: int) -> list[Ticket]:
    """Of all crews, urgencies and stages; some due at the same moment, some with a callback."""
    chance, made = random.Random(seed), []
    for number in range(TICKETS):
        due = Promise("promise_answer", later(chance.randrange(0, 12) * 1_000))
        draft = a_draft(
            crew=chance.choice(("technical", "logistics")), urgency=chance.choice(URGENCY_ORDER), promise=due
        )
        ticket = await records.tickets.open(draft, None, later(number))
        if chance.random() < 0.3:
            await records.tickets.set_urgency(ticket.id, chance.choice(URGENCY_ORDER), "agent:bo", later(number))
        if chance.random() < 0.2:
            await records.tickets.move(ticket.id, Stage.CLOSED, "agent:bo", later(number), "told")
        elif chance.random() < 0.3:
            callback_due = later(chance.choice((0, 7_200)))
            await records.outbound_calls.store(a_callback(ticket, id=new_id(), number=f"20{number}", due=callback_due))
        made.append(await records.tickets.load(ticket.id))
    return made


async def waits_on(records: SqlRecords, ticket: Ticket) -> WaitsOn:
    owed = await records.outbound_calls.of_ticket(ticket.id)
    return WaitsOn(False, owed is not None and owed.due <= ANNA.at)


def in_order(tickets: Sequence[Ticket], order: Order) -> list[str]:
    places = sorted((place_in(order, each) for each in tickets), key=lambda each: (each.key, each.id))
    return [each.id for each in (places[::-1] if order is Order.NEWEST else places)]


async def listed(
    records: SqlRecords, query: TicketQuery, cursor: Cursor | None = None, limit: int = 99
) -> list[Ticket]:
    return list(await records.archive.tickets(query, limit, cursor))


@pytest.mark.parametrize("seed", range(3))
async def test_each_overview_has_what_belongs_to_it_in_every_order(sql: SqlRecords, seed: int) -> None:
    tickets = await some_tickets(sql, seed)
    counts = await sql.archive.overviews(ANNA)
    for overview in Overview:
        theirs = [each for each in tickets if belongs(overview, each, ANNA, await waits_on(sql, each))]
        assert counts[overview] == len(theirs), overview
        for order in Order:
            query = TicketQuery(overview=overview, viewer=ANNA, order=order)
            assert [each.id for each in await listed(sql, query)] == in_order(theirs, order), (overview, order)


@pytest.mark.parametrize("order", Order)
async def test_pages_go_both_ways_and_miss_nothing(sql: SqlRecords, order: Order) -> None:
    tickets = await some_tickets(sql, 7)
    query, seen, cursor = TicketQuery(order=order), list[Ticket](), None
    while page := await listed(sql, query, cursor, 5):
        seen += page
        cursor = place_in(order, page[-1])
    assert [each.id for each in seen] == in_order(tickets, order)
    back, cursor = list[Ticket](), place_in(order, seen[-1], back=True)
    while page := await listed(sql, query, cursor, 5):
        back = page + back
        cursor = place_in(order, page[0], back=True)
    assert back == seen[:-1]


async def test_a_page_goes_on_where_it_was_though_its_last_ticket_has_moved(sql: SqlRecords) -> None:
    tickets = await some_tickets(sql, 9)
    query = TicketQuery(order=Order.URGENCY)
    first = await listed(sql, query, limit=8)
    for moved in first[4:]:
        await sql.tickets.set_urgency(moved.id, "low", "agent:bo", later(99))
    rest = await listed(sql, query, place_in(Order.URGENCY, first[-1]))
    assert {each.id for each in (*first, *rest)} == {each.id for each in tickets}
    assert [each for each in (each.id for each in rest) if each in {one.id for one in first[:4]}] == []


async def test_what_is_due_follows_the_latest_promise(sql: SqlRecords) -> None:
    ticket = await sql.tickets.open(a_draft(promise=Promise("promise_answer", later(9_000))), None, NOW)
    late = TicketQuery(overview=Overview.OVERDUE, viewer=ANNA)
    assert await listed(sql, late) == []
    sooner = Promise("promise_answer", later(60))
    await sql.tickets.set_urgency(ticket.id, "critical", "agent:bo", later(1), sooner)
    assert [each.id for each in await listed(sql, late)] == [ticket.id]


async def test_what_is_overdue_is_what_the_floor_counts(sql: SqlRecords) -> None:
    for what in ("promise_attend", "promise_answer"):
        ticket = await sql.tickets.open(a_draft(promise=Promise(what, later(60))), None, NOW)
        for stage in (Stage.ACCEPTED, Stage.ARRIVED):
            await sql.tickets.move(ticket.id, stage, "agent:bo", later(30))
    owed = [each.ticket_id for each in await sql.floor.figures.promises(ANNA.at)]
    late = TicketQuery(overview=Overview.OVERDUE, viewer=ANNA)
    assert ([each.id for each in await listed(sql, late)], owed) == ([ticket.id], [ticket.id])
    assert (await sql.archive.overviews(ANNA))[Overview.OVERDUE] == 1


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("overview", [None, *Overview])
async def test_lists_of_what_is_open_read_no_closed_ticket(
    sqlite_url: str, order: Order, overview: Overview | None
) -> None:
    query = TicketQuery(overview=overview, viewer=ANNA, open_only=True, order=order)
    asked = in_order_of(ids_of_tickets(query), order, 51, None)
    async with open_records(sqlite_url) as records:
        compiled = asked.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        plan = text(f"EXPLAIN QUERY PLAN {compiled}".replace(":", "\\:"))
        steps = await records.database.read(lambda connection: [row[3] for row in connection.execute(plan)])
    of_tickets = [step for step in steps if step.startswith(("SCAN tickets", "SEARCH tickets"))]
    assert of_tickets
    assert all("INDEX ix_tickets_open_" in step or step.startswith("SEARCH") for step in of_tickets), steps


async def test_a_message_that_nobody_heard_is_in_its_overview_until_somebody_does(sql: SqlRecords) -> None:
    call = await opened_call(sql)
    ticket = await sql.tickets.open(a_draft(), call.id, NOW)
    await sql.calls.end(call.id, "message_left", later(9), [an_event(call.id, EventType.MESSAGE_RECORDED)])
    unheard = TicketQuery(overview=Overview.UNHEARD, viewer=ANNA)
    assert [each.id for each in await listed(sql, unheard)] == [ticket.id]
    assert (await sql.archive.overviews(ANNA))[Overview.UNHEARD] == 1
    await sql.missed.heard(ticket.id, later(10), "agent:anna")
    assert await listed(sql, unheard) == []


async def test_a_list_that_somebody_keeps_is_theirs(records: Records) -> None:
    late = SavedFilter("Late lifts", {"view": "overdue", "topic": "lift"})
    await records.filters.keep("anna", late, NOW)
    await records.filters.keep("anna", SavedFilter("all", {"stage": "any"}), NOW)
    await records.filters.keep("bo", SavedFilter(NASTY[:60], {"crew": NASTY[:64]}), NOW)
    assert [each.name for each in await records.filters.of("anna")] == ["all", "Late lifts"]
    await records.filters.keep("anna", replace(late, fields={"topic": "lift"}), later(1))
    assert await records.filters.drop("anna", "all")
    assert not await records.filters.drop("anna", "all")
    assert await records.filters.of("anna") == [replace(late, fields={"topic": "lift"})]
    assert len(await records.filters.of("bo")) == 1


async def test_nobody_keeps_lists_without_end(records: Records) -> None:
    for number in range(MOST_FILTERS):
        await records.filters.keep("anna", SavedFilter(f"list {number}", {"stage": "any"}), NOW)
    with pytest.raises(TooMany):
        await records.filters.keep("anna", SavedFilter("one more", {"stage": "any"}), NOW + timedelta(seconds=1))
    await records.filters.keep("anna", SavedFilter("list 3", {"stage": "closed"}), NOW)
    assert len(await records.filters.of("anna")) == MOST_FILTERS
