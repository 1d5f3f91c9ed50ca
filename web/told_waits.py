"""How right the waits were that callers were told: for those who answer for the line."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from routing.expected_wait import ToldError, told_error
from routing.ports import Records

FRESH_S = 15.0  # it moves slowly
SHOWN_H = 24
AT_MOST = 2_000  # of the latest
NOTHING_TOLD = ToldError(0)


@dataclass
class ToldWaitReader:
    """Reads at most every `FRESH_S`, whoever asks."""

    records: Records
    now: Callable[[], datetime]
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _read_at: float = -1.0
    _error: ToldError = NOTHING_TOLD
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self) -> ToldError:
        """Of the last `SHOWN_H` hours."""
        async with self._lock:
            if self._read_at < 0 or self.clock() - self._read_at > FRESH_S:
                self._error = await error_of(self.records, self.now(), SHOWN_H)
                self._read_at = self.clock()
        return self._error


async def error_of(records: Records, now: datetime, hours: int) -> ToldError:
    return told_error(await records.waits.told(now - timedelta(hours=hours), AT_MOST))
