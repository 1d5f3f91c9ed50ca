"""Legs of calls in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from routing.fake_state import MemoryState, one
from routing.legs import CallLeg, leg_ended


class MemoryLegs:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def open(self, leg: CallLeg) -> bool:
        one(self._state.calls, leg.call_id, "call")
        if any(known.channel == leg.channel for known in await self.of_call(leg.call_id)):
            return False
        self._state.legs[leg.id] = leg
        return True

    async def end(self, channel: str, cause: str, at: datetime) -> bool:
        open_now = [leg for leg in self._state.legs.values() if leg.channel == channel and leg.ended_at is None]
        for leg in open_now:
            self._state.legs[leg.id] = replace(leg, ended_at=at, cause=cause)
            self._state.append([leg_ended(leg.call_id, channel, leg.kind, cause, at)])
        return bool(open_now)

    async def of_call(self, call_id: str) -> Sequence[CallLeg]:
        return sorted((leg for leg in self._state.legs.values() if leg.call_id == call_id), key=lambda leg: leg.id)

    async def call_of(self, channel: str) -> str | None:
        theirs = [leg for leg in self._state.legs.values() if leg.channel == channel]
        return max(theirs, key=lambda leg: leg.id).call_id if theirs else None
