"""Nodes, as rows: when each was last heard of, and what lives there."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, exists, or_, select, union, update

from routing.emergencies import GONE
from routing.lifecycle import OPEN_ATTEMPTS
from routing.nodes import Node
from store.database import Database
from store.portable import insert_unless_there
from store.tables import NOT_ENDED, call_legs, calls
from store.tables_dispatch import OPEN_ATTEMPT, attempts
from store.tables_emergencies import OPEN, emergencies, emergency_rings
from store.tables_nodes import nodes, phone_registrations

LIVED_AT = union(
    select(calls.c.node).where(NOT_ENDED),
    select(attempts.c.node).where(OPEN_ATTEMPT),
    select(emergencies.c.node).where(OPEN, emergencies.c.state.not_in(GONE)),
    select(phone_registrations.c.node),
)

CHANNELS: tuple[tuple[Table, Column[str], Any], ...] = (
    (calls, calls.c.channel, calls.c.ended_at.is_(None)),
    (call_legs, call_legs.c.channel, call_legs.c.ended_at.is_(None)),
    (attempts, attempts.c.id, attempts.c.state.in_(OPEN_ATTEMPTS)),
    (emergencies, emergencies.c.channel, emergencies.c.state.not_in(GONE)),
    (emergency_rings, emergency_rings.c.channel, emergency_rings.c.ended_at.is_(None)),
)
"""Where channels are noted, and which of the rows are not over."""


class SqlNodes:
    """Implements `routing.ports.Nodes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, node: str, at: datetime) -> None:
        again = update(nodes).where(nodes.c.name == node).values(beats=nodes.c.beats + 1, at=at)

        def work(connection: Connection) -> None:
            if not insert_unless_there(connection, nodes, {"name": node, "beats": 1, "at": at}):
                connection.execute(again)

        await self._database.write(work)

    async def all(self) -> Sequence[Node]:
        def work(connection: Connection) -> list[Node]:
            heard = {row.name: Node(row.name, row.beats, row.at) for row in connection.execute(select(nodes))}
            named = heard.keys() | set(connection.scalars(LIVED_AT))
            return [heard.get(name, Node(name)) for name in sorted(named)]

        return await self._database.read(work)

    async def found(self, node: str, channels: Collection[str]) -> None:
        elsewhere = [
            (table, column.in_(channels), table.c.node != node, unless_over) for table, column, unless_over in CHANNELS
        ]
        sought = [exists().where(*where) for _, *where in elsewhere]
        if not await self._database.read(lambda connection: connection.execute(select(or_(*sought))).scalar()):
            return  # as nearly always: nothing is written

        def work(connection: Connection) -> None:
            for table, *where in elsewhere:
                connection.execute(update(table).where(*where).values(node=node))

        await self._database.write(work)

    async def gone(self, node: str, before: datetime) -> None:
        registered = delete(phone_registrations).where(phone_registrations.c.node == node)
        row = delete(nodes).where(nodes.c.name == node, nodes.c.at < before)

        def work(connection: Connection) -> None:
            connection.execute(registered)
            connection.execute(row)

        await self._database.write(work)
