"""The floor as its page, the wall and the API show it: one reading for whoever asks."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.documents import Site
from routing.contacts import Contact, contacts_of
from routing.day_figures import DayFigures, ServiceRules, Span, day_figures, day_so_far, day_span, same_day_last_week
from routing.emergencies import Emergency
from routing.floor import FloorFacts, FloorFigures, floor_figures, soon
from routing.ports import Records
from web.board import Board, BoardReader

FRESH_S = 0.25  # many pages ask at once when something changes; they share one reading
DAY_FRESH_S = 3.0  # all of today's contacts are read again,
DAY_REST = 50.0  # … but not before so many times as long as it took: a long day costs no more than a short one
LATE = timedelta(hours=2)  # nobody who began to wait on a day is still waiting so long after its end


@dataclass(frozen=True)
class Floor:
    """The numbers, and the board that they go with: who shows its rows reads it as such."""

    board: Board
    figures: FloorFigures


@dataclass
class FloorReader:
    """Reads the floor at most every `FRESH_S`, today's contacts at most every `DAY_FRESH_S`, and last week's once."""

    records: Records
    board: BoardReader
    site: Callable[[], Site]
    now: Callable[[], datetime]
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _read_at: float = -1.0
    _floor: Floor | None = None
    _today_until: float = -1.0
    _today: tuple[Span, Sequence[Contact]] | None = None
    _before: tuple[Span, Sequence[Contact]] | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, anew: bool = False) -> Floor:
        """`anew`: after a change of one's own."""
        board = await self.board.counted(anew)
        async with self._lock:
            if anew or self._floor is None or self.clock() - self._read_at > FRESH_S:
                self._floor = Floor(board, await self._figures(board, anew))
                self._read_at = self.clock()
            return self._floor

    async def _figures(self, board: Board, anew: bool) -> FloorFigures:
        site, now = self.site(), self.now()
        emergencies: Sequence[Emergency] = await self.records.emergencies.live()
        facts = FloorFacts(
            board.waiters, board.agents,
            await self.records.floor.figures.promises(soon(now, site.floor.promise_soon_minutes)),
            await self.records.outbound_calls.open(), emergencies,
            await self._contacts_today(now, ZoneInfo(site.zone), anew),
            await self._contacts_before(now, ZoneInfo(site.zone)),
        )  # fmt: skip
        return floor_figures(facts, site, now)

    async def _contacts_today(self, now: datetime, zone: ZoneInfo, anew: bool) -> Sequence[Contact]:
        span = day_so_far(now, zone)
        known = self._today
        fresh = self.clock() < self._today_until and not anew
        if known is None or known[0].start != span.start or not fresh:
            began = self.clock()
            known = self._today = span, await read_contacts(self.records, span)
            ended = self.clock()
            self._today_until = ended + max(DAY_FRESH_S, (ended - began) * DAY_REST)
        return known[1]

    async def _contacts_before(self, now: datetime, zone: ZoneInfo) -> Sequence[Contact]:
        """The whole day, which is over: it is read once."""
        day = same_day_last_week(now, zone).start.astimezone(zone).date()
        span = day_span(day, zone)
        if self._before is None or self._before[0] != span:
            self._before = span, await read_contacts(self.records, span)
        return self._before[1]


async def read_contacts(records: Records, span: Span) -> Sequence[Contact]:
    """Of those whose waiting began in it, with what became of it."""
    events = await records.floor.figures.contact_events(span.start, span.end + LATE)
    return span.of(contacts_of(events))


async def read_day(records: Records, day: date, site: Site, now: datetime) -> DayFigures:
    """The figures of a day; of today, up to now."""
    zone = ZoneInfo(site.zone)
    span = day_span(day, zone)
    contacts = [each for each in await read_contacts(records, span) if each.since <= now]
    return day_figures(contacts, ServiceRules.of(site), now)
