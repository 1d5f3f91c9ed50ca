"""Callbacks, as rows: kept once per ticket."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from routing.model import Callback, NotFound
from routing.rules import renewed_callback
from store.portable import insert_unless_there
from store.rows import callback_of, select_callbacks
from store.tables_dispatch import OPEN_CALLBACK, callback_private, callbacks

RENEWALS = 3  # tries: the one that was in the way may end just then


def keep(connection: Connection, callback: Callback, site_id: str, kept_for: timedelta) -> Callback:
    """The callback that its ticket has from now on: the open one brought up to date, or else this one.

    Raises: NotFound where this very callback is over.
    """
    for _ in range(RENEWALS):
        if _insert(connection, callback, site_id, kept_for):
            return callback
        if kept := _renew(connection, callback):
            return kept
    raise NotFound(f"open callback of ticket {callback.ticket_id}")


def _insert(connection: Connection, callback: Callback, site_id: str, kept_for: timedelta) -> bool:
    row = {**vars(callback), "site_id": site_id}
    number = row.pop("number")
    if not insert_unless_there(connection, callbacks, row):
        return False
    private = {"callback_id": callback.id, "number": number, "purge_after": callback.since + kept_for}
    connection.execute(insert(callback_private).values(**private))
    return True


def _renew(connection: Connection, callback: Callback) -> Callback | None:
    """Bring the ticket's open callback up to date, if there is one."""
    found = open_about(connection, callbacks.c.ticket_id == callback.ticket_id)
    if not found:
        return None
    kept = renewed_callback(found[0], callback)
    change = update(callbacks).where(callbacks.c.id == kept.id)
    connection.execute(change.values(since=kept.since, not_before=kept.not_before))
    private = update(callback_private).where(callback_private.c.callback_id == kept.id)
    connection.execute(private.values(number=kept.number))
    return kept


def find_callback(connection: Connection, callback_id: str) -> Callback:
    return callback_of(connection.execute(select_callbacks().where(callbacks.c.id == callback_id)).one())


def open_about(connection: Connection, about: Any) -> list[Callback]:
    """Open callbacks, held where the database can, so that none changes before it is called off."""
    query = select_callbacks().where(about, OPEN_CALLBACK)
    held = query.with_for_update(of=callbacks, key_share=True)
    return [callback_of(row) for row in connection.execute(held)]
