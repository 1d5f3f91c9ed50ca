"""The channels of calls."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, select, update

from routing.legs import CallLeg, LegKind, leg_ended
from routing.model import NotFound
from store.database import Database
from store.portable import insert_unless_there
from store.tables import call_legs, calls
from store.timeline import append_events


class SqlLegs:
    """Implements `routing.ports.Legs`."""

    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for

    async def open(self, leg: CallLeg) -> bool:
        def work(connection: Connection) -> bool:
            if connection.execute(select(calls.c.id).where(calls.c.id == leg.call_id)).one_or_none() is None:
                raise NotFound(f"call {leg.call_id}")
            return insert_unless_there(connection, call_legs, vars(leg))

        return await self._database.write(work)

    async def end(self, channel: str, cause: str, at: datetime) -> bool:
        open_now = update(call_legs).where(call_legs.c.channel == channel, call_legs.c.ended_at.is_(None))
        change = open_now.values(ended_at=at, cause=cause).returning(call_legs.c.call_id, call_legs.c.kind)

        def work(connection: Connection) -> bool:
            ended = connection.execute(change).all()
            events = [leg_ended(leg.call_id, channel, LegKind(leg.kind), cause, at) for leg in ended]
            append_events(connection, events, self._kept_for)
            return bool(ended)

        return await self._database.write(work)

    async def of_call(self, call_id: str) -> Sequence[CallLeg]:
        query = select(call_legs).where(call_legs.c.call_id == call_id).order_by(call_legs.c.id)
        return await self._database.read(lambda connection: [_leg_of(row) for row in connection.execute(query)])


def _leg_of(row: Row[tuple[object, ...]]) -> CallLeg:
    return CallLeg(**{**row._mapping, "kind": LegKind(row.kind)})
