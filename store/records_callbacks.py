"""Callbacks: stored before they are confirmed, in their fair place, dialled once per attempt."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from routing.lifecycle import CONFIRMABLE, CONNECTABLE, CallEvent
from routing.model import OPEN_CALLBACKS, UNPROVEN, Attempt, AttemptState, Callback, CallbackState, NewEvent, NotFound
from store.callback_rows import find_callback, keep, note_end, take_place
from store.database import Database
from store.portable import Lost, insert_unless_there, must_win
from store.queue_rows import leave, let_go, move_call
from store.rows import attempt_of, callback_of, select_callbacks
from store.tables import call_private, call_tickets, calls, ticket_private
from store.tables_dispatch import (
    LIVE_OFFER,
    OPEN_ATTEMPT,
    OPEN_CALLBACK,
    attempts,
    callback_private,
    callbacks,
    offers,
    queue_entries,
)
from store.timeline import append_events


class SqlCallbacks:
    def __init__(self, database: Database, site_id: str, kept_for: timedelta) -> None:
        self._database = database
        self._site_id = site_id
        self._kept_for = kept_for

    async def store(self, callback: Callback) -> Callback:
        return await self._database.write(lambda connection: self._store(connection, callback))

    def _store(self, connection: Connection, callback: Callback) -> Callback:
        kept = keep(connection, callback, self._site_id, self._kept_for)
        if callback.call_id:
            theirs = (queue_entries.c.call_id == callback.call_id) & queue_entries.c.callback_id.is_(None)
            leave(connection, theirs, "callback chosen", callback.since)
        take_place(connection, kept, self._site_id)
        ticket = update(ticket_private).where(ticket_private.c.ticket_id == kept.ticket_id)
        connection.execute(ticket.values(callback_number=kept.number))
        return kept

    async def load(self, callback_id: str) -> Callback:
        found = await self._select(callbacks.c.id == callback_id)
        if not found:
            raise NotFound(f"callback {callback_id}")
        return found[0]

    async def known(self, callback_ids: Collection[str]) -> Mapping[str, Callback]:
        found = await self._select(callbacks.c.id.in_(callback_ids)) if callback_ids else []
        return {callback.id: callback for callback in found}

    async def open(self) -> Sequence[Callback]:
        return await self._select(OPEN_CALLBACK)

    async def of_ticket(self, ticket_id: str) -> Callback | None:
        found = await self._select(callbacks.c.ticket_id == ticket_id, OPEN_CALLBACK)
        return found[0] if found else None

    async def since(self, at: datetime) -> Sequence[Callback]:
        return await self._select(callbacks.c.since >= at)

    async def owed_to(self, number: str) -> Sequence[Callback]:
        return await self._select(callback_private.c.number == number, OPEN_CALLBACK)

    async def resting(self) -> frozenset[str]:
        proven = calls.c.caller_kind != UNPROVEN  # or whoever says that number would keep it waiting
        calling = (calls.c.ended_at.is_(None), calls.c.callback_id.is_(None), proven)
        theirs = call_private.c.number == callback_private.c.number
        on_the_line = (
            select(calls.c.id).join(call_private, call_private.c.call_id == calls.c.id).where(*calling, theirs)
        )
        pending = (callbacks.c.state == CallbackState.PENDING) & on_the_line.exists()
        query = (
            select(callbacks.c.id)
            .join(callback_private, callback_private.c.callback_id == callbacks.c.id)
            .where(OPEN_CALLBACK, (callbacks.c.state == CallbackState.DIALLING) | pending)
        )
        return await self._database.read(lambda connection: frozenset(connection.execute(query).scalars()))

    async def _select(self, *where: Any) -> list[Callback]:
        query = select_callbacks().where(*where).order_by(callbacks.c.since)
        return await self._database.read(lambda connection: [callback_of(row) for row in connection.execute(query)])

    async def advance(
        self, callback_id: str, expected: Sequence[CallbackState], to: CallbackState, at: datetime,
        not_before: datetime | None = None, events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        change = update(callbacks).where(callbacks.c.id == callback_id, callbacks.c.state.in_(expected))
        entry = queue_entries.c.callback_id == callback_id

        def work(connection: Connection) -> bool:
            if connection.execute(change.values(state=to, not_before=not_before)).rowcount == 0:
                return False
            if to not in OPEN_CALLBACKS:
                leave(connection, entry, f"callback {to}", at)
                note_end(connection, callback_id, to, at)
            elif to is CallbackState.PENDING:
                take_place(connection, find_callback(connection, callback_id), self._site_id)
                let_go(connection, entry)
            append_events(connection, events, self._kept_for)
            return True

        return await self._database.write(work)

    async def connect(self, attempt_id: str, call_id: str, at: datetime) -> bool:
        return await self._won(lambda connection: _connect(connection, attempt_id, call_id, at))

    async def take_over(self, callback_id: str, call_id: str, at: datetime) -> bool:
        return await self._won(lambda connection: _take_over(connection, callback_id, call_id, at))

    async def claim_attempt(self, attempt: Attempt, events: Sequence[NewEvent] = ()) -> bool:
        turn = update(callbacks).where(
            callbacks.c.id == attempt.callback_id,
            callbacks.c.state == CallbackState.PENDING,
            callbacks.c.attempts == attempt.number - 1,
        )

        def work(connection: Connection) -> None:
            dialling = turn.values(state=CallbackState.DIALLING, attempts=attempt.number, not_before=None)
            must_win(connection.execute(dialling).rowcount == 1)
            must_win(insert_unless_there(connection, attempts, vars(attempt)))
            append_events(connection, events, self._kept_for)

        return await self._won(work)

    async def _won(self, work: Any) -> bool:
        try:
            await self._database.write(work)
        except Lost:
            return False
        return True

    async def advance_attempt(
        self, attempt_id: str, expected: Sequence[AttemptState], to: AttemptState, at: datetime,
        ending: str | None = None, events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        change = update(attempts).where(attempts.c.id == attempt_id, attempts.c.state.in_(expected))

        def work(connection: Connection) -> bool:
            if connection.execute(change.values(state=to, at=at, ending=ending)).rowcount == 0:
                return False
            append_events(connection, events, self._kept_for)
            return True

        return await self._database.write(work)

    async def load_attempt(self, attempt_id: str) -> Attempt:
        found = await self._attempts(attempts.c.id == attempt_id)
        if not found:
            raise NotFound(f"attempt {attempt_id}")
        return found[0]

    async def attempts_of(self, callback_id: str) -> Sequence[Attempt]:
        return await self._attempts(attempts.c.callback_id == callback_id)

    async def open_attempts(self) -> Sequence[Attempt]:
        return await self._attempts(OPEN_ATTEMPT)

    async def _attempts(self, where: Any) -> list[Attempt]:
        query = select(attempts).where(where).order_by(attempts.c.number)
        return await self._database.read(lambda connection: [attempt_of(row) for row in connection.execute(query)])


def _connect(connection: Connection, attempt_id: str, call_id: str, at: datetime) -> None:
    """Raises: Lost."""
    answered = update(attempts).where(attempts.c.id == attempt_id, attempts.c.state.in_(CONFIRMABLE))
    confirmed = answered.values(state=AttemptState.CONFIRMED, at=at).returning(attempts.c.callback_id)
    callback_id = connection.execute(confirmed).scalar()
    must_win(callback_id is not None)
    _hand_to(connection, str(callback_id), call_id)


def _take_over(connection: Connection, callback_id: str, call_id: str, at: datetime) -> None:
    """Raises: Lost."""
    move_call(connection, call_id, CallEvent.ENTERED_QUEUE)
    theirs = (queue_entries.c.call_id == call_id) & queue_entries.c.callback_id.is_(None)
    leave(connection, theirs, "callback taken over", at)
    _hand_to(connection, callback_id, call_id)
    dialled = update(attempts).where(attempts.c.callback_id == callback_id, OPEN_ATTEMPT)
    connection.execute(dialled.values(state=AttemptState.LOST, at=at, ending="called by themselves"))
    ticket_id = connection.execute(select(callbacks.c.ticket_id).where(callbacks.c.id == callback_id)).scalar_one()
    insert_unless_there(connection, call_tickets, {"call_id": call_id, "ticket_id": ticket_id, "at": at})


def _hand_to(connection: Connection, callback_id: str, call_id: str) -> None:
    """The call takes the callback's place and its live offer. Raises: Lost."""
    owed = update(callbacks).where(callbacks.c.id == callback_id, callbacks.c.state.in_(CONNECTABLE))
    must_win(connection.execute(owed.values(state=CallbackState.CONNECTED, not_before=None)).rowcount == 1)
    entry = update(queue_entries).where(queue_entries.c.callback_id == callback_id, queue_entries.c.left_at.is_(None))
    connection.execute(entry.values(call_id=call_id, not_before=None))
    offer = update(offers).where(offers.c.callback_id == callback_id, LIVE_OFFER)
    connection.execute(offer.values(call_id=call_id))
