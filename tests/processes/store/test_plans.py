"""What happens many times a minute reads those who wait, never everybody who ever called."""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from routing.caps import Asked
from routing.missed import MissedEvent, MissedKind, MissedQuery
from routing.model import Stage
from routing.policy import Route
from store.records import SqlRecords
from store.sqlite import SqliteDatabase
from tests.contract.samples import (
    a_callback,
    an_offer,
    answered,
    available_agent,
    later,
    opened_call,
    opened_ticket,
    waiting_call,
)

GROWING = (
    "queue_entries", "outbound_calls", "attempts", "offers", "other", "calls", "call_legs", "emergencies",
    "emergency_rings", "missed_calls", "events", "call_tickets", "tickets", "call_private",
    "promises", "help_requests", "notice_private",
)  # fmt: skip
WHOLE = re.compile(rf"^SCAN ({'|'.join(GROWING)})(?! USING)")
Told = tuple[str, Any]


@contextmanager
def told(records: SqlRecords) -> Iterator[list[Told]]:
    """The statements that reach the database meanwhile."""
    assert isinstance(records.database, SqliteDatabase)
    statements: list[Told] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append((statement, parameters[0] if many else parameters))

    engines = (records.database._reading, records.database._writing)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield statements
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


async def scans(records: SqlRecords, statements: list[Told]) -> list[str]:
    """Those that read a whole table which grows with every call."""

    def work(connection: Connection) -> list[str]:
        return [statement for statement, parameters in statements if reads_all(connection, statement, parameters)]

    return await records.database.read(work)


def reads_all(connection: Connection, statement: str, parameters: Any) -> bool:
    if statement.startswith(("INSERT", "BEGIN", "PRAGMA")):
        return False
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return any(WHOLE.match(line[-1]) for line in plan)


async def a_call_ends(records: SqlRecords) -> None:
    await records.calls.end((await waiting_call(records)).call_id or "", "hung up", later(5))


async def an_urgency_is_set(records: SqlRecords) -> None:
    await records.tickets.set_urgency((await opened_ticket(records)).id, "high", "anna", later(5))


async def a_ticket_is_closed(records: SqlRecords) -> None:
    ticket = await opened_ticket(records)
    await records.outbound_calls.store(a_callback(ticket))
    await records.tickets.move(ticket.id, Stage.CLOSED, "anna", later(5), "told")


async def an_offer_is_answered(records: SqlRecords) -> None:
    agent = await available_agent(records)
    offer = an_offer(await waiting_call(records, ticket_id=(await opened_ticket(records)).id), agent)
    await records.offers.claim(offer)
    assert await answered(records, offer, later(5))


async def whom_nobody_reached_is_listed(records: SqlRecords) -> None:
    call = await opened_call(records)
    await records.tickets.join((await opened_ticket(records)).id, call.id, later(1))
    await records.calls.end(call.id, "caller_hung_up", later(5))
    for query in (MissedQuery(), MissedQuery(kind=MissedKind.LOST)):
        await records.missed.listed(query, 50, call.id)
    await records.missed.counts()
    assert await records.missed.advance(call.id, MissedEvent.DONE, later(6), "anna", "told")
    assert await records.missed.advance(call.id, MissedEvent.REOPENED, later(7), "anna")
    await records.calls.end((await opened_call(records)).id, "talked", later(8))


async def the_floor_is_looked_at(records: SqlRecords) -> None:
    await records.floor.figures.contact_events(later(-60), later(60))
    await records.floor.figures.promises(later(60))
    await records.floor.help.open()
    await records.floor.notices.standing(later(1))


async def a_controller_looks_around(records: SqlRecords) -> None:
    await records.queue.waiting()
    await records.offers.live()
    await records.nodes.all()
    await records.nodes.found("east", [(await opened_call(records, channel="east-1.1")).channel])
    await records.outbound_calls.open()
    await records.outbound_calls.open_attempts()
    await records.outbound_calls.to_attend(later(5))
    await records.outbound_calls.asked_alike(Asked("204", None), later(-3600))


async def the_next_are_looked_for(records: SqlRecords) -> None:
    entry = await waiting_call(records, ticket_id=(await opened_ticket(records)).id)
    await records.waits.heads([Route("technical", None), Route("technical", "east", 60)], later(5), 3, ["another"])
    await records.waits.press(later(9_000))
    await records.waits.ahead(entry, later(5))
    await records.waits.contacts("204", "plumbing", later(-3600))
    await records.waits.handled(later(-3600), 50)
    await records.waits.told(later(-3600), 50)


@pytest.mark.parametrize(
    "what",
    [
        the_next_are_looked_for,
        a_call_ends,
        an_urgency_is_set,
        a_ticket_is_closed,
        an_offer_is_answered,
        whom_nobody_reached_is_listed,
        a_controller_looks_around,
        the_floor_is_looked_at,
    ],
    ids=lambda what: what.__name__,
)
async def test_no_table_is_read_as_a_whole(records: SqlRecords, what: Callable[[SqlRecords], Awaitable[None]]) -> None:
    with told(records) as statements:
        await what(records)
    assert len(statements) > 3
    assert await scans(records, statements) == []


async def test_text_statements_are_recognised(records: SqlRecords) -> None:
    with told(records) as statements:
        await records.database.read(lambda connection: connection.execute(text("SELECT * FROM offers")).all())
    assert len(await scans(records, statements)) == 1
