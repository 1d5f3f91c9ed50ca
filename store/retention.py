"""Forgetting: what callers said and were told, names and numbers go when their time has come; the bare records stay.

A few rows at a time, each time a unit of work of its own: a backlog of any size goes, and no caller waits for it.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Delete, Table, delete, exists, or_, select, update

from routing.model import OPEN_OUTBOUND_CALLS, Stage
from store.database import Database
from store.portable import insert_unless_there
from store.records import SqlRecords
from store.tables import (
    call_private,
    calls,
    event_private,
    outcome_private,
    ticket_change_private,
    ticket_changes,
    ticket_correction_private,
    ticket_corrections,
    ticket_private,
    tickets,
)
from store.tables_dispatch import (
    draft_private,
    forgotten,
    outbound_call_private,
    outbound_calls,
    sessions,
    wrap_up_private,
)
from store.tables_floor import notice_private
from store.tables_missed import missed_private

BATCH = 500  # rows
LEAP = timedelta(days=3)  # a line looks every hour: more between two looks is a line that was off, or a set clock
PAUSE_S = 0.05  # between batches: SQLite has one write lock for all processes, and whoever waits looks only so often

_matter = tickets.alias("matter")
# A merged ticket is closed, and its callers are told when the one that has its matter is.
OPEN_MATTER = or_(
    tickets.c.stage != Stage.CLOSED,
    exists().where(_matter.c.id == tickets.c.merged_into, _matter.c.stage != Stage.CLOSED).correlate(tickets),
)
# What is still needed to do what was promised: private rows of open matters outlive their date.
STILL_NEEDED: dict[str, ColumnElement[bool]] = {
    ticket_private.name: exists().where(tickets.c.id == ticket_private.c.ticket_id, OPEN_MATTER),
    ticket_change_private.name: exists().where(
        ticket_changes.c.id == ticket_change_private.c.change_id,
        tickets.c.id == ticket_changes.c.ticket_id,
        OPEN_MATTER,
    ),
    ticket_correction_private.name: exists().where(
        ticket_corrections.c.id == ticket_correction_private.c.correction_id,
        tickets.c.id == ticket_corrections.c.ticket_id,
        OPEN_MATTER,
    ),
    outbound_call_private.name: exists().where(
        outbound_calls.c.id == outbound_call_private.c.outbound_call_id, outbound_calls.c.state.in_(OPEN_OUTBOUND_CALLS)
    ),
    call_private.name: exists().where(calls.c.id == call_private.c.call_id, calls.c.ended_at.is_(None)),
}
PRIVATE: tuple[Table, ...] = (
    call_private, event_private, ticket_private, ticket_change_private, ticket_correction_private,
    outbound_call_private, wrap_up_private, draft_private, outcome_private, missed_private, notice_private,
)  # fmt: skip


class ClockLeapt(Exception):
    """It is much later than when forgetting last looked: nothing is deleted until somebody vouches for the time."""

    def __init__(self, until: datetime, now: datetime) -> None:
        super().__init__(f"it was {until:%Y-%m-%d %H:%M} when forgetting last looked, and is {now:%Y-%m-%d %H:%M} now")
        self.until, self.now = until, now


def leapt(until: datetime | None, now: datetime) -> bool:
    """Whether so much time is not plausible between two looks."""
    return until is not None and now - until > LEAP


async def forgotten_until(records: SqlRecords) -> datetime | None:
    """When forgetting last looked; None when it never did."""
    query = select(forgotten.c.until).where(forgotten.c.site_id == records.site_id)
    return await records.database.read(lambda connection: connection.execute(query).scalar())


async def look(records: SqlRecords, now: datetime, trusted: bool = False) -> None:
    """Note that forgetting looks now. Raises: ClockLeapt, unless somebody vouches for the time."""
    mine, site = forgotten.c.site_id == records.site_id, {"site_id": records.site_id, "until": now}

    def work(connection: Connection) -> None:
        until = connection.execute(select(forgotten.c.until).where(mine)).scalar()
        if until and leapt(until, now) and not trusted:
            raise ClockLeapt(until, now)
        if not insert_unless_there(connection, forgotten, site):
            connection.execute(update(forgotten).where(mine).values(until=now))

    await records.database.write(work)


async def purge(records: SqlRecords, now: datetime, batch: int = BATCH) -> dict[str, int]:
    """Delete private rows past their `purge_after`, and sessions that have expired; returns how many of each.

    What was deleted before an error stays deleted.
    """
    overdue = {table: table.c.purge_after for table in PRIVATE} | {sessions: sessions.c.expires_at}
    return {
        table.name: await _empty(records.database, _oldest(table, time, now, batch)) for table, time in overdue.items()
    }


def _oldest(table: Table, time: Any, now: datetime, batch: int) -> Delete:
    """Delete those that have been overdue longest and are not needed any more."""
    (key,) = table.primary_key
    due = select(key).where(time < now).order_by(time).limit(batch)
    needed = STILL_NEEDED.get(table.name)
    return delete(table).where(key.in_(due if needed is None else due.where(~needed)))


async def _empty(database: Database, statement: Delete) -> int:
    """Delete again and again, until nothing is left."""

    def work(connection: Connection) -> int:
        return connection.execute(statement).rowcount

    gone = 0
    while deleted := await database.write(work):
        gone += deleted
        await asyncio.sleep(PAUSE_S)
    return gone
