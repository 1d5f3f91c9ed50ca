"""What every language must do: whatever may come is said, is said with parts rendered ahead, and is heard again."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.locales.port import Locale
from ivr.locales.registry import FALLBACK, LOCALES, locale
from ivr.spoken_parts import parts
from ivr.spoken_times import spoken_time
from ivr.understanding.numbers import Numbers
from ivr.understanding.words import utterance_in
from tests.unit.ivr.locales.pack import bare

MARKS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+#*"
STEPS = range(5, 125, 5)
DAYS = [date(2027, 12, 1) + timedelta(days=n) for n in range(120)]  # with a leap day

every_language = pytest.mark.parametrize("spoken", LOCALES.values(), ids=list(LOCALES))


def heard(language: str, words: str) -> str:
    pack = bare(language)
    return " ".join(each.digits for each in Numbers(pack).all(utterance_in(pack, words).words))


def assert_told_apart(said: list[str]) -> None:
    assert all(words and words == " ".join(words.split()) for words in said)
    assert not any(mark.isdigit() for words in said for mark in words)
    assert len(set(said)) == len(said)


def assert_of_parts(spoken: Locale, words: str) -> None:
    """A voice that can render nothing says all of it."""
    said = parts("{time}", {"time": words}, spoken.vocabulary(), spoken.CODE)
    assert " ".join(said).casefold() == words.replace(",", "").casefold()


def test_a_language_is_found_by_its_code_and_another_falls_back() -> None:
    assert {code: spoken.CODE for code, spoken in LOCALES.items()} == {code: code for code in LOCALES}
    assert locale("xx").CODE == FALLBACK


@every_language
def test_numbers_places_in_line_marks_and_durations_are_told_apart(spoken: Locale) -> None:
    assert_told_apart([spoken.number(number) for number in range(1_000)])
    assert_told_apart([spoken.ordinal(number) for number in range(1, 100)])
    assert_told_apart([spoken.mark(mark) for mark in MARKS])
    assert_told_apart([spoken.duration(minutes) for minutes in STEPS])


@every_language
def test_every_minute_is_told_apart_from_the_others_of_half_a_day(spoken: Locale) -> None:
    for half in (range(12), range(12, 24)):
        assert_told_apart([spoken.clock(hour, minute) for hour in half for minute in range(60)])


@every_language
def test_days_are_told_apart(spoken: Locale) -> None:
    assert_told_apart([spoken.day(day, DAYS[0]) for day in DAYS])


@every_language
def test_what_is_rendered_ahead_covers_all_that_varies(spoken: Locale) -> None:
    vocabulary = spoken.vocabulary()
    assert len(set(vocabulary)) == len(vocabulary)
    assert all(part == part.strip() and part for part in vocabulary)
    for words in (*map(spoken.digits, MARKS), *map(spoken.ordinal, range(1, 32)), *map(spoken.number, range(13))):
        assert_of_parts(spoken, words)


@every_language
@given(minutes=st.integers(-10, 60 * 24 * 60), now=st.integers(0, 60 * 24 * 400))
def test_every_promise_is_said_and_said_of_parts(spoken: Locale, minutes: int, now: int) -> None:
    begun = datetime(2026, 3, 20, 9, 2, tzinfo=UTC) + timedelta(minutes=now)
    words = spoken_time(begun + timedelta(minutes=minutes), begun, "Europe/Amsterdam", spoken.CODE)
    assert_told_apart([words])
    assert_of_parts(spoken, words)


@every_language
@pytest.mark.parametrize("hour", range(24))
def test_promises_for_one_day_are_told_apart(spoken: Locale, hour: int) -> None:
    """From two hours on, when they are times of day."""
    begun = datetime(2026, 11, 23, hour, tzinfo=UTC)
    times = [begun + timedelta(minutes=minutes) for minutes in range(125, 24 * 60, 5)]
    assert_told_apart([spoken_time(by, begun, "UTC", spoken.CODE) for by in times])


@every_language
def test_parts_of_days_are_told_apart_and_said_of_parts(spoken: Locale) -> None:
    said = [spoken.day_part(hour, day, DAYS[0]) for day in DAYS for hour in (8, 13, 19)]
    assert_told_apart(said)
    for words in said:
        assert_of_parts(spoken, words)


@every_language
def test_a_time_said_twice_the_night_the_clock_goes_back_is_no_error(spoken: Locale) -> None:
    begun = datetime(2026, 10, 24, 18, 0, tzinfo=UTC)
    times = [begun + timedelta(minutes=minutes) for minutes in range(0, 24 * 60, 5)]
    said = [spoken_time(by, begun, "Europe/Amsterdam", spoken.CODE) for by in times]
    again = {words for words in said if said.count(words) > 1}
    assert len(again) == 12  # the hour from two to three, which is there twice
    assert all(one != other for one, other in pairwise(said))


@every_language
@given(number=st.text("0123456789", min_size=1, max_size=20))
def test_what_is_read_out_is_heard_again(spoken: Locale, number: str) -> None:
    assert heard(spoken.CODE, spoken.digits(number)) == number


@every_language
def test_numbers_that_are_said_are_heard(spoken: Locale) -> None:
    wrong = {n: said for n in range(1_000) if heard(spoken.CODE, said := spoken.number(n)) != str(n)}
    assert wrong == {}


@every_language
def test_words_for_ears_are_written_as_utterances_are(spoken: Locale) -> None:
    numbers = spoken.NUMBERS
    sets = (numbers.values, numbers.hundreds, numbers.joins, numbers.points, numbers.repeats, numbers.articles,
            spoken.NUMBER_NOUNS, spoken.ARTICLES, spoken.ARTICLE_LETTERS, (spoken.AND,))  # fmt: skip
    for word in {word for words in sets for word in words}:
        said = utterance_in(bare(spoken.CODE), word)
        assert said.words in ((word,), tuple(word.split()))
    assert numbers.articles <= numbers.values.keys() & spoken.ARTICLES
    assert spoken.ARTICLE_LETTERS <= spoken.ARTICLES


@every_language
def test_pauses_and_ends_of_sentences_are_heard(spoken: Locale) -> None:
    assert [at for at in ",.;:!? -" if spoken.pauses(at)] == list(",.;:!?")
    assert [at for at in ",.;:!? -" if spoken.ends_sentence(at)] == list(".;!?")


@every_language
def test_the_words_before_places_are_single_words(spoken: Locale) -> None:
    assert len(spoken.LINK.split()) == 1


@every_language
def test_sounds_are_of_words_not_of_how_they_are_parted(spoken: Locale) -> None:
    for number in range(13, 100):
        word = spoken.number(number)
        assert spoken.sound(word)
        assert spoken.sound(word.upper()) == spoken.sound(word)
