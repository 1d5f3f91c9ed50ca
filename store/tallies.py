"""Counts over everything that ever was, for machines that ask every few seconds."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, case, func, literal, select

from store.database import Database
from store.tables import calls, promises, tickets
from store.tables_dispatch import offers

FRESH_S = 5.0
OUTCOME = case((promises.c.kept.is_(True), "kept"), (promises.c.kept.is_(False), "broken"), else_="open")
COUNTED: Mapping[str, Any] = {
    "calls": func.coalesce(calls.c.ending, literal("live")),
    "tickets": tickets.c.stage,
    "offers": func.coalesce(offers.c.ending, offers.c.state),
    "promises": OUTCOME,
}
Counts = Mapping[str, Mapping[str, int]]


class Tallies:
    """Counts at most every `FRESH_S`, whoever asks: it reads whole tables, which grow for years."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._counted: Counts | None = None
        self._counted_at = 0.0
        self._counting = asyncio.Lock()

    async def read(self) -> Counts:
        async with self._counting:
            if self._counted is None or self._clock() - self._counted_at >= FRESH_S:
                self._counted = await self._database.read(_count)
                self._counted_at = self._clock()
            return self._counted


def _count(connection: Connection) -> Counts:
    return {name: _tally(connection, column) for name, column in COUNTED.items()}


def _tally(connection: Connection, column: Any) -> dict[str, int]:
    named = column.label("named")
    rows = connection.execute(select(named, func.count()).group_by(named))
    return {str(name): int(count) for name, count in rows}
