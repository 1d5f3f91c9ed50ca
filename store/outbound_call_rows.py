"""Outbound calls, as rows: kept once per ticket and purpose."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from routing.model import NotFound, OutboundCall
from routing.rules import renewed_outbound_call
from store.portable import insert_unless_there
from store.rows import outbound_call_of, select_outbound_calls
from store.tables_dispatch import OPEN_OUTBOUND_CALL, outbound_call_private, outbound_calls

RENEWALS = 3  # tries: the one that was in the way may end just then


def keep(connection: Connection, call: OutboundCall, site_id: str, kept_for: timedelta) -> OutboundCall:
    """The call of its purpose that its ticket has from now on: the open one brought up to date, or else this one.

    Raises: NotFound where this very one is over.
    """
    for _ in range(RENEWALS):
        if _insert(connection, call, site_id, kept_for):
            return call
        if kept := _renew(connection, call):
            return kept
    raise NotFound(f"open {call.purpose} of ticket {call.ticket_id}")


def _insert(connection: Connection, call: OutboundCall, site_id: str, kept_for: timedelta) -> bool:
    row = {**vars(call), "site_id": site_id}
    number = row.pop("number")
    if not insert_unless_there(connection, outbound_calls, row):
        return False
    private = {"outbound_call_id": call.id, "number": number, "purge_after": call.since + kept_for}
    connection.execute(insert(outbound_call_private), private)
    return True


def _renew(connection: Connection, call: OutboundCall) -> OutboundCall | None:
    """Bring the ticket's open call of that purpose up to date, if there is one."""
    same = (outbound_calls.c.ticket_id == call.ticket_id) & (outbound_calls.c.purpose == call.purpose)
    found = open_about(connection, same)
    if not found:
        return None
    kept = renewed_outbound_call(found[0], call)
    change = update(outbound_calls).where(outbound_calls.c.id == kept.id)
    connection.execute(change.values(since=kept.since, due=kept.due, flow=kept.flow))
    private = update(outbound_call_private).where(outbound_call_private.c.outbound_call_id == kept.id)
    connection.execute(private.values(number=kept.number))
    return kept


def find_outbound_call(connection: Connection, outbound_call_id: str) -> OutboundCall:
    query = select_outbound_calls().where(outbound_calls.c.id == outbound_call_id)
    return outbound_call_of(connection.execute(query).one())


def open_about(connection: Connection, about: Any) -> list[OutboundCall]:
    """Open outbound calls, held where the database can, so that none changes before it is called off."""
    query = select_outbound_calls().where(about, OPEN_OUTBOUND_CALL)
    held = query.with_for_update(of=outbound_calls, key_share=True)
    return [outbound_call_of(row) for row in connection.execute(held)]
