"""A ticket's own history: lines that tell nothing private, and what is private beside them."""

from datetime import datetime

from sqlalchemy import Connection, insert

from routing.identity import new_id
from store.portable import insert_unless_there
from store.tables import ticket_change_private, ticket_changes


def note_change(
    connection: Connection, ticket_id: str, at: datetime, actor: str, what: str, to: str = "", key: str | None = None
) -> str:
    """Append to the ticket's own history, with nothing private; returns the id of this line of it."""
    change_id = new_id()
    row = {"id": change_id, "ticket_id": ticket_id, "at": at, "actor": actor, "what": what, "to": to, "key": key}
    connection.execute(insert(ticket_changes), row)
    return change_id


def note_once(connection: Connection, ticket_id: str, at: datetime, actor: str, key: str | None) -> str | None:
    """The id of a new line that is a note, or None where the ticket has the one of that key."""
    row = {"id": new_id(), "ticket_id": ticket_id, "at": at, "actor": actor, "what": "note", "to": "", "key": key}
    return str(row["id"]) if insert_unless_there(connection, ticket_changes, row) else None


def note_privately(connection: Connection, change_id: str, note: str, purge_after: datetime) -> None:
    row = {"change_id": change_id, "note": note, "purge_after": purge_after}
    connection.execute(insert(ticket_change_private).values(row))
