"""What a service says of a call, for the call's timeline."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from routing.clocks import Clock
from routing.event_types import EventType
from routing.model import NewEvent


class Timeline(Protocol):
    """Kept by whoever serves the call, and written with whatever of the call is saved next."""

    call_id: str
    leg_id: str  # of the channel whose events these are; empty: of none

    def note(
        self, type: EventType, payload: Mapping[str, Any] | None = None, private: Mapping[str, Any] | None = None,
        actor: str = "line",
    ) -> None:  # fmt: skip
        """`payload` holds nothing private; see `NewEvent`."""

    def take(self) -> Sequence[NewEvent]:
        """What was noted since it was taken last; the taker writes it."""


class Notes:
    """Collects a call's events in memory until they are written: a `Timeline`."""

    def __init__(self, call_id: str, clock: Clock, actor: str = "line", leg_id: str = "") -> None:
        """`actor`: who does what is noted, unless something else is said."""
        self.call_id, self.leg_id, self.actor = call_id, leg_id, actor
        self._clock = clock
        self._events: list[NewEvent] = []

    def note(
        self, type: EventType, payload: Mapping[str, Any] | None = None, private: Mapping[str, Any] | None = None,
        actor: str = "",
    ) -> None:  # fmt: skip
        """`payload` holds nothing private; see `NewEvent`."""
        event = NewEvent(
            call_id=self.call_id, type=type, at=self._clock(), actor=actor or self.actor, leg=self.leg_id,
            payload=payload or {}, private=private or {},
        )  # fmt: skip
        self._events.append(event)

    def take(self) -> tuple[NewEvent, ...]:
        """All events noted so far; there are none afterwards."""
        events, self._events = tuple(self._events), []
        return events
