"""Texts as phrases that are rendered once for all callers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.locales import en, nl
from tts.phrases import digit_phrases, phrases


def said(text: str, language: str = "en") -> list[str]:
    return [phrase.text for phrase in phrases(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello.", ["Hello."]),
        ("Thank you. Good day.", ["Thank you.", "Good day."]),
        ("Ask Dr. Jones.", ["Ask Dr. Jones."]),
        ("Your ticket is four seven, two one.", ["Your ticket is", "four,", "seven,", "two,", "one."]),
        ("Ticket four seven is done.", ["Ticket", "four,", "seven,", "is done."]),
        ("Ring zero six, one, and wait.", ["Ring", "zero,", "six,", "one,", "and wait."]),
        ("One two", ["one,", "two."]),
        ("You have one ticket.", ["You have one ticket."]),
        ("", [""]),
    ],
)
def test_numbers_and_sentences_stand_alone(text: str, expected: list[str]) -> None:
    assert said(text) == expected


def test_a_language_without_numbers_of_its_own_is_cut_into_sentences_only() -> None:
    assert said("Kort ett två. Dag sju åtta.", "sv") == ["Kort ett två.", "Dag sju åtta."]


def test_each_language_says_its_own_digits() -> None:
    said_of = f"Uw meldingsnummer is {nl.digits('4721')}."
    assert said(said_of, "nl") == ["Uw meldingsnummer is", "vier,", "zeven,", "twee,", "één."]


@given(st.from_regex(r"\+?[0-9]{2,15}", fullmatch=True))
def test_every_number_is_made_of_what_is_rendered_ahead(number: str) -> None:
    spoken = en.digits(number).removeprefix("plus ")
    assert set(said(f"{spoken}.")) <= set(digit_phrases("en"))
    assert re.findall(r"\w+", " ".join(said(f"{spoken}."))) == re.findall(r"\w+", spoken)


def test_a_caller_hears_where_a_number_goes_on_and_where_it_ends() -> None:
    pauses = [phrase.pause_ms for phrase in phrases("Ticket one two, three four, and more. Bye.", "en")]
    assert pauses == [0, 0, 100, 0, 100, 190, 190]
