"""Dutch, as it is said and heard."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rapidfuzz.distance import Levenshtein

from ivr.locales import nl
from ivr.spoken_times import spoken_time
from ivr.understanding.examples import normal
from ivr.understanding.gazetteer import spoken_names
from ivr.understanding.numbers import Numbers
from ivr.understanding.places import Names
from ivr.understanding.words import utterance_in
from tests.unit.ivr.locales.pack import bare

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY = datetime(2026, 11, 23, 9, 2, tzinfo=AMSTERDAM)
PACK = bare("nl")


def said(by: datetime, now: datetime = MONDAY) -> str:
    return spoken_time(by.astimezone(UTC), now.astimezone(UTC), "Europe/Amsterdam", "nl")


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "nul"), (1, "één"), (8, "acht"), (11, "elf"), (14, "veertien"), (21, "eenentwintig"), (22, "tweeëntwintig"),
     (83, "drieëntachtig"), (100, "honderd"), (213, "tweehonderddertien")],
)  # fmt: skip
def test_numbers(number: int, words: str) -> None:
    assert nl.number(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "eerste"), (2, "tweede"), (3, "derde"), (8, "achtste"), (14, "veertiende"), (20, "twintigste"),
     (21, "eenentwintigste")],
)  # fmt: skip
def test_places_in_line(number: int, words: str) -> None:
    assert nl.ordinal(number) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [("4721", "vier zeven, twee één"), ("112", "één één twee"), ("+3120", "plus drie één, twee nul"),
     ("K7#*", "K zeven, hekje sterretje"), ("", "")],
)  # fmt: skip
def test_numbers_are_read_out_in_groups(text: str, words: str) -> None:
    assert nl.digits(text) == words


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (15, 0, "drie uur"), (15, 5, "vijf over drie"), (15, 15, "kwart over drie"), (15, 20, "tien voor half vier"),
        (15, 29, "één voor half vier"), (15, 30, "half vier"), (15, 40, "tien over half vier"),
        (15, 45, "kwart voor vier"), (15, 55, "vijf voor vier"), (12, 0, "twaalf uur"), (12, 30, "half één"),
        (12, 45, "kwart voor één"), (0, 0, "middernacht"), (0, 10, "tien over twaalf"), (23, 45, "kwart voor twaalf"),
    ],
)  # fmt: skip
def test_times_of_day(hour: int, minute: int, words: str) -> None:
    assert nl.clock(hour, minute) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-5, "zo snel mogelijk"), (3, "binnen vijf minuten"), (15, "binnen een kwartier"), (30, "binnen een half uur"),
        (45, "binnen drie kwartier"), (60, "binnen een uur"), (70, "binnen een uur en tien minuten"),
        (90, "binnen anderhalf uur"), (120, "binnen twee uur"),
    ],
)  # fmt: skip
def test_what_is_near_is_said_as_a_duration(minutes: int, words: str) -> None:
    assert said(MONDAY + timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("day", "hour", "minute", "words"),
    [
        (23, 15, 30, "uiterlijk vanmiddag om half vier"),
        (23, 12, 0, "uiterlijk vanmiddag om twaalf uur"),
        (23, 11, 45, "uiterlijk vanochtend om kwart voor twaalf"),
        (23, 18, 20, "uiterlijk vanavond om tien voor half zeven"),
        (24, 0, 0, "uiterlijk om middernacht"),
        (24, 0, 10, "uiterlijk vannacht om tien over twaalf"),
        (24, 12, 0, "uiterlijk morgen om twaalf uur 's middags"),
        (24, 9, 30, "uiterlijk morgen om half tien 's ochtends"),
        (25, 0, 0, "uiterlijk morgen om middernacht"),
        (25, 0, 15, "uiterlijk morgennacht om kwart over twaalf"),
        (26, 0, 15, "uiterlijk woensdagnacht om kwart over twaalf"),
        (26, 14, 0, "uiterlijk donderdag om twee uur 's middags"),
        (27, 0, 0, "uiterlijk donderdag om middernacht"),
        (26, 20, 0, "uiterlijk donderdag om acht uur 's avonds"),
        (30, 10, 0, "uiterlijk maandag dertig november om tien uur 's ochtends"),
    ],
)
def test_what_is_far_is_said_as_a_time_of_day(day: int, hour: int, minute: int, words: str) -> None:
    assert said(datetime(2026, 11, day, hour, minute, tzinfo=AMSTERDAM)) == words


def test_the_small_hours_belong_to_tonight() -> None:
    late = datetime(2026, 11, 23, 23, 0, tzinfo=AMSTERDAM)
    assert said(datetime(2026, 11, 24, 2, 30, tzinfo=AMSTERDAM), late) == "uiterlijk vannacht om half drie"


@pytest.mark.parametrize(
    ("now", "hours", "words"),
    [
        (datetime(2026, 10, 24, 20, 0), 15, "uiterlijk morgen om tien uur 's ochtends"),  # one hour twice that night
        (datetime(2026, 3, 28, 20, 0), 13, "uiterlijk morgen om tien uur 's ochtends"),  # and one not at all
    ],
)
def test_the_clock_is_that_of_the_place_also_when_it_changes_overnight(now: datetime, hours: int, words: str) -> None:
    begun = now.replace(tzinfo=AMSTERDAM).astimezone(UTC)
    assert said(begun + timedelta(hours=hours), begun) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [(date(2026, 11, 26), "donderdag"), (date(2026, 11, 30), "maandag dertig november"),
     (date(2028, 2, 29), "dinsdag negenentwintig februari")],
)  # fmt: skip
def test_days(day: date, words: str) -> None:
    assert nl.day(day, date(2026, 11, 23)) == words


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("vier zeven twee een", ["4721"]),
        ("kamer tweehonderddertien", ["213"]),
        ("kamer twee honderd dertien", ["213"]),
        ("honderd en vijf", ["105"]),
        ("honderd vijf", ["105"]),
        ("vijfentwintig", ["25"]),
        ("vijf en twintig", ["25"]),
        ("drieënveertig", ["43"]),
        ("drieenveertig", ["43"]),
        ("twee punt dertien", ["2.13"]),
        ("twee komma nul vijf", ["2.05"]),
        ("dubbel nul zeven", ["007"]),
        ("nummer een", ["1"]),
        ("een lekkage op afdeling vier", ["4"]),
        ("er is een stoel kapot", []),
        ("kamer 2.13", ["2.13"]),
    ],
)
def test_number_words_are_heard_as_digits(text: str, digits: list[str]) -> None:
    assert [spoken.digits for spoken in Numbers(PACK).all(utterance_in(PACK, text).words)] == digits


def test_an_article_is_no_number_to_the_classifier() -> None:
    words = utterance_in(PACK, "een lek op afdeling vierentwintig").words
    assert normal(words, PACK) == ("een", "lek", "op", "afdeling", "5")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("op afdeling vier", "ward-4"),
        ("afdeling nummer vier", "ward-4"),
        ("de afdeling vierentwintig", "ward-24"),
        ("afdeling vier en twintig", "ward-24"),
        ("bij de hartpolikliniek", "heart-clinic"),
        ("bij de hart poli kliniek", "heart-clinic"),
        ("bij het hartpoliclinic", "heart-clinic"),
    ],
)
def test_places_are_found_by_number_and_by_sound(text: str, place: str) -> None:
    places = {"ward-4": ("afdeling 4",), "ward-24": ("afdeling 24",), "heart-clinic": ("de hartpolikliniek",)}
    found, _ = Names(places, PACK).find(spoken_names(text, PACK))
    assert found is not None
    assert found.id == place


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vier", "fier"), ("zes", "ses"), ("lopen", "loope"), ("ligt", "licht"), ("bed", "bet"), ("ijs", "eis"),
        ("politie", "polisie"), ("fysio", "fiezio"), ("logisch", "logies"), ("één", "een"),
    ],
)  # fmt: skip
def test_what_ears_confuse_sounds_alike(one: str, other: str) -> None:
    assert nl.sound(one) == nl.sound(other)


@pytest.mark.parametrize(("one", "other"), [("bank", "bak"), ("drie", "vier"), ("keuken", "deuken"), ("kamer", "gang")])
def test_what_ears_tell_apart_sounds_different(one: str, other: str) -> None:
    assert Levenshtein.distance(nl.sound(one), nl.sound(other)) > 0
