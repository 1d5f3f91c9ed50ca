"""Emergencies in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from routing.effects import Insert, Kind, ring_transition
from routing.emergencies import OPEN_EMERGENCIES, OPEN_TAKES, Emergency, Ring, RingState, Take
from routing.fake_state import MemoryState, one
from routing.transitions import EmergencyTransitions


class MemoryEmergencies(EmergencyTransitions):
    def __init__(self, state: MemoryState) -> None:
        self._state = self._applier = state

    async def open(self, emergency: Emergency) -> Emergency:
        one(self._state.calls, emergency.call_id, "call")
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
        return self._whole(one(self._state.emergencies, emergency_id, "emergency"))

    async def of_call(self, call_id: str) -> Emergency | None:
        return self._first(lambda emergency: emergency.call_id == call_id)

    async def of_channel(self, channel: str) -> Emergency | None:
        return self._first(lambda emergency: emergency.channel == channel)

    async def live(self) -> Sequence[Emergency]:
        found = [each for each in self._state.emergencies.values() if each.state in OPEN_EMERGENCIES]
        return [self._whole(each) for each in sorted(found, key=lambda each: (each.raised_at, each.id))]

    async def ring(self, ring: Ring) -> bool:
        return await self._state.won(Insert(Kind.RING, ring))

    async def ring_ended(self, channel: str, at: datetime) -> Ring | None:
        ended = await self._state.won(ring_transition({"channel": channel}, at, required=True))
        return self._state.rings[channel] if ended else None

    async def ask_take(self, take: Take) -> bool:
        asked = (await self.load(take.emergency_id)).may_be_asked_for
        return asked and await self._state.won(Insert(Kind.TAKE, take))

    def _first(self, fits: Callable[[Emergency], bool]) -> Emergency | None:
        return next((self._whole(each) for each in self._state.emergencies.values() if fits(each)), None)

    def _whole(self, emergency: Emergency) -> Emergency:
        rings = tuple(ring for ring in self._state.rings.values() if ring.emergency_id == emergency.id)
        takes = [take for take in self._state.takes.values() if take.emergency_id == emergency.id]
        return replace(
            emergency, rings=tuple(ring for ring in rings if ring.state is RingState.RINGING),
            take=next((take for take in takes if take.state in OPEN_TAKES), None),
        )  # fmt: skip
