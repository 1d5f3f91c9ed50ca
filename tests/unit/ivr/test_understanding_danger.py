"""Emergencies that no rule foresaw: the classifier adds to the rule, and never takes from it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.documents import Edition, load_edition
from ivr.understanding.understander import LineUnderstander, build
from ivr.understanding.words import utterance
from tests.learned import shipped

HERE = Path(__file__).parent
EDITION = load_edition(HERE.parents[2] / "config")
LEAST_HEARD = {"unseen_emergencies.txt": 14, "unseen_emergencies_again.txt": 55}  # measured: 15 of 30, 57 of 80
LEAST_HEARD_OR_ASKED = {"unseen_emergencies.txt": 26, "unseen_emergencies_again.txt": 71}  # 27 of 30, 72 of 80
MOST_FALSE = {"unseen_near_misses.txt": 3, "unseen_near_misses_again.txt": 4}  # 2 of 30, 3 of 80


@pytest.fixture(scope="module")
def line() -> LineUnderstander:
    return shipped()


def unseen(file: str) -> list[str]:
    lines = [each for each in (HERE / file).read_text(encoding="utf-8").splitlines() if each and each[0] != "#"]
    assert len(lines) >= 30
    return lines


def flagged(line: LineUnderstander, file: str) -> list[str]:
    return [each for each in unseen(file) if line.understand(each, "en").emergency]


@pytest.mark.parametrize("file", LEAST_HEARD)
def test_of_unseen_emergencies_most_are_heard(line: LineUnderstander, file: str) -> None:
    assert len(flagged(line, file)) >= LEAST_HEARD[file]


@pytest.mark.parametrize("file", LEAST_HEARD_OR_ASKED)
def test_of_unseen_emergencies_nearly_all_are_heard_or_asked_about(line: LineUnderstander, file: str) -> None:
    heard = flagged(line, file)
    asked = [each for each in unseen(file) if line.understand(each, "en").danger]
    assert len(heard) + len(asked) >= LEAST_HEARD_OR_ASKED[file], sorted({*unseen(file)} - {*heard, *asked})


@pytest.mark.parametrize("file", MOST_FALSE)
def test_of_unseen_near_misses_few_are_taken_for_one(line: LineUnderstander, file: str) -> None:
    assert len(flagged(line, file)) <= MOST_FALSE[file]


def test_what_no_pattern_foresaw_is_added_and_explained(line: LineUnderstander) -> None:
    heard = line.understand("a bloke's got a pair of scissors and he's backing the nurse into a corner", "en")
    assert heard.emergency is not None
    assert heard.emergency.words
    assert set(heard.emergency.words) <= set(utterance(heard.text, EDITION.languages["en"].expansions).words)
    assert heard.intent.topic in {*EDITION.topics, "oos"}


def test_the_rule_suffices_without_a_classifier() -> None:
    mute = EDITION.model_copy(update={
        "emergencies": {}, "out_of_scope": {}, "examples": {},
        "topics": {name: topic.model_copy(update={"phrases": {}}) for name, topic in EDITION.topics.items()},
    })  # fmt: skip
    heard = build(mute).understand("he is not breathing", "en")
    assert heard.emergency is not None
    assert heard.intent.topic == "oos"


@pytest.mark.parametrize("text", ["he did not collapse he just sat down", "no one is unconscious don't worry"])
def test_what_the_rule_took_back_is_not_added_again(line: LineUnderstander, text: str) -> None:
    assert line.understand(text, "en").emergency is None


@pytest.mark.parametrize("text", ["Help, help, help.", "help help help me", "fire fire fire please"])
def test_a_cry_that_is_all_that_was_said_is_not_doubted(line: LineUnderstander, text: str) -> None:
    assert line.understand(text, "en").emergency


@pytest.mark.parametrize("text", ["yes", "ward four", "no", "2 1 3", "help desk"])
def test_a_word_or_two_are_an_answer_and_no_emergency(line: LineUnderstander, text: str) -> None:
    assert line.understand(text, "en").emergency is None


ANSWERS = {  # to "is someone in danger right now?"
    "yes the drain is blocked": True,
    "he's on the floor in the bathroom": True,
    "no, he can't talk": True,
    "no, help": True,
    "no": False,
    "no thank you": False,
    "no, the drain is blocked": False,
    "no, it's only the phone in the resus room": False,
}


@pytest.mark.parametrize(("text", "perhaps"), ANSWERS.items())
def test_an_answer_that_says_more_than_no_denies_no_danger(line: LineUnderstander, text: str, perhaps: bool) -> None:
    said = line.understand(text, "en")
    assert (said.perhaps_danger or said.danger is not None or said.emergency is not None) is perhaps


@pytest.mark.parametrize(("language", "text"), [("sv", "nej tack"), ("fi", "ei kiitos"), ("nl", "nee hoor")])
def test_a_polite_no_is_one(line: LineUnderstander, language: str, text: str) -> None:
    said = line.understand(text, language)
    assert (said.act, said.perhaps_danger, said.danger) == ("no", False, None)


@pytest.mark.parametrize("text", ["I don't know", "I do not know if he is"])
def test_who_does_not_know_says_no_no(line: LineUnderstander, text: str) -> None:
    assert line.understand(text, "en").act is None


def test_examples_are_part_of_the_edition_and_pinned() -> None:
    assert len(EDITION.emergencies["en"].said) >= 150
    assert "emergencies" in EDITION.hashes()


def test_near_misses_of_a_topic_that_does_not_exist_are_refused() -> None:
    fields = {name: getattr(EDITION, name) for name in Edition.model_fields}
    unknown = EDITION.emergencies["en"].model_copy(update={"misses": {"gardening": ("the roses are on fire",)}})
    with pytest.raises(ValidationError, match="gardening"):
        Edition(**{**fields, "emergencies": {"en": unknown}})


def test_nobody_is_asked_about_danger_for_a_murmur(line: LineUnderstander) -> None:
    murmur = "and the eyes together."  # of a television; a caller's silence would be a yes
    assert line.understand(murmur, "en", 0.9).danger
    assert line.understand(murmur, "en", 0.24).danger is None


def test_what_sounds_like_an_emergency_but_was_hardly_read_is_asked_about(line: LineUnderstander) -> None:
    said = "a bloke's got a pair of scissors and he's backing the nurse into a corner"
    hardly = line.understand(said, "en", 0.2)
    assert hardly.emergency is None
    assert hardly.danger
    assert line.understand("he is not breathing", "en", 0.2).emergency  # the rule needs no certainty
