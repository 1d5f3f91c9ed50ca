"""Callbacks, as rows: kept once per ticket, given a place, and called off."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from routing.identity import new_id
from routing.lifecycle import CALLBACK_TRANSITIONS, CallbackEvent, step
from routing.model import UNPROVEN, AttemptState, Callback, CallbackState, NotFound, Offer, WaitingCaller
from store.portable import insert_unless_there
from store.queue_rows import NOT_LEFT, enter, leave
from store.rows import callback_of, select_callbacks
from store.tables import call_private, call_tickets, calls
from store.tables_dispatch import OPEN_CALLBACK, attempts, callback_private, callbacks, queue_entries
from store.ticket_history import note_change

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
    """Bring the ticket's open callback up to date, if there is one: the number now given, the earlier place."""
    theirs = select_callbacks().where(callbacks.c.ticket_id == callback.ticket_id, OPEN_CALLBACK)
    row = connection.execute(theirs.with_for_update(of=callbacks, key_share=True)).one_or_none()
    if row is None:
        return None
    since = min(row.since, callback.since)
    change = update(callbacks).where(callbacks.c.id == row.id)
    connection.execute(change.values(since=since, not_before=callback.not_before))
    private = update(callback_private).where(callback_private.c.callback_id == row.id)
    connection.execute(private.values(number=callback.number))
    return find_callback(connection, row.id)


def find_callback(connection: Connection, callback_id: str) -> Callback:
    return callback_of(connection.execute(select_callbacks().where(callbacks.c.id == callback_id)).one())


def take_place(connection: Connection, callback: Callback, site_id: str) -> None:
    entry = WaitingCaller(
        new_id(), callback.crew, callback.urgency, callback.since, callback_id=callback.id, ticket_id=callback.ticket_id
    )
    kept = enter(connection, entry, site_id)
    change = update(queue_entries).where(queue_entries.c.id == kept.id, NOT_LEFT)
    connection.execute(change.values(since=callback.since, not_before=callback.not_before))


def note_end(connection: Connection, callback_id: str, to: CallbackState, at: datetime) -> None:
    """The ticket's history says how its callback ended, so that a person looks after one that failed."""
    ticket_id = connection.execute(select(callbacks.c.ticket_id).where(callbacks.c.id == callback_id)).scalar_one()
    note_change(connection, ticket_id, at, "line", "callback", to)


def cancel_owed(connection: Connection, ticket_id: str, at: datetime, why: str) -> None:
    """Call off the ticket's open callback, unless its person is on the line."""
    _cancel(connection, (callbacks.c.ticket_id == ticket_id,), at, why)


def cancel_reached(connection: Connection, offer: Offer, at: datetime) -> None:
    """Call off what is owed to who talks now, about any matter of this call; what others are owed stays."""
    if offer.call_id is None:
        return
    linked = select(call_tickets.c.ticket_id).where(call_tickets.c.call_id == offer.call_id)
    told = select(call_private.c.number).join(calls, calls.c.id == call_private.c.call_id)
    proven = calls.c.caller_kind != UNPROVEN  # or whoever says that number would call off what its owner is owed
    number = told.where(call_private.c.call_id == offer.call_id, proven).scalar_subquery()
    theirs = select(callback_private.c.callback_id).where(callback_private.c.number == number)
    about = callbacks.c.ticket_id.in_(linked) | (callbacks.c.ticket_id == offer.ticket_id)
    asked = (callbacks.c.call_id == offer.call_id) | callbacks.c.id.in_(theirs)
    others = () if offer.callback_id is None else (callbacks.c.id != offer.callback_id,)
    _cancel(connection, (about, asked, *others), at, "reached meanwhile")


def _cancel(connection: Connection, owed: Sequence[Any], at: datetime, why: str) -> None:
    """They give up their places, and an attempt that a controller has claimed is not sent any more."""
    sources, cancelled = step(CALLBACK_TRANSITIONS, CallbackEvent.CANCELLED)
    change = update(callbacks).where(*owed, OPEN_CALLBACK, callbacks.c.state.in_(sources))
    called_off = change.values(state=cancelled, not_before=None).returning(callbacks.c.id, callbacks.c.ticket_id)
    for callback_id, ticket_id in connection.execute(called_off).all():
        leave(connection, queue_entries.c.callback_id == callback_id, f"callback {cancelled}", at)
        unsent = update(attempts).where(attempts.c.callback_id == callback_id, attempts.c.state == AttemptState.CLAIMED)
        connection.execute(unsent.values(state=AttemptState.LOST, at=at, ending=why))
        note_change(connection, ticket_id, at, "line", "callback", cancelled)
