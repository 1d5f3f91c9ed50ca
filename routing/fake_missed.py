"""Callers whom nobody reached, in memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from routing.effects import JudgeMissed, Lost, missed_transition
from routing.fake_state import MemoryState, one
from routing.missed import MissedCall, MissedEvent, MissedKind, MissedQuery, MissedRules, MissedState
from routing.missed_rules import heard_message
from routing.model import NewEvent


class MemoryMissed:
    """Implements `routing.missed.MissedCalls`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def load(self, call_id: str) -> MissedCall:
        return one(self._state.missed_calls, call_id, "missed call")

    async def judge(self, call_id: str, at: datetime, rules: MissedRules) -> None:
        await self._state.won(JudgeMissed(call_id, at, rules))

    async def advance(
        self, call_id: str, event: MissedEvent, at: datetime, by: str = "", reason: str = "",
        events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        try:
            with self._state.transaction():
                self._state.apply([missed_transition({"id": call_id}, event, at, by, required=True)])
                row = self._state.missed_calls[call_id]
                self._state.missed_calls[call_id] = replace(row, reason=reason)
                self._state.append(events)
        except Lost:
            return False
        return True

    async def heard(self, ticket_id: str, at: datetime, by: str) -> bool:
        return await self._state.won(heard_message(ticket_id, at, by, required=True))

    async def listed(self, query: MissedQuery, limit: int, before: str | None = None) -> Sequence[MissedCall]:
        rows = sorted(self._state.missed_calls.values(), key=lambda row: row.id, reverse=True)
        found = (row for row in rows if row.state is query.state and query.kind in (None, row.kind))
        return [row for row in found if before is None or row.id < before][:limit]

    async def counts(self) -> Mapping[MissedKind, int]:
        rows = self._state.missed_calls.values()
        return dict(Counter(row.kind for row in rows if row.state is MissedState.OPEN))
