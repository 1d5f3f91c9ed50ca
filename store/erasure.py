"""Everything that the database keeps about whoever has a number: found, deleted, and a receipt kept."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, delete, insert, null, select, update

from routing.identity import new_id
from routing.model import OPEN_OUTBOUND_CALLS, Stage
from routing.spellings import Spellings
from routing.wrap_ups import TICKET_FORMS, wrap_up_form
from store.audit import append
from store.database import Database
from store.retention import PRIVATE
from store.tables import (
    call_private,
    calls,
    event_private,
    events,
    messages,
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
    erasures,
    offers,
    outbound_call_private,
    outbound_calls,
    wrap_up_private,
)
from store.tables_missed import missed_private

CHECKPOINTS = 5  # tries
BATCH = 1_000  # rows, and keys in one statement
# Columns that may hold a number and nothing else.
NUMBERS = ("raw", "number", "contact", "callback_number", "before", "after")


@dataclass
class Traces:
    """What there is of a number: keys of private rows by table, recordings, and what is still owed."""

    rows: dict[str, set[str]] = field(default_factory=lambda: {table.name: set() for table in PRIVATE})
    recordings: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    live_calls: set[str] = field(default_factory=set)
    open_tickets: set[str] = field(default_factory=set)  # spoken numbers
    open_outbound_calls: set[str] = field(default_factory=set)

    def counts(self) -> dict[str, int]:
        return {name: len(keys) for name, keys in self.rows.items()}


async def find(database: Database, number: Spellings) -> Traces:
    """Rows of the number's own calls, tickets and outbound calls, and any other that mentions it."""
    found = Traces()
    own: dict[str, set[str]] = {}
    for table in PRIVATE:
        own[table.name] = await _scan(database, table, number, found.rows[table.name])
    await database.read(lambda connection: _relate(connection, own, found))
    return found


async def _scan(database: Database, table: Table, number: Spellings, mentions: set[str]) -> set[str]:
    """Fill in the keys of rows that mention the number; returns those of rows that are the number's own."""
    (key,) = table.primary_key
    own, last = set[str](), ""
    query = select(table).order_by(key).limit(BATCH)
    while rows := await database.read(_rows(query.where(key > last))):
        for row in rows:
            last = row._mapping[key.name]
            if any(number.is_this(row._mapping.get(name)) for name in NUMBERS):
                own.add(last)
            if last in own or number.stands_in(_said(row)) or any(map(number.is_this, _typed(row))):
                mentions.add(last)
    return own


def _rows(query: Any) -> Callable[[Connection], list[Row[Any]]]:
    return lambda connection: list(connection.execute(query))


def _typed(row: Row[Any]) -> list[str]:
    """The fields of a form, of which one may be the number and nothing else."""
    return list(row._mapping.get("fields", {}).values())


def _said(row: Row[Any]) -> str:
    return json.dumps([value for value in row if isinstance(value, str | dict | list)], ensure_ascii=False)


def _relate(connection: Connection, own: Mapping[str, set[str]], found: Traces) -> None:
    """What hangs on the number's own records goes with them, and what is still owed on any is named."""
    call_ids, ticket_ids = own[call_private.name], own[ticket_private.name]
    outbound_ids = own[outbound_call_private.name]
    found.calls = set(call_ids)
    rows = found.rows
    rows[event_private.name] |= _these(connection, events.c.id, events.c.call_id, call_ids)
    rows[outcome_private.name] |= _these(connection, outcome_private.c.id, outcome_private.c.call_id, call_ids)
    rows[ticket_change_private.name] |= _these(connection, ticket_changes.c.id, ticket_changes.c.ticket_id, ticket_ids)
    rows[missed_private.name] |= _these(connection, missed_private.c.call_id, missed_private.c.call_id, call_ids)
    corrected = ticket_corrections.c
    rows[ticket_correction_private.name] |= _these(connection, corrected.id, corrected.ticket_id, ticket_ids)
    for column, ids in (
        (offers.c.call_id, call_ids),
        (offers.c.ticket_id, ticket_ids),
        (offers.c.callback_id, outbound_ids),
    ):
        rows[wrap_up_private.name] |= _these(connection, offers.c.id, column, ids)
    wrapped = _these(
        connection, offers.c.call_id, offers.c.id, rows[wrap_up_private.name], offers.c.call_id.is_not(None)
    )
    rows[event_private.name] |= _these(connection, events.c.id, events.c.call_id, wrapped, events.c.type == "wrap_up")
    forms = {form(id) for id in ticket_ids for form in TICKET_FORMS} | {
        wrap_up_form(id) for id in rows[wrap_up_private.name]
    }
    rows[draft_private.name] |= _these(connection, draft_private.c.id, draft_private.c.form, forms)
    found.recordings = _these(connection, messages.c.recording, messages.c.ticket_id, ticket_ids)
    touched = rows[ticket_private.name], rows[outbound_call_private.name], rows[call_private.name]
    found.open_tickets = _these(connection, tickets.c.number, tickets.c.id, touched[0], tickets.c.stage != Stage.CLOSED)
    open_ = outbound_calls.c.state.in_(OPEN_OUTBOUND_CALLS)
    found.open_outbound_calls = _these(connection, outbound_calls.c.id, outbound_calls.c.id, touched[1], open_)
    found.live_calls = _these(connection, calls.c.id, calls.c.id, touched[2], calls.c.ended_at.is_(None))


def _these(connection: Connection, wanted: Column[Any], by: Column[Any], ids: Collection[str], *where: Any) -> set[str]:
    found = set[str]()
    for some in _batches(ids):
        found |= {row[0] for row in connection.execute(select(wanted).where(by.in_(some), *where))}
    return found


def _batches(ids: Collection[str]) -> Iterable[list[str]]:
    listed = sorted(ids)
    return (listed[start : start + BATCH] for start in range(0, len(listed), BATCH))


async def erase(database: Database, found: Traces) -> dict[str, int]:
    """Delete the rows, some at a time; returns how many of each table. On SQLite the write-ahead log is emptied too."""
    gone = dict[str, int]()
    for table in PRIVATE:
        (key,) = table.primary_key
        gone[table.name] = 0
        for some in _batches(found.rows[table.name]):
            gone[table.name] += await database.write(_deletion(table, key, some))
    for _ in range(CHECKPOINTS):
        if await database.read(_empties_write_ahead_log):
            break
    return gone


def _deletion(table: Table, key: Column[Any], some: list[str]) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        if table is outcome_private:
            _cannot_be_run_again(connection, some)
        return connection.execute(delete(table).where(key.in_(some))).rowcount

    return work


def _cannot_be_run_again(connection: Connection, outcome_ids: list[str]) -> None:
    """A call without its last outcomes looks whole, and one that goes on gives their numbers to later ones."""
    theirs = select(outcome_private.c.call_id).where(outcome_private.c.id.in_(outcome_ids))
    begun = update(call_private).where(call_private.c.call_id.in_(theirs))
    connection.execute(begun.values(begun=null()))


def _empties_write_ahead_log(connection: Connection) -> bool:
    """False while another process reads from it; each try waits a while for that."""
    if connection.dialect.name != "sqlite":
        return True
    raw: Any = connection.connection.dbapi_connection  # directly: it cannot be done inside a transaction
    ((busy, *_),) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return not busy


@dataclass(frozen=True)
class Receipt:
    """What was erased; the number itself is not in it."""

    id: str
    at: datetime
    actor: str
    number_mark: str
    counts: Mapping[str, int]


async def keep_receipt(
    database: Database, site_id: str, key: bytes, receipt: Receipt, audited: Mapping[str, Any]
) -> None:
    """The receipt and its entry in the audit, both or neither."""
    row = {
        "id": receipt.id, "site_id": site_id, "at": receipt.at, "actor": receipt.actor,
        "number_mark": receipt.number_mark, "counts": dict(receipt.counts),
    }  # fmt: skip
    entry = {"id": new_id(), "site_id": site_id, "at": receipt.at, "actor": receipt.actor, **audited}

    def work(connection: Connection) -> None:
        connection.execute(insert(erasures).values(row))
        append(connection, key, entry)

    await database.write(work)
