"""When what was promised is due, and when a promise was kept. Pure: time is an argument.

Limits that count `working` time run during opening hours only, at the site's clock; others run always.
Both count real minutes, so that a night with 23 or 25 hours shortens and lengthens nothing.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

import holidays

from config.documents import (
    DAY_MINUTES,
    WEEKDAYS,
    Hours,
    Site,
    Topic,
    Urgency,
    closing_minute,
    opening_minute,
)
from routing.model import URGENCY_ORDER, Promise, Stage, Ticket

FURTHEST_DAYS = 400  # a site that never opens still owes a time

# A promise is kept by the first of these stages; where it is not listed, by completion.
KEPT_BY: dict[str, tuple[Stage, ...]] = {
    "promise_attend": (Stage.ARRIVED, Stage.COMPLETED, Stage.CLOSED),
}
KEPT_BY_COMPLETION = (Stage.COMPLETED, Stage.CLOSED)


def make_promise(topic: Topic, opened_at: datetime, site: Site) -> Promise:
    """What the caller is told: somebody comes by then, or it is done by then."""
    what = f"promise_{topic.promise}"
    attends = Stage.ARRIVED in KEPT_BY.get(what, ())
    minutes = (topic.limits.arrived if attends else None) or topic.limits.completed
    return Promise(what, deadline(opened_at, minutes, topic.limits.working, site))


def moved_promise(ticket: Ticket, urgency: str, topic: Topic, at: datetime, site: Site) -> Promise:
    """What is promised once a person has set the urgency: sooner when it is raised, later when it is lowered.

    Back at the topic's own urgency it is what was promised at first. `topic` is the ticket's; limits are the site's
    `urgency_minutes` from `at` on, in opening hours only where the topic's are and nothing is pressing.
    """
    given = ticket.draft.promise
    if urgency == topic.urgency:
        return make_promise(topic, ticket.opened_at, site)
    pressing = URGENCY_ORDER.index(urgency) < URGENCY_ORDER.index("normal")
    by = deadline(at, site.urgency_minutes[cast("Urgency", urgency)], topic.limits.working and not pressing, site)
    raised = URGENCY_ORDER.index(urgency) < URGENCY_ORDER.index(ticket.urgency)
    return Promise(given.what, min(given.by, by) if raised else max(given.by, by))


def is_settled_by(what: str, stage: Stage) -> bool:
    """Whether reaching the stage fulfils the promise (late or in time)."""
    return stage in KEPT_BY.get(what, KEPT_BY_COMPLETION)


def deadline(start: datetime, minutes: int, working: bool, site: Site) -> datetime:
    """The moment after so many minutes, counting opening hours only where `working`; in UTC."""
    start = start.astimezone(ZoneInfo("UTC"))
    left = timedelta(minutes=minutes)
    if not working:
        return start + left
    for opens, closes in opening_hours(start, site):
        begin = max(start, opens)
        if begin + left <= closes:
            return begin + left
        left -= max(closes - begin, timedelta())
    return start + timedelta(days=FURTHEST_DAYS)


def is_open(at: datetime, site: Site) -> bool:
    """Whether the site keeps opening hours just now."""
    return any(opens <= at < closes for opens, closes in opening_hours(at, site, days=2))


def opening_hours(start: datetime, site: Site, days: int = FURTHEST_DAYS) -> Iterator[tuple[datetime, datetime]]:
    """Opening and closing times in UTC from the day before `start` on, whose hours may run into its night.

    No hours begin on a public holiday.
    """
    zone = ZoneInfo(site.zone)
    first = start.astimezone(zone).date() - timedelta(days=1)
    for day in (first + timedelta(days=ahead) for ahead in range(days)):
        hours = None if _is_holiday(day, site.hours) else site.hours.week.get(WEEKDAYS[day.weekday()])
        if hours:
            yield _utc(day, opening_minute(hours[0]), zone), _utc(day, closing_minute(hours), zone)


def _utc(day: date, minute: int | None, zone: ZoneInfo) -> datetime:
    """The moment when the clock on the wall shows so many minutes after that day's midnight."""
    days, minutes = divmod(minute or 0, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), zone)
    return local.astimezone(ZoneInfo("UTC"))


def _is_holiday(day: date, hours: Hours) -> bool:
    return day in _holidays(hours.country, hours.subdivision, day.year)


@lru_cache(maxsize=64)
def _holidays(country: str, subdivision: str | None, year: int) -> holidays.HolidayBase:
    return holidays.country_holidays(country, subdiv=subdivision, years=year)
