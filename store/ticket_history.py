"""A ticket's own history: lines that tell nothing private, and what is private beside them."""

from datetime import datetime

from sqlalchemy import Connection, insert

from routing.identity import new_id
from store.tables import ticket_change_private, ticket_changes


def note_change(connection: Connection, ticket_id: str, at: datetime, actor: str, what: str, to: str = "") -> str:
    """Append to the ticket's own history, with nothing private; returns the id of this line of it."""
    change_id = new_id()
    row = {"id": change_id, "ticket_id": ticket_id, "at": at, "actor": actor, "what": what, "to": to}
    connection.execute(insert(ticket_changes), row)
    return change_id


def note_privately(connection: Connection, change_id: str, note: str, purge_after: datetime) -> None:
    row = {"change_id": change_id, "note": note, "purge_after": purge_after}
    connection.execute(insert(ticket_change_private).values(row))
