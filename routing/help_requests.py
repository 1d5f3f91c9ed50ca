"""Help that an agent asks for with one key: loud on the floor until somebody takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class HelpState(StrEnum):
    ASKED = "asked"
    TAKEN = "taken"  # somebody is on the way
    OVER = "over"


OPEN_HELP = (HelpState.ASKED, HelpState.TAKEN)


class HelpEvent(StrEnum):
    TAKEN = "taken"
    ENDED = "ended"  # it came, or is not needed any more


HELP_TRANSITIONS: dict[tuple[HelpState, HelpEvent], HelpState] = {
    (HelpState.ASKED, HelpEvent.TAKEN): HelpState.TAKEN,
    **{(state, HelpEvent.ENDED): HelpState.OVER for state in OPEN_HELP},
}


@dataclass(frozen=True)
class HelpRequest:
    id: str
    agent_id: str
    asked_at: datetime
    state: HelpState = HelpState.ASKED
    taken_by: str = ""  # agent:<login>
    taken_at: datetime | None = None
    ended_at: datetime | None = None


class HelpRequests(Protocol):
    async def ask(self, request: HelpRequest) -> bool:
        """False where the agent has asked already."""

    async def load(self, request_id: str) -> HelpRequest:
        """Raises: NotFound."""

    async def open(self) -> Sequence[HelpRequest]:
        """Those not over, the first of them first."""

    async def advance(self, request_id: str, event: HelpEvent, at: datetime, by: str = "") -> bool:
        """False, and nothing changes, when it is in a state that has no such event."""
