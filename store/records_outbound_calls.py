"""Outbound calls: stored before they are confirmed, in their fair place, dialled once per attempt."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, exists, func, select

from routing.caps import OUTSIDE, Asked, AskedAlike
from routing.model import UNPROVEN, Attempt, CallerId, NotFound, OutboundCall, OutboundCallState
from routing.purposes import FOR_AGENT, Purpose
from routing.rules import resting, stored
from routing.transitions import OutboundCallTransitions
from store.applying import SqlApplier, apply
from store.database import Database
from store.outbound_call_rows import keep
from store.rows import attempt_of, outbound_call_of, select_outbound_calls
from store.tables import NOT_ENDED, call_private, calls
from store.tables_dispatch import (
    LIVE_OFFER,
    OPEN_ATTEMPT,
    OPEN_OUTBOUND_CALL,
    attempts,
    offers,
    outbound_call_private,
    outbound_calls,
)

ASKED_IN = (
    outbound_calls.outerjoin(outbound_call_private)
    .outerjoin(calls, calls.c.id == outbound_calls.c.call_id)
    .outerjoin(call_private, call_private.c.call_id == calls.c.id)
)
SOURCE = case(  # as `CallerId.source`
    (calls.c.withheld | (calls.c.caller_kind == UNPROVEN), None),
    (call_private.c.number != "", call_private.c.number),
    else_=call_private.c.raw,
)

UNDER_WAY = outbound_calls.c.state.in_((OutboundCallState.DIALLING, OutboundCallState.CONNECTED))


class SqlOutboundCalls(OutboundCallTransitions):
    def __init__(self, database: Database, site_id: str, kept_for: timedelta) -> None:
        self._applier = SqlApplier(database, kept_for)
        self._database = database
        self._site_id = site_id
        self._kept_for = kept_for

    async def store(self, call: OutboundCall) -> OutboundCall:
        return await self._database.write(lambda connection: self._store(connection, call))

    def _store(self, connection: Connection, call: OutboundCall) -> OutboundCall:
        kept = keep(connection, call, self._site_id, self._kept_for)
        apply(connection, stored(kept, call))
        return kept

    async def load(self, outbound_call_id: str) -> OutboundCall:
        found = await self._select(outbound_calls.c.id == outbound_call_id)
        if not found:
            raise NotFound(f"outbound call {outbound_call_id}")
        return found[0]

    async def known(self, outbound_call_ids: Collection[str]) -> Mapping[str, OutboundCall]:
        found = await self._select(outbound_calls.c.id.in_(outbound_call_ids)) if outbound_call_ids else []
        return {call.id: call for call in found}

    async def open(self) -> Sequence[OutboundCall]:
        return await self._select(OPEN_OUTBOUND_CALL)

    async def to_attend(self, now: datetime) -> Sequence[OutboundCall]:
        columns = outbound_calls.c
        offered = exists().where(offers.c.callback_id == columns.id, LIVE_OFFER)
        needed = case((columns.purpose.in_(FOR_AGENT), offered), else_=columns.due <= now)
        return await self._select(OPEN_OUTBOUND_CALL, (columns.state != OutboundCallState.PENDING) | needed)

    async def of_ticket(self, ticket_id: str, purpose: Purpose = Purpose.CALLBACK) -> OutboundCall | None:
        columns = outbound_calls.c
        found = await self._select(columns.ticket_id == ticket_id, columns.purpose == purpose, OPEN_OUTBOUND_CALL)
        return found[0] if found else None

    async def asked_alike(self, asked: Asked, since: datetime) -> AskedAlike:
        same_number = outbound_call_private.c.number == asked.number
        same_caller = SOURCE.is_(None) if asked.caller is None else SOURCE == asked.caller
        counts = select(
            func.count().filter(same_number),
            func.count().filter(outbound_calls.c.purpose == Purpose.CALLBACK, same_caller),
            func.count().filter(outbound_call_private.c.number.startswith(OUTSIDE)),
        )
        query = counts.select_from(ASKED_IN).where(outbound_calls.c.since >= since)
        found = await self._database.read(lambda connection: connection.execute(query).one())
        return AskedAlike(*found)

    async def owed_to(self, number: str) -> Sequence[OutboundCall]:
        theirs = (outbound_call_private.c.number == number, outbound_calls.c.purpose == Purpose.CALLBACK)
        return await self._select(*theirs, OPEN_OUTBOUND_CALL)

    async def resting(self, among: Collection[str] | None = None) -> frozenset[str]:
        told = select(call_private.c.number, calls.c.caller_kind).join(calls, calls.c.id == call_private.c.call_id)
        looked_at = () if among is None else (outbound_calls.c.id.in_(among) | UNDER_WAY,)
        theirs = select(outbound_call_private.c.number).join(outbound_calls).where(OPEN_OUTBOUND_CALL, *looked_at)
        calling = (NOT_ENDED, calls.c.outbound_call_id.is_(None), call_private.c.number.in_(theirs))

        def work(connection: Connection) -> frozenset[str]:
            owed = connection.execute(select_outbound_calls().where(OPEN_OUTBOUND_CALL, *looked_at))
            callers = connection.execute(told.where(*calling))
            return resting(
                [outbound_call_of(row) for row in owed],
                [CallerId(number=row.number, kind=row.caller_kind) for row in callers],
            )

        found = await self._database.read(work)
        return found if among is None else found & frozenset(among)

    async def _select(self, *where: Any) -> list[OutboundCall]:
        query = select_outbound_calls().where(*where).order_by(outbound_calls.c.since)
        return await self._database.read(
            lambda connection: [outbound_call_of(row) for row in connection.execute(query)]
        )

    async def load_attempt(self, attempt_id: str) -> Attempt:
        found = await self._attempts(attempts.c.id == attempt_id)
        if not found:
            raise NotFound(f"attempt {attempt_id}")
        return found[0]

    async def attempts_of(self, outbound_call_id: str) -> Sequence[Attempt]:
        return await self._attempts(attempts.c.outbound_call_id == outbound_call_id)

    async def open_attempts(self) -> Sequence[Attempt]:
        return await self._attempts(OPEN_ATTEMPT)

    async def _attempts(self, where: Any) -> list[Attempt]:
        query = select(attempts).where(where).order_by(attempts.c.number)
        return await self._database.read(lambda connection: [attempt_of(row) for row in connection.execute(query)])
