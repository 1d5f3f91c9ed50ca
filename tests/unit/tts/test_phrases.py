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
        ("Is it at ward 12? Say yes.", ["Is it at ward 12?", "Say yes."]),
        ("Ask Mrs. Jones or Prof. Smith.", ["Ask Mrs. Jones or Prof. Smith."]),
        ("Ring one two. three four is wrong.", ["Ring", "one,", "two.", "three,", "four,", "is wrong."]),
        ("It is “one two”.", ["It is “", "one,", "two."]),
        ("It is done (one two).", ["It is done (", "one,", "two."]),
        ("Ticket – one two", ["Ticket –", "one,", "two."]),
        ("“one two” is it.", ["one,", "two,", "is it."]),
        ("Open twenty four seven.", ["Open twenty four seven."]),
        ("Ward twenty-one two.", ["Ward twenty-one two."]),
        ("A room of four two-bed bays.", ["A room of four two-bed bays."]),
        ("Twenty four, one two.", ["Twenty four", "one,", "two."]),
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


@given(st.lists(st.sampled_from("one two Six . , ; ? ! : ( ) \" ' - – … ward 4 Yes".split()), min_size=1))
def test_a_voice_is_given_no_marks_alone(words: list[str]) -> None:
    """A voice ends at them, and every caller waits until it is back."""
    text = " ".join((*words, "Ward"))
    said_of = [word for phrase in said(text) for word in re.findall(r"\w+", phrase)]
    assert all(re.search(r"\w", phrase) for phrase in said(text))
    assert [word.lower() for word in said_of] == [word.lower() for word in re.findall(r"\w+", text)]


def test_a_caller_hears_where_a_number_goes_on_and_where_it_ends() -> None:
    pauses = [phrase.pause_ms for phrase in phrases("Ticket one two, three four, and more. Bye.", "en")]
    assert pauses == [0, 0, 100, 0, 100, 190, 190]
