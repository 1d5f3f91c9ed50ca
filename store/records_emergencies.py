"""Emergencies, the phones rung for them and the takes, as rows; every step is a conditional update."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from routing.effects import ring_transition
from routing.emergencies import Emergency, EmergencyState, Ring, Take, TakeState
from routing.model import NotFound
from routing.transitions import EmergencyTransitions
from store.applying import SqlApplier
from store.database import Database
from store.portable import insert_unless_there
from store.tables import calls
from store.tables_emergencies import OPEN, OPEN_TAKE, emergencies, emergency_rings, emergency_takes

STORED = [field.name for field in fields(Emergency) if field.name not in ("rings", "take")]


class SqlEmergencies(EmergencyTransitions):
    """Implements `routing.ports.Emergencies`."""

    def __init__(self, database: Database, site_id: str, kept_for: timedelta) -> None:
        self._database = database
        self._site_id = site_id
        self._applier = SqlApplier(database, kept_for)

    async def open(self, emergency: Emergency) -> Emergency:
        def work(connection: Connection) -> Emergency:
            if connection.execute(select(calls.c.id).where(calls.c.id == emergency.call_id)).first() is None:
                raise NotFound(f"call {emergency.call_id}")
            row = {name: getattr(emergency, name) for name in STORED}
            insert_unless_there(connection, emergencies, {**row, "site_id": self._site_id})
            return _find(connection, emergencies.c.call_id == emergency.call_id)[0]

        return await self._database.write(work)

    async def attach(self, emergency_id: str, ticket_id: str) -> bool:
        bare = (emergencies.c.id == emergency_id, emergencies.c.ticket_id.is_(None))
        change = update(emergencies).where(*bare).values(ticket_id=ticket_id)
        return await self._database.write(lambda connection: connection.execute(change).rowcount == 1)

    async def load(self, emergency_id: str) -> Emergency:
        found = await self._found(emergencies.c.id == emergency_id)
        if not found:
            raise NotFound(f"emergency {emergency_id}")
        return found[0]

    async def of_call(self, call_id: str) -> Emergency | None:
        return next(iter(await self._found(emergencies.c.call_id == call_id)), None)

    async def of_channel(self, channel: str) -> Emergency | None:
        return next(iter(await self._found(emergencies.c.channel == channel)), None)

    async def live(self) -> Sequence[Emergency]:
        return await self._found(OPEN, emergencies.c.site_id == self._site_id)

    async def _found(self, *where: Any) -> list[Emergency]:
        return await self._database.read(lambda connection: _find(connection, *where))

    async def ring(self, ring: Ring) -> bool:
        return await self._database.write(
            lambda connection: insert_unless_there(connection, emergency_rings, vars(ring))
        )

    async def ring_ended(self, channel: str, at: datetime) -> Ring | None:
        query = select(emergency_rings).where(emergency_rings.c.channel == channel)
        if not await self._applier.won(ring_transition({"channel": channel}, at, required=True)):
            return None
        return await self._database.read(lambda connection: _ring(connection.execute(query).one()))

    async def ask_take(self, take: Take) -> bool:
        def work(connection: Connection) -> bool:
            found = _find(connection, emergencies.c.id == take.emergency_id)
            asked = bool(found) and found[0].may_be_asked_for
            return asked and insert_unless_there(connection, emergency_takes, vars(take))

        return await self._database.write(work)


def _find(connection: Connection, *where: Any) -> list[Emergency]:
    """Oldest first, each with what rings for it and who is taking it."""
    query = select(emergencies).where(*where).order_by(emergencies.c.raised_at, emergencies.c.id)
    rows = connection.execute(query).all()
    if not rows:
        return []
    ids = [row.id for row in rows]
    ringing = (emergency_rings.c.emergency_id.in_(ids), emergency_rings.c.ended_at.is_(None))
    rings = connection.execute(select(emergency_rings).where(*ringing).order_by(emergency_rings.c.phone)).all()
    takes = connection.execute(select(emergency_takes).where(emergency_takes.c.emergency_id.in_(ids), OPEN_TAKE)).all()
    return [_emergency(row, rings, takes) for row in rows]


def _emergency(row: Any, rings: Sequence[Any], takes: Sequence[Any]) -> Emergency:
    known = {name: getattr(row, name) for name in STORED}
    theirs = tuple(_ring(ring) for ring in rings if ring.emergency_id == row.id)
    under_way = next((_take(take) for take in takes if take.emergency_id == row.id), None)
    return Emergency(**{**known, "state": EmergencyState(row.state)}, rings=theirs, take=under_way)


def _ring(row: Any) -> Ring:
    return Ring(row.emergency_id, row.channel, row.phone, row.began_at, row.ended_at, row.node)


def _take(row: Any) -> Take:
    return Take(row.id, row.emergency_id, row.agent_id, row.at, TakeState(row.state))
