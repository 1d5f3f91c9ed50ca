"""Places in the queue, as rows: who holds one, who gives it up.

Whoever changes both a call and its place changes the call first, so that no two wait for each other.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from routing.lifecycle import CALL_TRANSITIONS, CallEvent, step
from routing.model import WaitingCaller
from store.portable import insert_unless_there
from store.rows import entry_of
from store.tables import calls
from store.tables_dispatch import queue_entries, refusals

NOT_LEFT = queue_entries.c.left_at.is_(None)


def entries(connection: Connection, *where: Any) -> list[WaitingCaller]:
    """The entries that have not left and that `where` selects."""
    query = select(queue_entries).where(NOT_LEFT, *where).order_by(queue_entries.c.id)
    rows = connection.execute(query).all()
    refused = select(refusals).where(refusals.c.entry_id.in_([row.id for row in rows]))
    refused_by = defaultdict[str, list[str]](list)
    for pair in connection.execute(refused) if rows else ():
        refused_by[pair.entry_id].append(pair.agent_id)
    return [entry_of(row, refused_by[row.id]) for row in rows]


def enter(connection: Connection, entry: WaitingCaller, site_id: str) -> WaitingCaller:
    """Take a place, or keep the one that the call or callback has; none for a call that has ended."""
    if _has_ended(connection, entry.call_id):
        return entry
    row = {
        "id": entry.id, "site_id": site_id, "crew": entry.crew, "urgency": entry.urgency, "since": entry.since,
        "call_id": entry.call_id, "callback_id": entry.callback_id, "ticket_id": entry.ticket_id,
        "not_before": entry.not_before, "offers": 0,
    }  # fmt: skip
    if not insert_unless_there(connection, queue_entries, row):
        keep = {"crew": entry.crew, "urgency": entry.urgency, "not_before": entry.not_before}
        keep |= {"ticket_id": entry.ticket_id} if entry.ticket_id else {}
        connection.execute(update(queue_entries).where(_holder(entry)).values(**keep))
    move_call(connection, entry.call_id, CallEvent.ENTERED_QUEUE)
    return next(iter(entries(connection, _holder(entry))), entry)


def _has_ended(connection: Connection, call_id: str | None) -> bool:
    """Locks the call where the database can, ended or not, so that it does not end while it enters."""
    query = select(calls.c.ended_at).where(calls.c.id == call_id).with_for_update(key_share=True)
    return call_id is not None and connection.execute(query).scalar() is not None


def _holder(entry: WaitingCaller) -> Any:
    if entry.callback_id:
        return (queue_entries.c.callback_id == entry.callback_id) & NOT_LEFT
    return (queue_entries.c.call_id == entry.call_id) & NOT_LEFT


def leave(connection: Connection, where: Any, reason: str, at: datetime) -> None:
    """Give up the places that `where` selects; the first reason counts."""
    change = update(queue_entries).where(where, NOT_LEFT)
    connection.execute(change.values(left_at=at, left_reason=reason))


def withdraw_call(connection: Connection, call_id: str, at: datetime) -> None:
    """A call that has ended gives up its place; a callback keeps its own and waits to be tried again."""
    theirs = queue_entries.c.call_id == call_id
    let_go(connection, theirs & queue_entries.c.callback_id.is_not(None))
    leave(connection, theirs, "call ended", at)


def let_go(connection: Connection, where: Any) -> None:
    """The places that `where` selects are no call's any more; who has left keeps the call they left with."""
    connection.execute(update(queue_entries).where(where, NOT_LEFT).values(call_id=None))


def move_call(connection: Connection, call_id: str | None, event: CallEvent) -> None:
    """Let a call follow its queue entry or offer, where its lifecycle has a row for that."""
    if call_id is None:
        return
    sources, to = step(CALL_TRANSITIONS, event)
    connection.execute(update(calls).where(calls.c.id == call_id, calls.c.state.in_(sources)).values(state=to))
