"""Callers whom nobody reached, as the desk shows them: a page of the list, and how many there are."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from routing.missed import MissedCall, MissedKind, MissedQuery, number_to_ring
from routing.model import Call, Ticket
from routing.ports import Records

FRESH_S = 0.25  # many pages ask at once when something changes; they share one count


@dataclass(frozen=True)
class MissedRow:
    """One who is, or was, on the list."""

    missed: MissedCall
    call: Call
    ticket: Ticket | None

    @property
    def number(self) -> str | None:
        """Which would be rung; whether it may be is seen when somebody wants to."""
        return number_to_ring(self.call, self.ticket)


async def missed_rows(
    records: Records, query: MissedQuery, limit: int, before: str | None
) -> tuple[Sequence[MissedRow], str | None]:
    """The rows, newest first, and the cursor of the page after them where there is one."""
    found = await records.missed.listed(query, limit + 1, before)
    rows = await rows_of(records, found[:limit])
    return rows, found[limit - 1].id if len(found) > limit else None


async def rows_of(records: Records, missed: Sequence[MissedCall]) -> list[MissedRow]:
    """With what else is known of each, in two readings."""
    calls = await records.calls.known({each.id for each in missed})
    tickets = await records.tickets.known({each.ticket_id for each in missed if each.ticket_id})
    return [MissedRow(each, calls[each.id], tickets.get(each.ticket_id or "")) for each in missed]


@dataclass
class MissedCounter:
    """Counts at most every `FRESH_S`, whoever asks."""

    records: Records
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _read_at: float = -1.0
    _counts: Mapping[MissedKind, int] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, anew: bool = False) -> Mapping[MissedKind, int]:
        """How many of each kind nobody has done anything about; `anew`: after a change of one's own."""
        async with self._lock:
            if anew or self._read_at < 0 or self.clock() - self._read_at > FRESH_S:
                self._counts = await self.records.missed.counts()
                self._read_at = self.clock()
        return self._counts
