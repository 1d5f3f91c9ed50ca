"""The language of patterns, word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.patterns import PatternError, Patterns
from ivr.understanding.words import utterance

SETS = {"person": ["he", "she", "someone"]}


@pytest.mark.parametrize(
    ("line", "text", "matches"),
    [
        ("gas leak|leaking", "there is a gas leak here", True),
        ("gas leak|leaking", "gas is leaking", False),
        ("<person> .. collapsed", "she has just collapsed", True),
        ("<person> .. collapsed", "she has been told that it collapsed", False),
        ("not a? drill", "this is not a drill", True),
        ("not a? drill", "this is not drill", True),
        ("^ no", "no thanks", True),
        ("^ no", "oh no", False),
        ("no $", "oh no", True),
        ("^ no ,", "no, ward five", True),
        ("^ no ,", "no hot water", False),
        ("burning $|in|,", "it is burning", True),
        ("burning $|in|,", "burning question", False),
    ],
)
def test_slots(line: str, text: str, matches: bool) -> None:
    assert Patterns([line], SETS).found(utterance(text)) is matches


def test_a_gap_does_not_run_over_words_it_must_not() -> None:
    patterns = Patterns(["<person> .. collapsed"], SETS, never_in_gap=["not"])
    assert not patterns.found(utterance("he has not collapsed"))


@pytest.mark.parametrize("line", ["<nobody> fell", ".. ..", "^ $", ""])
def test_a_pattern_that_cannot_match_is_refused(line: str) -> None:
    with pytest.raises(PatternError):
        Patterns([line], SETS)


def test_contractions_are_undone_and_point_back() -> None:
    said = utterance("he isn't in.", {"n't": "not", "'s": "is"})
    assert said.words == ("he", "is", "not", "in")
    assert said.heard(1, 3) == "isn't"


def test_initials_are_no_pauses_but_sentences_are() -> None:
    assert utterance("the I.C.U. please. Ward 2.13").pauses == frozenset({5})
    assert utterance("the I.C.U. please. Ward 2.13").words[-1] == "2.13"


@given(st.text(max_size=300))
def test_any_text_becomes_words_that_lie_in_it(text: str) -> None:
    said = utterance(text)
    assert all(
        said.text[token.start : token.end].casefold() == token.text or token.text == "and" for token in said.tokens
    )
