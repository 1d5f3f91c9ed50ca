"""What happened in a call since it was last saved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from ivr import outcome_json
from ivr.actions import Outcome
from routing.event_types import EventType
from routing.model import NewEvent, NewOutcome


class Clock(Protocol):
    def __call__(self) -> datetime: ...


class Notebook:
    """Collects a call's events in memory between two saves; everything in it is written before the next prompt."""

    def __init__(self, call_id: str, leg_id: str, clock: Clock) -> None:
        self.call_id = call_id
        self.leg_id = leg_id
        self._clock = clock
        self._events: list[NewEvent] = []

    def note(
        self, type: EventType, payload: Mapping[str, Any] | None = None, private: Mapping[str, Any] | None = None,
        actor: str = "line",
    ) -> None:  # fmt: skip
        event = NewEvent(
            call_id=self.call_id, type=type, at=self._clock(), actor=actor, leg=self.leg_id,
            payload=payload or {}, private=private or {},
        )  # fmt: skip
        self._events.append(event)

    def outcome(self, outcome: Outcome) -> NewOutcome:
        """What came of the dialogue's last action, to be kept with the state that it leads to."""
        return NewOutcome(self._clock(), outcome_json.to_json(outcome))

    def take(self) -> tuple[NewEvent, ...]:
        """All events noted so far; the notebook is empty afterwards."""
        events, self._events = tuple(self._events), []
        return events
