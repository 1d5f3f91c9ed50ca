"""Notices: what a supervisor tells all desks, until a time; each person puts theirs away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

LONGEST = 300  # characters: it stands above everybody's work


@dataclass(frozen=True)
class Notice:
    id: str
    text: str  # as typed
    by: str  # agent:<login>
    at: datetime
    until: datetime
    withdrawn_at: datetime | None = None

    def stands(self, now: datetime) -> bool:
        return self.withdrawn_at is None and now < self.until


class Notices(Protocol):
    async def post(self, notice: Notice) -> None: ...

    async def standing(self, at: datetime) -> Sequence[Notice]:
        """Neither withdrawn nor past their end; the latest first."""

    async def withdraw(self, notice_id: str, at: datetime) -> bool:
        """False where it does not stand."""

    async def dismiss(self, notice_id: str, login: str) -> None:
        """Who has this login does not need to see it any more."""

    async def dismissed(self, login: str, notice_ids: Sequence[str]) -> frozenset[str]:
        """Those of them that this person has put away."""
