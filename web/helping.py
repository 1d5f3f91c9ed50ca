"""Calls for help as the floor shows them, and the one of an agent as their desk does."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from routing.help_requests import HelpRequest, HelpState
from routing.model import Agent
from routing.ports import Records

FRESH_S = 0.25  # many pages ask at once; they share one reading


@dataclass(frozen=True)
class CallForHelp:
    """One that is not over, with names for people."""

    request: HelpRequest
    agent: Agent
    taken_by: str  # a name; empty while nobody has taken it

    @property
    def loud(self) -> bool:
        return self.request.state is HelpState.ASKED


@dataclass
class HelpReader:
    """Reads the open ones at most every `FRESH_S`, whoever asks."""

    records: Records
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _read_at: float = -1.0
    _open: Sequence[CallForHelp] = ()
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, anew: bool = False) -> Sequence[CallForHelp]:
        """The first of them first; `anew`: after a change of one's own."""
        async with self._lock:
            if anew or self._read_at < 0 or self.clock() - self._read_at > FRESH_S:
                self._open = await _read(self.records)
                self._read_at = self.clock()
            return self._open

    async def of(self, agent_id: str) -> CallForHelp | None:
        return next((each for each in await self.read() if each.agent.id == agent_id), None)


async def _read(records: Records) -> Sequence[CallForHelp]:
    open_ones = await records.floor.help.open()
    if not open_ones:
        return ()
    agents = {agent.id: agent for agent in await records.agents.all()}
    names = {f"agent:{agent.login}": agent.name for agent in agents.values()}
    return [
        CallForHelp(each, agents[each.agent_id], names.get(each.taken_by, each.taken_by.partition(":")[2]))
        for each in open_ones
    ]
