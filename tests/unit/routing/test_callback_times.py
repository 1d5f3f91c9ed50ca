"""Which times a caller may choose to be called back: by the site's hours and its clock."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.documents import WEEKDAYS, Hours, Site
from routing.callback_times import LEAD, callback_times
from routing.promise import is_open
from tests.unit.web.stand_ins import small_edition

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OFFICE = {day: ("08:00", "17:30") for day in WEEKDAYS[:5]}
ROUND_THE_CLOCK = dict.fromkeys(WEEKDAYS, ("00:00", "24:00"))


def site(week: Any = OFFICE, zone: str = "Europe/Amsterdam") -> Site:
    return small_edition().site.model_copy(update={"hours": Hours(country="NL", week=week), "zone": zone})


def offered(now: datetime, week: Any = OFFICE, most: int = 3) -> list[str]:
    """As weekday and hour on the clock of the place."""
    found = callback_times(now.astimezone(UTC), site(week), most)
    return [f"{each.astimezone(AMSTERDAM):%a %d %H:%M}" for each in found]


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("now", "times"),
    [
        (at(12, 1, 9), ["Tue 01 12:00", "Wed 02 08:00", "Wed 02 12:00"]),
        (at(12, 1, 11, 45), ["Wed 02 08:00", "Wed 02 12:00", "Thu 03 08:00"]),  # too soon to be chosen
        (at(12, 1, 14), ["Wed 02 08:00", "Wed 02 12:00", "Thu 03 08:00"]),
        (at(12, 4, 16), ["Mon 07 08:00", "Mon 07 12:00", "Tue 08 08:00"]),  # over the weekend
        (at(12, 2, 3), ["Wed 02 08:00", "Wed 02 12:00", "Thu 03 08:00"]),  # at night it is today already
        (at(12, 24, 16), ["Mon 28 08:00", "Mon 28 12:00", "Tue 29 08:00"]),  # over both days of Christmas
    ],
)
def test_the_next_parts_of_days_with_opening_hours(now: datetime, times: list[str]) -> None:
    assert offered(now) == times


def test_nobody_is_rung_at_night_by_choice() -> None:
    times = offered(at(12, 1, 14), ROUND_THE_CLOCK, 4)
    assert times == ["Tue 01 18:00", "Wed 02 07:00", "Wed 02 12:00", "Wed 02 18:00"]


def test_the_night_of_a_change_of_clocks_moves_no_morning() -> None:
    for night, hours in ((at(3, 28, 20), 11 - 1), (at(10, 24, 20), 11 + 1)):  # shorter, and longer, by an hour
        (begins,) = callback_times(night.astimezone(UTC), site(ROUND_THE_CLOCK), 1)
        assert begins - night.astimezone(UTC) == timedelta(hours=hours)
        assert begins.astimezone(AMSTERDAM).hour == 7


def test_hours_that_run_into_the_next_day_and_begin_again_are_one_morning() -> None:
    nights = {"mon": ("20:00", "08:00"), "tue": ("09:00", "10:00"), "wed": ("20:30", "20:55")}
    assert offered(at(12, 7, 12), nights, 3) == ["Mon 07 20:00", "Tue 08 07:00", "Mon 14 20:00"]  # not 25 minutes


def test_a_site_may_offer_none() -> None:
    assert offered(at(12, 1, 9), most=0) == []
    assert offered(at(12, 1, 9), {}) == []


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.sampled_from(["Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.sampled_from([OFFICE, ROUND_THE_CLOCK, {"sat": ("22:00", "07:45"), "sun": ("12:00", "24:00")}]),
)
def test_whatever_is_offered_is_ahead_open_in_order_and_by_day(now: datetime, zone: str, week: Any) -> None:
    now = now.replace(tzinfo=UTC)
    place = site(week, zone)
    times = callback_times(now, place, 3)
    assert times == sorted(set(times))
    for each in times:
        assert each >= now + LEAD
        assert is_open(each, place)
        assert 7 <= each.astimezone(ZoneInfo(zone)).hour < 21
