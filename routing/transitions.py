"""The transitions that all records make alike, wherever they are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from routing.effects import (
    Effect,
    agent_transition,
    attempt_transition,
    emergency_transition,
    offer_transition,
    outbound_call_transition,
    take_transition,
)
from routing.emergencies import EmergencyEvent, TakeEvent
from routing.lifecycle import AgentEvent, AttemptEvent, OfferEvent, OutboundCallEvent
from routing.model import Attempt, NewEvent
from routing.rules import claiming_attempt, serving, taking_over


class Applier(Protocol):
    async def won(self, *effects: Effect, events: Sequence[NewEvent] = ()) -> bool:
        """Apply effects and append events in one transaction; False, and nothing is changed, where one is lost."""


class AgentTransitions:
    _applier: Applier

    async def change(self, agent_id: str, event: AgentEvent, at: datetime, reason: str = "") -> bool:
        return await self._applier.won(agent_transition(agent_id, event, at, reason, required=True))


class OfferTransitions:
    _applier: Applier

    async def advance(
        self, offer_id: str, event: OfferEvent, at: datetime, ending: str | None = None,
        agent: AgentEvent | None = None, reason: str = "", events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        return await self._applier.won(offer_transition(offer_id, event, at, ending, agent, reason), events=events)


class OutboundCallTransitions:
    _applier: Applier

    async def advance(
        self, outbound_call_id: str, event: OutboundCallEvent, at: datetime, due: datetime | None = None
    ) -> bool:
        theirs = {"id": outbound_call_id}
        return await self._applier.won(outbound_call_transition(theirs, event, at, due, required=True))

    async def claim_attempt(self, attempt: Attempt, events: Sequence[NewEvent] = ()) -> bool:
        return await self._applier.won(*claiming_attempt(attempt), events=events)

    async def advance_attempt(
        self, attempt_id: str, event: AttemptEvent, at: datetime, ending: str | None = None,
        events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        made = attempt_transition({"id": attempt_id}, event, at, ending, required=True)
        return await self._applier.won(made, events=events)

    async def connect(self, attempt_id: str, call_id: str, at: datetime) -> bool:
        confirmed = attempt_transition({"id": attempt_id}, AttemptEvent.CONFIRMED, at, required=True, call_id=call_id)
        return await self._applier.won(confirmed)

    async def served(self, outbound_call_id: str, attempt_id: str, at: datetime) -> bool:
        return await self._applier.won(*serving(outbound_call_id, attempt_id, at))

    async def take_over(self, callback_id: str, call_id: str, at: datetime) -> bool:
        return await self._applier.won(*taking_over(callback_id, call_id, at))


class EmergencyTransitions:
    _applier: Applier

    async def advance(
        self, emergency_id: str, event: EmergencyEvent, at: datetime, taken_by: str = "",
        events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        return await self._applier.won(emergency_transition(emergency_id, event, at, taken_by), events=events)

    async def advance_take(self, take_id: str, event: TakeEvent, at: datetime) -> bool:
        return await self._applier.won(take_transition(take_id, event, at))
