"""Places in the queue, as rows: who holds one, and who takes one."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select, update

from routing.model import QueueEntry
from routing.rules import renewed_place
from store.portable import insert_unless_there
from store.rows import entry_of
from store.tables import calls, promises
from store.tables_dispatch import LIVE_OFFER, offers, outbound_calls, queue_entries, refusals

RENEWED = ("crew", "urgency", "since", "ticket_id", "not_before", "promise_by", "contacts")
NOT_LEFT = queue_entries.c.left_at.is_(None)
NOT_OFFERED = ~exists().where(offers.c.entry_id == queue_entries.c.id, LIVE_OFFER)
LAST_AGENT = (
    select(offers.c.agent_id)
    .where(offers.c.ticket_id == queue_entries.c.ticket_id, offers.c.answered_at.is_not(None))
    .order_by(offers.c.answered_at.desc())
    .limit(1)
    .scalar_subquery()
)


def entries(connection: Connection, *where: Any) -> list[QueueEntry]:
    """The entries that have not left and that `where` selects."""
    return found(connection, select_entries().where(*where).order_by(queue_entries.c.id))


def select_entries() -> Select[Any]:
    """Of those that have not left."""
    columns = (queue_entries, calls.c.node, LAST_AGENT.label("last_agent"))
    return select(*columns).outerjoin(calls, calls.c.id == queue_entries.c.call_id).where(NOT_LEFT)


def found(connection: Connection, query: Select[Any]) -> list[QueueEntry]:
    rows = connection.execute(query).all()
    refused = select(refusals).where(refusals.c.entry_id.in_([row.id for row in rows]))
    refused_by = defaultdict[str, list[str]](list)
    for pair in connection.execute(refused) if rows else ():
        refused_by[pair.entry_id].append(pair.agent_id)
    return [entry_of(row, refused_by[row.id]) for row in rows]


def enter(connection: Connection, entry: QueueEntry, site_id: str) -> QueueEntry:
    """Take a place, or keep the one that the call or callback has; none for a call that has ended."""
    if _has_ended(connection, entry.call_id):
        return entry
    promised = _promised(connection, entry)
    row = {
        "id": entry.id, "site_id": site_id, "crew": entry.crew, "urgency": entry.urgency, "since": entry.since,
        "call_id": entry.call_id, "callback_id": entry.callback_id, "ticket_id": entry.ticket_id,
        "not_before": entry.not_before, "promise_by": promised,
        "contacts": entry.contacts or _contacts_before(connection, entry), "offers": 0,
    }  # fmt: skip
    fresh = insert_unless_there(connection, queue_entries, row)
    kept = next(iter(entries(connection, _holder(entry))), None)
    if fresh or kept is None:
        return kept or entry
    renewed = renewed_place(kept, replace(entry, promise_by=promised))
    changes = {name: getattr(renewed, name) for name in RENEWED}
    connection.execute(update(queue_entries).where(queue_entries.c.id == kept.id, NOT_LEFT).values(changes))
    return renewed


def _promised(connection: Connection, entry: QueueEntry) -> datetime | None:
    """By when, of its ticket."""
    latest = select(promises.c.by).where(promises.c.ticket_id == entry.ticket_id).order_by(promises.c.id.desc())
    return connection.execute(latest.limit(1)).scalar() if entry.ticket_id else None


def _contacts_before(connection: Connection, entry: QueueEntry) -> int:
    """Of a callback: those of the call that asked for it, whose place it takes."""
    asked_in = select(outbound_calls.c.call_id).where(outbound_calls.c.id == entry.callback_id).scalar_subquery()
    before = select(func.max(queue_entries.c.contacts)).where(queue_entries.c.call_id == asked_in)
    return (connection.execute(before).scalar() if entry.callback_id else None) or 0


def _has_ended(connection: Connection, call_id: str | None) -> bool:
    """Locks the call where the database can, ended or not, so that it does not end while it enters."""
    query = select(calls.c.ended_at).where(calls.c.id == call_id).with_for_update(key_share=True)
    return call_id is not None and connection.execute(query).scalar() is not None


def _holder(entry: QueueEntry) -> Any:
    if entry.callback_id:
        return (queue_entries.c.callback_id == entry.callback_id) & NOT_LEFT
    return (queue_entries.c.call_id == entry.call_id) & NOT_LEFT
