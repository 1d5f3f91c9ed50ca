"""Notices as desks show them: those that stand and that this person has not put away."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from routing.notices import Notice
from routing.ports import Records

FRESH_S = 0.25  # many pages ask at once; they share one reading


@dataclass
class NoticeReader:
    """Reads those that stand at most every `FRESH_S`, whoever asks."""

    records: Records
    now: Callable[[], datetime]
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _read_at: float = -1.0
    _standing: Sequence[Notice] = ()
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def standing(self, anew: bool = False) -> Sequence[Notice]:
        """The latest first; `anew`: after a change of one's own."""
        async with self._lock:
            if anew or self._read_at < 0 or self.clock() - self._read_at > FRESH_S:
                self._standing = await self.records.floor.notices.standing(self.now())
                self._read_at = self.clock()
        return [each for each in self._standing if each.stands(self.now())]

    async def of(self, login: str) -> Sequence[Notice]:
        """Those that this person has not put away."""
        standing = await self.standing()
        if not standing:
            return ()
        away = await self.records.floor.notices.dismissed(login, [each.id for each in standing])
        return [each for each in standing if each.id not in away]
