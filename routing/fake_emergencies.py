"""Emergencies in memory; they behave as the database's do."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from routing.emergencies import (
    OPEN_EMERGENCIES,
    OPEN_TAKES,
    Emergency,
    EmergencyState,
    Ring,
    Take,
    TakeState,
    moved,
)
from routing.fake_state import MemoryState
from routing.model import NewEvent, NotFound


class MemoryEmergencies:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def open(self, emergency: Emergency) -> Emergency:
        if emergency.call_id not in self._state.calls:
            raise NotFound(f"call {emergency.call_id}")
        if kept := await self.of_call(emergency.call_id):
            return kept
        self._state.emergencies[emergency.id] = emergency
        return emergency

    async def attach(self, emergency_id: str, ticket_id: str) -> bool:
        emergency = self._state.emergencies[emergency_id]
        if emergency.ticket_id:
            return False
        self._state.emergencies[emergency_id] = replace(emergency, ticket_id=ticket_id)
        return True

    async def load(self, emergency_id: str) -> Emergency:
        if emergency_id not in self._state.emergencies:
            raise NotFound(f"emergency {emergency_id}")
        return self._whole(self._state.emergencies[emergency_id])

    async def of_call(self, call_id: str) -> Emergency | None:
        return self._first(lambda emergency: emergency.call_id == call_id)

    async def of_channel(self, channel: str) -> Emergency | None:
        return self._first(lambda emergency: emergency.channel == channel)

    async def live(self) -> Sequence[Emergency]:
        found = [each for each in self._state.emergencies.values() if each.state in OPEN_EMERGENCIES]
        return [self._whole(each) for each in sorted(found, key=lambda each: (each.raised_at, each.id))]

    async def advance(
        self, emergency_id: str, expected: Sequence[EmergencyState], to: EmergencyState, at: datetime,
        taken_by: str = "", events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        emergency = self._state.emergencies.get(emergency_id)
        if emergency is None or emergency.state not in expected:
            return False
        self._state.emergencies[emergency_id] = moved(emergency, to, at, taken_by)
        if to is not EmergencyState.RINGING:
            for ring in [ring for ring in self._state.rings.values() if ring.emergency_id == emergency_id]:
                self._state.rings_ended.add(ring.channel)
        self._state.append(events)
        return True

    async def ring(self, ring: Ring) -> bool:
        if ring.channel in self._state.rings:
            return False
        self._state.rings[ring.channel] = ring
        return True

    async def ring_ended(self, channel: str, at: datetime) -> Ring | None:
        if channel not in self._state.rings or channel in self._state.rings_ended:
            return None
        self._state.rings_ended.add(channel)
        return self._state.rings[channel]

    async def ask_take(self, take: Take) -> bool:
        emergency = await self.load(take.emergency_id)
        if emergency.state is not EmergencyState.RINGING or emergency.take:
            return False
        self._state.takes[take.id] = take
        return True

    async def advance_take(self, take_id: str, expected: Sequence[TakeState], to: TakeState, at: datetime) -> bool:
        take = self._state.takes[take_id]
        if take.state not in expected:
            return False
        self._state.takes[take_id] = replace(take, state=to, at=at)
        return True

    def _first(self, fits: Callable[[Emergency], bool]) -> Emergency | None:
        return next((self._whole(each) for each in self._state.emergencies.values() if fits(each)), None)

    def _whole(self, emergency: Emergency) -> Emergency:
        rings = [ring for ring in self._state.rings.values() if ring.emergency_id == emergency.id]
        ringing = tuple(ring for ring in rings if ring.channel not in self._state.rings_ended)
        takes = [take for take in self._state.takes.values() if take.emergency_id == emergency.id]
        return replace(emergency, rings=ringing, take=next((t for t in takes if t.state in OPEN_TAKES), None))
