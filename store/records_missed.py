"""Callers whom nobody reached."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from routing.effects import JudgeMissed, Lost, missed_transition
from routing.missed import MissedCall, MissedEvent, MissedKind, MissedQuery, MissedRules
from routing.missed_rules import heard_message
from routing.model import NewEvent, NotFound
from store.applying import SqlApplier, apply
from store.database import Database
from store.missed_rows import count_open, missed_of, select_missed
from store.portable import hold
from store.tables import calls
from store.tables_missed import missed_calls, missed_private
from store.timeline import append_events


class SqlMissed:
    """Implements `routing.missed.MissedCalls`."""

    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for
        self._applier = SqlApplier(database, kept_for)

    async def load(self, call_id: str) -> MissedCall:
        query = select_missed().where(missed_calls.c.id == call_id)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise NotFound(f"missed call {call_id}")
        return missed_of(row)

    async def judge(self, call_id: str, at: datetime, rules: MissedRules) -> None:
        await self._applier.won(JudgeMissed(call_id, at, rules))

    async def advance(
        self, call_id: str, event: MissedEvent, at: datetime, by: str = "", reason: str = "",
        events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        step = missed_transition({"id": call_id}, event, at, by, required=True)

        def work(connection: Connection) -> None:
            hold(connection, select(calls.c.id).where(calls.c.id == call_id))  # its timeline is written at the end
            apply(connection, [step])
            self._keep(connection, call_id, reason, at)
            append_events(connection, events, self._kept_for)

        try:
            await self._database.write(work)
        except Lost:
            return False
        return True

    def _keep(self, connection: Connection, call_id: str, reason: str, at: datetime) -> None:
        """The reason of the state that it is in now, and of no earlier one."""
        connection.execute(delete(missed_private).where(missed_private.c.call_id == call_id))
        if reason:
            row = {"call_id": call_id, "reason": reason, "purge_after": at + self._kept_for}
            connection.execute(insert(missed_private), row)

    async def heard(self, ticket_id: str, at: datetime, by: str) -> bool:
        return await self._applier.won(heard_message(ticket_id, at, by, required=True))

    async def listed(self, query: MissedQuery, limit: int, before: str | None = None) -> Sequence[MissedCall]:
        where = [missed_calls.c.state == query.state]
        where += [missed_calls.c.kind == query.kind] if query.kind else []
        where += [missed_calls.c.id < before] if before else []
        found = select_missed().where(*where).order_by(missed_calls.c.id.desc()).limit(limit)
        return await self._database.read(lambda connection: [missed_of(row) for row in connection.execute(found)])

    async def counts(self) -> Mapping[MissedKind, int]:
        return await self._database.read(count_open)
