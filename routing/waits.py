"""What the queue's order, and the words about waiting, are made of: a port, as those in `routing.ports`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from routing.model import QueueEntry
from routing.policy import Route


@dataclass(frozen=True)
class Handled:
    """How long one caller took one agent."""

    crew: str
    talk_s: float
    wrap_up_s: float


@dataclass(frozen=True)
class ToldWait:
    """What a caller was told of their wait, and how long it was from then on until somebody answered."""

    call_id: str
    at: datetime
    told_s: int
    real_s: float


class Waits(Protocol):
    """As in `routing.ports`: every method is one transaction."""

    async def heads(
        self, ways: Sequence[Route], now: datetime, limit: int, without: Collection[str] = ()
    ) -> Sequence[QueueEntry]:
        """As `policy.heads` of all who wait; the cost does not grow with how many they are."""

    async def ahead(self, entry: QueueEntry, now: datetime) -> Mapping[str, int]:
        """As `policy.ahead` of all who wait."""

    async def press(self, by: datetime) -> Sequence[QueueEntry]:
        """Lift those whose promise is for then or sooner, and who are not lifted yet: these are returned."""

    async def contacts(self, number: str, topic: str, since: datetime) -> int:
        """How many calls from that number, begun from then on, were about a ticket of that topic."""

    async def handled(self, since: datetime, limit: int) -> Sequence[Handled]:
        """The latest talks whose after-call work is over, of those that ended from then on."""

    async def told(self, since: datetime, limit: int) -> Sequence[ToldWait]:
        """What callers were told from then on who have been answered since, latest first."""
