"""English, as it is said and heard."""

from datetime import date

import pytest

from ivr.locales import en
from ivr.understanding.numbers import Numbers
from ivr.understanding.words import utterance_in
from tests.unit.ivr.locales.pack import bare

PACK = bare("en")


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "zero"), (7, "seven"), (13, "thirteen"), (25, "twenty five"), (100, "one hundred"),
     (213, "two hundred and thirteen")],
)  # fmt: skip
def test_numbers(number: int, words: str) -> None:
    assert en.number(number) == words


@pytest.mark.parametrize(("number", "words"), [(1, "first"), (12, "twelfth"), (22, "twenty second")])
def test_places_in_line(number: int, words: str) -> None:
    assert en.ordinal(number) == words


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (9, 0, "nine"), (9, 10, "ten past nine"), (9, 15, "a quarter past nine"), (15, 30, "half past three"),
        (9, 45, "a quarter to ten"), (9, 40, "twenty to ten"), (12, 0, "noon"), (0, 0, "midnight"),
        (0, 10, "ten past midnight"), (23, 45, "a quarter to midnight"), (12, 30, "half past twelve"),
    ],
)  # fmt: skip
def test_times_of_day(hour: int, minute: int, words: str) -> None:
    assert en.clock(hour, minute) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [(date(2026, 11, 26), "Thursday"), (date(2026, 11, 30), "Monday the thirtieth of November"),
     (date(2028, 2, 29), "Tuesday the twenty ninth of February")],
)  # fmt: skip
def test_days(day: date, words: str) -> None:
    assert en.day(day, date(2026, 11, 23)) == words


@pytest.mark.parametrize(
    ("minutes", "words"), [(5, "five minutes"), (45, "forty five minutes"), (105, "an hour and three quarters")]
)
def test_durations(minutes: int, words: str) -> None:
    assert en.duration(minutes) == words


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("two hundred and thirteen", ["213"]), ("two point oh five", ["2.05"]), ("double oh seven", ["007"]),
        ("twenty one", ["21"]), ("four seven two one", ["4721"]), ("hundred", []),
    ],
)  # fmt: skip
def test_number_words_are_heard_as_digits(text: str, digits: list[str]) -> None:
    assert [spoken.digits for spoken in Numbers(PACK).all(utterance_in(PACK, text).words)] == digits


@pytest.mark.parametrize(("one", "other"), [("theatre", "teatre"), ("cloud", "klout"), ("knee", "nee"), ("x", "ks")])
def test_what_ears_confuse_sounds_alike(one: str, other: str) -> None:
    assert en.sound(one) == en.sound(other)
