"""The queue, and the agents who serve it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from routing.effects import call_transition
from routing.lifecycle import CallEvent
from routing.model import Agent, AgentState, NotFound, QueueEntry
from routing.phones import PhoneKind, phone_of
from routing.rules import leaving_queue
from routing.transitions import AgentTransitions
from store.applying import SqlApplier, apply
from store.database import Database
from store.portable import insert_unless_there
from store.queue_rows import NOT_OFFERED, enter, entries
from store.rows import agent_of
from store.tables_dispatch import agents, queue_entries, refusals
from store.tables_nodes import phone_registrations


class SqlQueue:
    def __init__(self, database: Database, site_id: str) -> None:
        self._database = database
        self._site_id = site_id

    async def enter(self, entry: QueueEntry) -> QueueEntry:
        def work(connection: Connection) -> QueueEntry:
            kept = enter(connection, entry, self._site_id)
            apply(connection, [call_transition(entry.call_id, CallEvent.ENTERED_QUEUE)] if entry.call_id else [])
            return kept

        return await self._database.write(work)

    async def leave(self, entry_id: str, reason: str, at: datetime) -> None:
        def work(connection: Connection) -> None:
            query = select(queue_entries.c.call_id).where(queue_entries.c.id == entry_id)
            apply(connection, leaving_queue(entry_id, connection.execute(query).scalar(), reason, at))

        await self._database.write(work)

    async def waiting(self) -> Sequence[QueueEntry]:
        return await self._database.read(lambda connection: entries(connection, NOT_OFFERED))

    async def refused_by(self, entry_id: str, agent_id: str) -> None:
        row = {"entry_id": entry_id, "agent_id": agent_id}
        await self._database.write(lambda connection: insert_unless_there(connection, refusals, row))

    async def of_call(self, call_id: str) -> QueueEntry | None:
        return await self._first(queue_entries.c.call_id == call_id)

    async def of_callback(self, callback_id: str) -> QueueEntry | None:
        return await self._first(queue_entries.c.callback_id == callback_id)

    async def entry(self, entry_id: str) -> QueueEntry | None:
        return await self._first(queue_entries.c.id == entry_id)

    async def _first(self, where: Any) -> QueueEntry | None:
        return await self._database.read(lambda connection: next(iter(entries(connection, where)), None))


class SqlAgents(AgentTransitions):
    def __init__(self, database: Database, site_id: str, kept_for: timedelta) -> None:
        self._applier = SqlApplier(database, kept_for)
        self._database = database
        self._site_id = site_id

    async def enrol(self, agent: Agent) -> None:
        mine = select(agents.c.phone_kind).where(agents.c.id == agent.id)

        def work(connection: Connection) -> None:
            kind = PhoneKind(connection.execute(mine).scalar() or agent.phone_kind)
            known = {"name": agent.name, "crews": sorted(agent.crews), "phone": phone_of(agent.phone, kind)}
            change = update(agents).where(agents.c.id == agent.id).values(**known)
            if connection.execute(change).rowcount == 0:
                row = {**vars(agent), **known, "site_id": self._site_id}
                del row["phone_nodes"]
                connection.execute(insert(agents).values(**row))

        await self._database.write(work)

    async def all(self) -> Sequence[Agent]:
        return await self._found()

    async def load(self, agent_id: str) -> Agent:
        found = await self._found(agents.c.id == agent_id)
        if not found:
            raise NotFound(f"agent {agent_id}")
        return found[0]

    async def _found(self, *where: Any) -> list[Agent]:
        def work(connection: Connection) -> list[Agent]:
            registered = defaultdict[str, list[str]](list)
            for each in connection.execute(select(phone_registrations)):
                registered[each.phone].append(each.node)
            rows = connection.execute(select(agents).where(*where).order_by(agents.c.login))
            return [agent_of(row, registered[row.phone]) for row in rows]

        return await self._database.read(work)

    async def heartbeat(self, agent_id: str, at: datetime) -> None:
        change = update(agents).where(agents.c.id == agent_id).values(page_seen_at=at)
        if await self._database.write(lambda connection: connection.execute(change).rowcount) == 0:
            raise NotFound(f"agent {agent_id}")

    async def choose_phone(self, agent_id: str, kind: PhoneKind) -> bool:
        rests = (agents.c.id == agent_id) & (agents.c.state == AgentState.NOT_READY)

        def work(connection: Connection) -> bool:
            chosen = phone_of(connection.execute(select(agents.c.phone).where(agents.c.id == agent_id)).scalar(), kind)
            change = update(agents).where(rests).values(phone=chosen, phone_kind=kind)
            if connection.execute(change).rowcount == 0:
                return False
            connection.execute(delete(phone_registrations).where(phone_registrations.c.phone == chosen))
            return True

        return await self._database.write(work)

    async def phones_registered(self, node: str, phones: Mapping[str, bool]) -> None:
        here, phone = phone_registrations.c.node == node, phone_registrations.c.phone
        theirs = select(agents.c.phone).where(agents.c.phone.in_(sorted(phones)))

        def work(connection: Connection) -> None:
            known = set(connection.scalars(select(phone).where(here, phone.in_(sorted(phones)))))
            there = {each for each in connection.scalars(theirs) if phones[each]}
            for each in sorted(there - known):
                insert_unless_there(connection, phone_registrations, {"phone": each, "node": node})
            connection.execute(delete(phone_registrations).where(here, phone.in_(sorted(known - there))))

        await self._database.write(work)
