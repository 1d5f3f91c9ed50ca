"""Emergencies as every desk shows them: who calls, from where, what was understood, who is rung, who took it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from routing.emergencies import Emergency, EmergencyState
from routing.model import Agent, Call, CallerId, Ticket
from routing.ports import Records

FRESH_S = 0.25  # every page looks twice a second; they share one reading


@dataclass(frozen=True)
class RingingPhone:
    """Somebody whose phone rings."""

    name: str
    since: datetime


@dataclass(frozen=True)
class Alarm:
    """One emergency, with names for people."""

    emergency: Emergency
    caller: CallerId
    ticket: Ticket | None
    place: str | None
    place_text: str | None
    rung: tuple[RingingPhone, ...]
    by: str  # who took it
    taker: Agent | None  # whose phone is to ring, or rings, as they asked for it at the desk

    @property
    def untaken(self) -> bool:
        return not self.emergency.taken

    @property
    def left(self) -> bool:
        """The caller is gone and nobody had answered."""
        return self.emergency.state is EmergencyState.LEFT


@dataclass
class EmergencyReader:
    """Reads them at most every `FRESH_S`, whoever asks."""

    records: Records
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _read_at: float = -1.0
    _alarms: tuple[Alarm, ...] = ()
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, anew: bool = False) -> tuple[Alarm, ...]:
        """Oldest first, those that nobody has taken before the others."""
        async with self._lock:
            if anew or self._read_at < 0 or self.clock() - self._read_at > FRESH_S:
                self._alarms = await read_alarms(self.records)
                self._read_at = self.clock()
            return self._alarms


async def read_alarms(records: Records) -> tuple[Alarm, ...]:
    """One reading where there are none, four where there are."""
    live = await records.emergencies.live()
    if not live:
        return ()
    calls = await records.calls.known({emergency.call_id for emergency in live})
    tickets = await records.tickets.known({emergency.ticket_id for emergency in live if emergency.ticket_id})
    agents = await records.agents.all()
    alarms = [_alarm(emergency, calls, tickets.get(emergency.ticket_id or ""), agents) for emergency in live]
    return tuple(sorted(alarms, key=lambda alarm: not alarm.untaken))


def _alarm(emergency: Emergency, calls: Mapping[str, Call], ticket: Ticket | None, agents: Sequence[Agent]) -> Alarm:
    call = calls.get(emergency.call_id)
    caller = ticket.draft.reporter if ticket else call.caller if call else CallerId()
    at_phones = {agent.phone: agent.name for agent in agents if agent.phone}
    names = {f"agent:{agent.login}": agent.name for agent in agents}
    taker = emergency.take.agent_id if emergency.take else None
    return Alarm(
        emergency, caller, ticket,
        place=ticket.draft.place if ticket else caller.place,
        place_text=ticket.draft.place_text if ticket else None,
        rung=tuple(RingingPhone(at_phones.get(ring.phone, ring.phone), ring.began_at) for ring in emergency.rings),
        by=names.get(emergency.taken_by, emergency.taken_by.partition(":")[2]),
        taker=next((agent for agent in agents if agent.id == taker), None),
    )  # fmt: skip
