"""What a service says of a call, for the call's timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass
class DeskNotes:
    """What a person at a desk does about a call that is over: a `Timeline`."""

    call_id: str
    actor: str  # agent:<login>
    clock: Clock
    leg_id: str = ""
    _noted: list[NewEvent] = field(default_factory=list)

    def note(
        self, type: EventType, payload: Mapping[str, Any] | None = None, private: Mapping[str, Any] | None = None,
        actor: str = "",
    ) -> None:  # fmt: skip
        """`payload` holds nothing private; see `NewEvent`."""
        who = actor or self.actor
        event = NewEvent(
            self.call_id, type, self.clock(), who, payload=dict(payload or {}), private=dict(private or {})
        )
        self._noted.append(event)

    def take(self) -> Sequence[NewEvent]:
        """Returns what was noted since it was taken last."""
        noted, self._noted = self._noted, []
        return noted
