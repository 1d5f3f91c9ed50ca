"""A call's events, numbered: the counter in the call's row hands out `seq`, so no two can take the same."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from sqlalchemy import Connection, bindparam, insert, update

from routing.identity import new_id
from routing.model import NewEvent, NotFound
from store.tables import calls, event_private, events

SCHEMA_VERSION = 1
# Built once: these run several times a second for each call.
INSERT_EVENTS = insert(events)
INSERT_PRIVATE = insert(event_private)
COUNT_UP = (
    update(calls)
    .where(calls.c.id == bindparam("call"))
    .values(last_seq=calls.c.last_seq + bindparam("count"))
    .returning(calls.c.last_seq)
)


def append_events(connection: Connection, new: Sequence[NewEvent], kept_for: timedelta) -> None:
    """Append to the timelines of one or more calls.

    Raises: NotFound.
    """
    ordered = sorted(new, key=lambda event: event.call_id)  # one order for all writers: no deadlocks
    for call_id, of_call in groupby(ordered, key=lambda event: event.call_id):
        _append(connection, call_id, list(of_call), kept_for)


def reserve_seq(connection: Connection, call_id: str, count: int) -> int:
    """The seq before the next `count` events.

    Raises: NotFound.
    """
    last = connection.execute(COUNT_UP, {"call": call_id, "count": count}).scalar()
    if last is None:
        raise NotFound(f"call {call_id}")
    return int(last) - count


def _append(connection: Connection, call_id: str, new: Sequence[NewEvent], kept_for: timedelta) -> None:
    insert_events(connection, new, reserve_seq(connection, call_id, len(new)), kept_for)


def insert_events(connection: Connection, new: Sequence[NewEvent], after_seq: int, kept_for: timedelta) -> None:
    """Insert one call's events with the numbers that were reserved for them."""
    if not new:
        return
    rows, private = [], []
    for seq, event in enumerate(new, after_seq + 1):
        row = {**vars(event), "id": new_id(), "seq": seq, "schema_version": SCHEMA_VERSION}
        hidden = row.pop("private")
        row["payload"] = dict(event.payload)
        rows.append(row)
        if hidden:
            private.append({"event_id": row["id"], "private": dict(hidden), "purge_after": event.at + kept_for})
    connection.execute(INSERT_EVENTS, rows)
    if private:
        connection.execute(INSERT_PRIVATE, private)
