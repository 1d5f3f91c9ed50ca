"""What the queue's order and the words about it are made of."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, literal, literal_column, select, tuple_, update

from routing.event_types import EventType
from routing.identity import first_id
from routing.model import QueueEntry
from routing.policy import Route, level, place
from routing.waits import Handled, ToldWait
from store.database import Database
from store.queue_order import LEVEL, UNPRESSED
from store.queue_rows import NOT_LEFT, NOT_OFFERED, entries, found, select_entries
from store.tables import call_private, call_tickets, calls, events, tickets
from store.tables_dispatch import offers, queue_entries, wrap_ups

PLACE = queue_entries.c
TURN: tuple[Any, ...] = (literal_column(LEVEL), PLACE.since, PLACE.id)
CLOCKS_APART = timedelta(days=1)  # ids are the machine's time, events the line's; so old ones are not looked through


class SqlWaits:
    """Implements `routing.waits.Waits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heads(
        self, ways: Sequence[Route], now: datetime, limit: int, without: Collection[str] = ()
    ) -> Sequence[QueueEntry]:
        def work(connection: Connection) -> list[QueueEntry]:
            asked = (found(connection, _on(way, now, without).order_by(*TURN).limit(limit)) for way in ways)
            return sorted({entry.id: entry for each in asked for entry in each}.values(), key=place)

        return await self._database.read(work)

    async def ahead(self, entry: QueueEntry, now: datetime) -> Mapping[str, int]:
        mine = tuple_(literal(level(entry)), literal(entry.since, PLACE.since.type), entry.id)
        counted = NOT_OFFERED, tuple_(*TURN) < mine, PLACE.call_id.is_not(None) | _due(now)
        query = select(PLACE.crew, func.count()).where(NOT_LEFT, *counted).group_by(PLACE.crew)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {crew: count for crew, count in rows}

    async def press(self, by: datetime) -> Sequence[QueueEntry]:
        pressing = UNPRESSED, PLACE.promise_by <= by

        def look(connection: Connection) -> bool:
            return connection.execute(select(PLACE.id).where(*pressing).limit(1)).first() is not None

        def work(connection: Connection) -> list[QueueEntry]:
            lifted = update(queue_entries).where(*pressing).values(pressing=True).returning(PLACE.id)
            return entries(connection, PLACE.id.in_(connection.scalars(lifted).all()))

        return await self._database.write(work) if await self._database.read(look) else ()

    async def contacts(self, number: str, topic: str, since: datetime) -> int:
        about = call_private.join(calls, calls.c.id == call_private.c.call_id)
        about = about.join(call_tickets, call_tickets.c.call_id == calls.c.id).join(tickets)
        theirs = call_private.c.number == number, tickets.c.topic == topic, calls.c.started_at >= since
        query = select(func.count(calls.c.id.distinct())).select_from(about).where(*theirs)
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))

    async def handled(self, since: datetime, limit: int) -> Sequence[Handled]:
        query = (
            select(PLACE.crew, offers.c.answered_at, offers.c.ended_at, wrap_ups.c.at)
            .select_from(offers.join(queue_entries, PLACE.id == offers.c.entry_id).join(wrap_ups))
            .where(offers.c.answered_at.is_not(None), offers.c.ended_at >= since)
            .order_by(offers.c.ended_at.desc())
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            Handled(row.crew, _seconds(row.answered_at, row.ended_at), _seconds(row.ended_at, row.at)) for row in rows
        ]

    async def told(self, since: datetime, limit: int) -> Sequence[ToldWait]:
        answer = events.alias("answer")
        answered = (answer.c.call_id == events.c.call_id) & (answer.c.type == EventType.AGENT_ANSWERED)
        first = select(func.min(answer.c.at)).where(answered, answer.c.at >= events.c.at).scalar_subquery()
        query = select(events.c.call_id, events.c.at, events.c.payload, first.label("answered_at"))
        lately = events.c.type == EventType.WAIT_TOLD, events.c.id >= first_id(since - CLOCKS_APART)
        query = query.where(*lately, events.c.at >= since, first.is_not(None))
        rows = await self._database.read(
            lambda connection: connection.execute(query.order_by(events.c.id.desc()).limit(limit)).all()
        )
        return [_told(row) for row in rows]


def _on(way: Route, now: datetime, without: Collection[str]) -> Select[Any]:
    query = select_entries().where(NOT_OFFERED, PLACE.crew == way.crew, _due(now))
    if way.after_s:
        query = query.where(PLACE.since <= now - timedelta(seconds=way.after_s))
    if way.node is not None:
        return query.where(PLACE.call_id.is_not(None), calls.c.node == way.node)
    resting = PLACE.callback_id.not_in(sorted(without)) if without else literal(True)
    return query.where(PLACE.call_id.is_(None), resting)


def _due(now: datetime) -> Any:
    return PLACE.not_before.is_(None) | (PLACE.not_before <= now)


def _seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()


def _told(row: Any) -> ToldWait:
    return ToldWait(row.call_id, row.at, int(row.payload["told_s"]), _seconds(row.at, row.answered_at))
