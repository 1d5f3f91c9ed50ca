"""What is done with tickets, as rows: once for its key, told in the ticket's story."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select, update

from routing.acts import Act
from routing.merging import ORDER
from routing.model import Stage
from store.tables import promises, ticket_changes, ticket_stages
from store.ticket_history import note_change, note_privately


def is_repeat(connection: Connection, ticket_id: str, act: Act) -> bool:
    if act.key is None:
        return False
    query = select(func.count()).where(ticket_changes.c.ticket_id == ticket_id, ticket_changes.c.key == act.key)
    return bool(connection.execute(query).scalar_one())


def note_act(
    connection: Connection, ticket_id: str, act: Act, lines: Iterable[tuple[str, str]], kept_for: timedelta
) -> None:
    """The first line of the ticket's story has the key and the reason."""
    key, reason = act.key, act.reason
    for what, to in lines:
        change_id = note_change(connection, ticket_id, act.at, act.actor, what, to, key)
        if reason:
            note_privately(connection, change_id, reason, act.at + kept_for)
        key, reason = None, ""


def forget_stages(connection: Connection, ticket_id: str, after: Stage) -> None:
    """Those that it has not reached any more; the story tells that it had."""
    later = ORDER[ORDER.index(after) + 1 :]
    connection.execute(
        delete(ticket_stages).where(ticket_stages.c.ticket_id == ticket_id, ticket_stages.c.stage.in_(later))
    )


def owe_again(connection: Connection, ticket_id: str) -> None:
    """Its latest promise is neither kept nor broken any more."""
    latest = select(func.max(promises.c.id)).where(promises.c.ticket_id == ticket_id).scalar_subquery()
    connection.execute(update(promises).where(promises.c.id == latest).values(settled_at=None, kept=None))
