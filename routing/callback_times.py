"""When callers may choose to be called back: parts of the days on which the site is open. Pure: time is an argument."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.documents import Site
from routing.promise import opening_hours

PARTS = ((7, 12), (12, 18), (18, 21))  # morning, afternoon and evening by the clock on the wall; nobody is rung later
LEAD = timedelta(minutes=30)  # what begins sooner is as soon as their turn
SHORTEST = timedelta(minutes=30)
DAYS = 16  # looked ahead: further than any row of holidays
Span = tuple[datetime, datetime]


def callback_times(now: datetime, site: Site, most: int) -> list[datetime]:
    """When the next parts of days begin on which the site is open then, at most so many; in UTC."""
    found = [begins for begins, ends in _open_parts(now, site) if begins >= now + LEAD and ends - begins >= SHORTEST]
    return found[:most]


def _open_parts(now: datetime, site: Site) -> Iterator[Span]:
    """In order. Hours that end and begin again within a part are one, as people are told of the part alone."""
    parts: dict[datetime, Span] = {}
    zone = ZoneInfo(site.zone)
    for opens, closes in opening_hours(now, site, DAYS):
        for part in _parts(opens.astimezone(zone).date(), closes.astimezone(zone).date(), zone):
            begins, ends = max(opens, part[0]), min(closes, part[1])
            if begins < ends:
                known = parts.get(part[0], (begins, ends))
                parts[part[0]] = min(begins, known[0]), max(ends, known[1])
    return (parts[part] for part in sorted(parts))


def _parts(first: date, last: date, zone: ZoneInfo) -> Iterator[Span]:
    for day in (first + timedelta(days=ahead) for ahead in range((last - first).days + 1)):
        yield from ((_utc(day, begins, zone), _utc(day, ends, zone)) for begins, ends in PARTS)


def _utc(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(ZoneInfo("UTC"))
