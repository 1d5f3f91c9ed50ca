from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.locales import en
from ivr.spoken_times import spoken_time

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 11, 23, 9, 2, tzinfo=LONDON)  # a Monday, in winter


def said(by: datetime, now: datetime = MONDAY) -> str:
    return spoken_time(by.astimezone(UTC), now.astimezone(UTC), "Europe/London", "en")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-5, "as soon as possible"),
        (3, "within five minutes"),
        (20, "within twenty minutes"),
        (30, "within half an hour"),
        (60, "within an hour"),
        (70, "within an hour and ten minutes"),
        (90, "within an hour and a half"),
        (120, "within two hours"),
    ],
)
def test_what_is_near_is_said_as_a_duration(minutes: int, words: str) -> None:
    assert said(MONDAY + timedelta(minutes=minutes)) == words


def test_seconds_spent_talking_do_not_change_a_duration() -> None:
    assert said(MONDAY + timedelta(minutes=120) - timedelta(seconds=20)) == "within two hours"


@pytest.mark.parametrize(
    ("day", "hour", "minute", "words"),
    [
        (23, 15, 30, "by half past three this afternoon"),
        (23, 12, 0, "by noon"),
        (23, 11, 45, "by a quarter to twelve this morning"),
        (23, 18, 20, "by twenty past six this evening"),
        (24, 0, 0, "by midnight"),
        (24, 0, 10, "by ten past midnight"),
        (24, 12, 0, "tomorrow by noon"),
        (24, 9, 30, "tomorrow by half past nine in the morning"),
        (24, 14, 0, "tomorrow by two"),
        (25, 0, 0, "tomorrow by midnight"),
        (26, 14, 0, "by Thursday at two"),
        (26, 9, 0, "by Thursday at nine in the morning"),
        (30, 10, 0, "by Monday the thirtieth of November at ten in the morning"),
    ],
)
def test_what_is_far_is_said_as_a_time_of_day(day: int, hour: int, minute: int, words: str) -> None:
    assert said(datetime(2026, 11, day, hour, minute, tzinfo=LONDON)) == words


def test_the_small_hours_belong_to_tonight() -> None:
    late = datetime(2026, 11, 23, 23, 0, tzinfo=LONDON)
    assert said(datetime(2026, 11, 24, 2, 30, tzinfo=LONDON), late) == "by half past two tonight"


def test_the_clock_is_that_of_the_place_also_when_it_changes_overnight() -> None:
    saturday = datetime(2026, 10, 24, 20, 0, tzinfo=LONDON)
    assert said(datetime(2026, 10, 25, 10, 0, tzinfo=LONDON), saturday) == "tomorrow by ten in the morning"


def test_a_time_is_never_said_earlier_than_promised() -> None:
    assert said(datetime(2026, 11, 23, 15, 31, tzinfo=LONDON)) == "by twenty five to four this afternoon"


@given(st.integers(-100, 60 * 24 * 400))
def test_every_time_can_be_said(minutes: int) -> None:
    words = said(MONDAY + timedelta(minutes=minutes))
    assert words == " ".join(words.split())
    assert not any(character.isdigit() for character in words)


@given(st.integers(0, 23), st.integers(0, 11))
def test_clock_words_differ_within_half_a_day(hour: int, step: int) -> None:
    others = {en.clock((hour + h) % 24, m * 5) for h in range(12) for m in range(12) if (h, m) != (0, step)}
    assert en.clock(hour, step * 5) not in others
