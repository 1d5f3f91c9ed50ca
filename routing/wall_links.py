"""Addresses by which a screen on a wall shows the floor's numbers, and nothing else, without anybody logged in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class WallLink:
    """Who has its token sees the wall, until it is withdrawn."""

    id: str
    name: str  # which screen it is for, as typed
    by: str  # agent:<login>
    at: datetime
    withdrawn_at: datetime | None = None


class WallLinks(Protocol):
    """Only hashes of tokens are ever stored."""

    async def make(self, link: WallLink, token_hash: str) -> None: ...

    async def standing(self) -> Sequence[WallLink]:
        """Those not withdrawn, the latest first."""

    async def of_token(self, token_hash: str) -> WallLink | None:
        """None where it is withdrawn, or was never made."""

    async def withdraw(self, link_id: str, at: datetime) -> bool:
        """False where it does not stand."""
