"""What a service says of a call, for the call's timeline."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

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
