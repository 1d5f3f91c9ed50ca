"""Callbacks: stored before they are confirmed, in their fair place, dialled once per attempt."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from routing.model import Attempt, Callback, CallerId, NotFound
from routing.rules import resting, stored
from routing.transitions import CallbackTransitions
from store.applying import SqlApplier, apply
from store.callback_rows import keep
from store.database import Database
from store.rows import attempt_of, callback_of, select_callbacks
from store.tables import NOT_ENDED, call_private, calls
from store.tables_dispatch import OPEN_ATTEMPT, OPEN_CALLBACK, attempts, callback_private, callbacks


class SqlCallbacks(CallbackTransitions):
    def __init__(self, database: Database, site_id: str, kept_for: timedelta) -> None:
        self._applier = SqlApplier(database, kept_for)
        self._database = database
        self._site_id = site_id
        self._kept_for = kept_for

    async def store(self, callback: Callback) -> Callback:
        return await self._database.write(lambda connection: self._store(connection, callback))

    def _store(self, connection: Connection, callback: Callback) -> Callback:
        kept = keep(connection, callback, self._site_id, self._kept_for)
        apply(connection, stored(kept, callback))
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
        numbers = select(call_private.c.number, calls.c.caller_kind).join(calls, calls.c.id == call_private.c.call_id)
        theirs = select(callback_private.c.number).join(callbacks).where(OPEN_CALLBACK)
        calling = (NOT_ENDED, calls.c.callback_id.is_(None), call_private.c.number.in_(theirs))

        def work(connection: Connection) -> frozenset[str]:
            owed = connection.execute(select_callbacks().where(OPEN_CALLBACK))
            callers = connection.execute(numbers.where(*calling))
            return resting(
                [callback_of(row) for row in owed],
                [CallerId(number=row.number, kind=row.caller_kind) for row in callers],
            )

        return await self._database.read(work)

    async def _select(self, *where: Any) -> list[Callback]:
        query = select_callbacks().where(*where).order_by(callbacks.c.since)
        return await self._database.read(lambda connection: [callback_of(row) for row in connection.execute(query)])

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
