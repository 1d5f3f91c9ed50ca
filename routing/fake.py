"""The records and the news in memory, for tests and for the simulator."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping

from routing.corrections import Corrections
from routing.drafts import Drafts
from routing.fake_calls import MemoryCalls, MemoryTickets
from routing.fake_corrections import MemoryCorrections
from routing.fake_dispatch import MemoryAgents, MemoryDrafts, MemoryOffers, MemoryQueue, MemoryWrapUps
from routing.fake_emergencies import MemoryEmergencies
from routing.fake_floor import MemoryFloor
from routing.fake_handling import MemoryHandling
from routing.fake_legs import MemoryLegs
from routing.fake_missed import MemoryMissed
from routing.fake_nodes import MemoryNodes
from routing.fake_outbound_calls import MemoryOutboundCalls
from routing.fake_state import MemoryState
from routing.fake_talks import MemoryTalks
from routing.fake_waits import MemoryWaits
from routing.fake_work_list import MemorySavedFilters
from routing.floor_records import FloorRecords
from routing.handling import Handling
from routing.missed import MissedCalls
from routing.model import Agent
from routing.nodes import Nodes
from routing.ports import (
    Agents,
    Calls,
    Emergencies,
    Legs,
    Offers,
    OutboundCalls,
    Queue,
    Tickets,
    WrapUps,
)
from routing.talks import Talks
from routing.waits import Waits
from routing.work_list import SavedFilters

NEWS_KEPT = 10_000


class MemoryRecords:
    """All records in one process; `state` may be looked into by tests."""

    def __init__(self, agents: Iterable[Agent] = (), site_id: str = "demo") -> None:
        self.state = MemoryState(agents={agent.id: agent for agent in agents})
        self.calls: Calls = MemoryCalls(self.state)
        self.legs: Legs = MemoryLegs(self.state)
        self.tickets: Tickets = MemoryTickets(self.state, site_id)
        self.corrections: Corrections = MemoryCorrections(self.state)
        self.handling: Handling = MemoryHandling(self.state)
        self.queue: Queue = MemoryQueue(self.state)
        self.agents: Agents = MemoryAgents(self.state)
        self.offers: Offers = MemoryOffers(self.state)
        self.outbound_calls: OutboundCalls = MemoryOutboundCalls(self.state)
        self.wrap_ups: WrapUps = MemoryWrapUps(self.state)
        self.emergencies: Emergencies = MemoryEmergencies(self.state)
        self.talks: Talks = MemoryTalks(self.state)
        self.drafts: Drafts = MemoryDrafts(self.state)
        self.nodes: Nodes = MemoryNodes(self.state)
        self.missed: MissedCalls = MemoryMissed(self.state)
        self.waits: Waits = MemoryWaits(self.state)
        self.floor: FloorRecords = MemoryFloor(self.state)
        self.filters: SavedFilters = MemorySavedFilters(self.state)


class MemoryNews:
    """News within one process; ids look like those of a Redis stream."""

    def __init__(self) -> None:
        self._published: deque[tuple[int, str, dict[str, str]]] = deque(maxlen=NEWS_KEPT)
        self._count = 0
        self._more = asyncio.Event()

    async def publish(self, topic: str, **fields: str) -> None:
        self._count += 1
        self._published.append((self._count, topic, fields))
        self._more.set()
        self._more = asyncio.Event()

    async def position(self) -> str:
        return f"{self._count}-0" if self._count else "0-0"

    async def listen(self, after: str = "$") -> AsyncIterator[tuple[str, str, Mapping[str, str]]]:
        last = self._count if after == "$" else int(after.partition("-")[0])
        while True:
            more = self._more
            for count, topic, fields in [each for each in self._published if each[0] > last]:
                last = count
                yield f"{count}-0", topic, fields
            if last >= self._count:
                await more.wait()
