"""A day in figures, and how much of it was answered in time, by three formulas. Pure: contacts in, numbers out.

Whoever tells such a figure, on a page, on a wall or to a program, has it from here (docs/figures.md defines each).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from config.documents import Site
from routing.contacts import Contact, ContactEnd

WEEK = timedelta(days=7)


class Formula(StrEnum):
    """How the service level is reckoned; T is the site's `floor.answer_within_s`."""

    ALL_OFFERED = "all_offered"  # answered within T / all
    WITHOUT_SHORT = "without_short"  # answered within T / (all - short-abandoned)
    SHORT_AS_KEPT = "short_as_kept"  # (answered within T + short-abandoned) / all


@dataclass(frozen=True)
class ServiceRules:
    answer_within_s: int
    short_wait_s: int  # who goes within it has hardly waited

    @classmethod
    def of(cls, site: Site) -> "ServiceRules":
        return cls(site.floor.answer_within_s, site.waiting.short_wait_s)


@dataclass(frozen=True)
class DayFigures:
    """Of the contacts whose waiting began on a day, up to a moment of it."""

    offered: int  # all of them, but for those who wait and may still be answered in time
    answered: int
    in_time: int  # of the answered
    abandoned: int
    short_abandoned: int  # of the abandoned
    callbacks: int  # chose to be called back
    elsewhere: int
    mean_answer_s: int | None  # of the answered
    longest_s: int | None  # that anybody waited, whatever came of it

    def service_level(self, formula: Formula) -> float | None:
        """A share from 0 to 1; None while there is nothing to tell it by."""
        short = self.short_abandoned
        kept = self.in_time + (short if formula is Formula.SHORT_AS_KEPT else 0)
        of = self.offered - (short if formula is Formula.WITHOUT_SHORT else 0)
        return kept / of if of else None


def day_figures(contacts: Iterable[Contact], rules: ServiceRules, now: datetime) -> DayFigures:
    counted = [each for each in contacts if _counts(each, rules, now)]
    ends = Counter(each.end for each in counted)
    waits = [each.waited_s(now) for each in counted]
    answers = [each.waited_s(now) for each in counted if each.end is ContactEnd.ANSWERED]
    gone = [int(each.waited_s(now)) for each in counted if each.end is ContactEnd.ABANDONED]
    return DayFigures(
        offered=len(counted), answered=len(answers),
        in_time=sum(wait <= rules.answer_within_s for wait in answers),
        abandoned=len(gone), short_abandoned=sum(wait <= rules.short_wait_s for wait in gone),
        callbacks=ends[ContactEnd.CALLBACK], elsewhere=ends[ContactEnd.ELSEWHERE],
        mean_answer_s=round(sum(answers) / len(answers)) if answers else None,
        longest_s=int(max(waits)) if waits else None,
    )  # fmt: skip


def _counts(contact: Contact, rules: ServiceRules, now: datetime) -> bool:
    """Who waits and may still be answered in time is neither a success nor a failure yet."""
    return contact.end is not ContactEnd.WAITING or contact.waited_s(now) > rules.answer_within_s


@dataclass(frozen=True)
class Span:
    """A part of a day: from its midnight, at the clock of the site, up to a moment."""

    start: datetime
    end: datetime

    def of(self, contacts: Iterable[Contact]) -> list[Contact]:
        """Those whose waiting began in it."""
        return [each for each in contacts if self.start <= each.since < self.end]


def day_span(day: date, zone: ZoneInfo) -> Span:
    """The whole day, which has 23 or 25 hours when the clocks change."""
    start, end = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    return Span(_utc(start), _utc(end))


def day_so_far(now: datetime, zone: ZoneInfo) -> Span:
    """Up to and with this very moment."""
    return Span(day_span(now.astimezone(zone).date(), zone).start, now + timedelta.resolution)


def same_day_last_week(now: datetime, zone: ZoneInfo) -> Span:
    """The same weekday, up to the same time on the wall's clock."""
    return day_so_far(_utc(now.astimezone(zone) - WEEK), zone)


def _utc(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo("UTC"))
