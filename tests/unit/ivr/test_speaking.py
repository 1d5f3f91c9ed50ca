import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.locales import en, nl
from ivr.speaking import PromptMissing, language_of, sentence

PROMPTS = {
    "en": {"greet": "Hello.", "number": "Your number is {number}.", "line": "You are {position} in line."},
    "nl": {"greet": "Hallo.", "number": "Uw nummer is {number}.", "line": " "},
    "sv": {"greet": "Hej.", "number": "Ert nummer är {number}."},
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4721", "four seven, two one"),
        ("472", "four seven two"),
        ("472156", "four seven two, one five six"),
        ("47215", "four seven two, one five"),
        ("1234567", "one two three, four five, six seven"),
        ("020 7946 0018", "zero two zero, seven nine, four six, zero zero, one eight"),
        ("+4420", "plus four four, two zero"),
        ("K7-42", "K seven, four two"),
        ("", ""),
    ],
)
def test_numbers_are_said_digit_by_digit_in_groups(text: str, words: str) -> None:
    assert en.digits(text) == words


@given(st.text("0123456789", max_size=20))
def test_no_digit_is_lost_or_moved(number: str) -> None:
    digits = {en.number(digit): str(digit) for digit in range(10)}
    words = en.digits(number).replace(",", "").split()
    assert "".join(digits[word] for word in words) == number


@given(st.text(max_size=60))
def test_anything_written_can_be_said(text: str) -> None:
    assert all(mark.isalpha() or mark in " ," for mark in en.digits(text))


def test_positions_are_ordinals() -> None:
    said, _ = sentence(PROMPTS, "line", {"position": en.ordinal(2)}, "en")
    assert said == "You are second in line."


def test_a_language_that_has_a_fixed_sentence_says_it() -> None:
    assert sentence(PROMPTS, "greet", {}, "nl") == ("Hallo.", "nl")


@pytest.mark.parametrize(("key", "language"), [("line", "nl"), ("line", "sv"), ("number", "sv")])
def test_what_a_language_cannot_say_whole_is_said_in_english_and_told(key: str, language: str) -> None:
    assert language_of(PROMPTS, key, language) == "en"


def test_a_language_whose_numbers_are_known_says_sentences_with_numbers() -> None:
    assert sentence(PROMPTS, "number", {"number": nl.digits("47")}, "nl") == ("Uw nummer is vier zeven.", "nl")


def test_an_unknown_language_falls_back() -> None:
    assert sentence(PROMPTS, "greet", {}, "xx") == ("Hello.", "en")


@pytest.mark.parametrize(("key", "variables"), [("nothing", {}), ("number", {})])
def test_a_missing_prompt_or_variable_is_an_error(key: str, variables: dict[str, str]) -> None:
    with pytest.raises(PromptMissing):
        sentence(PROMPTS, key, variables, "en")


def test_variables_are_words_not_templates() -> None:
    said, _ = sentence(PROMPTS, "number", {"number": "{greet} \\1 %s {0.__class__}"}, "en")
    assert said == "Your number is {greet} \\1 %s {0.__class__}."
