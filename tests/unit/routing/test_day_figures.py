"""A day in figures, and the three formulas of the service level."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.contacts import Contact, ContactEnd
from routing.day_figures import (
    Formula,
    ServiceRules,
    day_figures,
    day_so_far,
    day_span,
    same_day_last_week,
)

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
RULES = ServiceRules(answer_within_s=20, short_wait_s=5)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def contact(end: ContactEnd, waited_s: float, since_s: float = 600) -> Contact:
    since = NOW - timedelta(seconds=since_s)
    return Contact("c", "technical", since, since + timedelta(seconds=waited_s), end)


def waiting(for_s: float) -> Contact:
    return Contact("c", "technical", NOW - timedelta(seconds=for_s), None, ContactEnd.WAITING)


DAY = [
    *(contact(ContactEnd.ANSWERED, waited) for waited in (3, 20, 21, 56)),
    *(contact(ContactEnd.ABANDONED, waited) for waited in (5.9, 6, 90)),  # who hears 5 s said has waited 5.9 s
    contact(ContactEnd.CALLBACK, 30), contact(ContactEnd.ELSEWHERE, 12), waiting(100), waiting(20),
]  # fmt: skip


def test_the_day_is_counted() -> None:
    day = day_figures(DAY, RULES, NOW)
    assert (day.offered, day.answered, day.in_time) == (10, 4, 2)
    assert (day.abandoned, day.short_abandoned, day.callbacks, day.elsewhere) == (3, 1, 1, 1)
    assert (day.mean_answer_s, day.longest_s) == (25, 100)


@pytest.mark.parametrize(
    ("formula", "level"),
    [(Formula.ALL_OFFERED, 2 / 10), (Formula.WITHOUT_SHORT, 2 / 9), (Formula.SHORT_AS_KEPT, 3 / 10)],
)
def test_three_formulas(formula: Formula, level: float) -> None:
    assert day_figures(DAY, RULES, NOW).service_level(formula) == level


def test_there_is_no_level_of_nobody() -> None:
    nobody = day_figures([waiting(20)], RULES, NOW)
    assert (nobody.offered, nobody.mean_answer_s, nobody.longest_s) == (0, None, None)
    only_short = day_figures([contact(ContactEnd.ABANDONED, 1)], RULES, NOW)
    assert [nobody.service_level(formula) for formula in Formula] == [None, None, None]
    assert [only_short.service_level(formula) for formula in Formula] == [0, None, 1]


@given(st.lists(st.tuples(st.sampled_from(ContactEnd), st.integers(0, 300))))
def test_the_formulas_are_in_order_and_everybody_is_counted_once(told: list[tuple[ContactEnd, int]]) -> None:
    contacts = [waiting(waited) if end is ContactEnd.WAITING else contact(end, waited) for end, waited in told]
    day = day_figures(contacts, RULES, NOW)
    strict, fair, kind = (day.service_level(formula) for formula in Formula)
    late = sum(each.end is ContactEnd.WAITING and each.waited_s(NOW) > 20 for each in contacts)
    assert day.offered == day.answered + day.abandoned + day.callbacks + day.elsewhere + late
    if strict is not None and kind is not None:
        assert 0 <= strict <= kind <= 1
        assert fair is None or strict <= fair <= 1


def test_a_day_is_the_sites_and_may_have_25_hours() -> None:
    span = day_span(date(2026, 10, 25), AMSTERDAM)
    assert span.start == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert span.end - span.start == timedelta(hours=25)


def test_last_week_is_cut_at_the_same_time_on_the_wall() -> None:
    now = datetime(2026, 10, 26, 8, 30, tzinfo=UTC)  # 09:30, a day after the clocks changed
    assert day_so_far(now, AMSTERDAM).start == datetime(2026, 10, 25, 23, tzinfo=UTC)
    before = same_day_last_week(now, AMSTERDAM)
    assert before.start == datetime(2026, 10, 18, 22, tzinfo=UTC)
    assert before.end.replace(microsecond=0) == datetime(2026, 10, 19, 7, 30, tzinfo=UTC)  # 09:30 there as well


def test_who_began_before_midnight_is_of_the_day_before() -> None:
    span = day_so_far(NOW, AMSTERDAM)
    at_midnight, before = (Contact("c", "", at, None, ContactEnd.WAITING) for at in (
        span.start, span.start - timedelta(microseconds=1)
    ))  # fmt: skip
    assert span.of([before, at_midnight]) == [at_midnight]
