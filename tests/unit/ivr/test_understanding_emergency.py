"""Emergency words over sentences that are emergencies and sentences that only sound like one."""

from pathlib import Path

import pytest

from config.documents import LanguagePack
from config.yaml_once import load_once
from ivr.understanding.emergency import EmergencyWords
from ivr.understanding.words import utterance

HERE = Path(__file__).parent
PACK = LanguagePack.model_validate(
    load_once((HERE.parents[2] / "config/languages/en.yaml").read_text(encoding="utf-8"))
)
RULE = EmergencyWords(PACK)


def sentences(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and line[0] not in "#~"]


def words_found(text: str) -> tuple[str, ...]:
    found = RULE.find(utterance(text, PACK.expansions))
    return found.words if found else ()


def test_there_are_enough_sentences_to_trust() -> None:
    assert len(sentences("emergencies.txt")) >= 150
    assert len(sentences("near_misses.txt")) >= 150


@pytest.mark.parametrize("text", sentences("emergencies.txt"))
def test_an_emergency_is_heard(text: str) -> None:
    assert words_found(text)


@pytest.mark.parametrize("text", sentences("near_misses.txt"))
def test_a_near_miss_is_not_an_emergency(text: str) -> None:
    assert words_found(text) == ()


@pytest.mark.parametrize("text", ["there is a fire", "THERE IS A FIRE!", "there’s a fire", "er, there's, um, a fire"])
def test_case_punctuation_and_hesitation_do_not_matter(text: str) -> None:
    assert [word.casefold() for word in words_found(text)] == ["fire"]


@pytest.mark.parametrize("text", ["firewall", "campfires", "bonfire", "smokestack", "strokes of luck"])
def test_words_are_whole_words(text: str) -> None:
    assert words_found(text) == ()


def test_what_was_heard_is_told_in_the_callers_words() -> None:
    assert words_found("she isn't breathing") == ("isn't breathing",)


def test_a_negation_reaches_what_it_denies_and_no_further() -> None:
    assert words_found("there is no smoke or fire") == ()
    assert "he collapsed" in words_found("no fire but he collapsed")
    assert "fire" not in words_found("no fire but he collapsed")


@pytest.mark.parametrize(
    "text",
    [
        "a man has collapsed in the training room",
        "he is having a stroke he was here last week",
        "the patient admitted last night is in cardiac arrest",
        "cardiac arrest ward nine patient admitted last night",
        "a visitor is having a heart attack she came for her appointment",
        "a patient with a history of seizures has collapsed",
        "yes of course there are flames",
        "there was a fire drill but this is a real fire",
        "someone has collapsed bill from portering",
        "how do I report a fire on ward four",
        "the television caught fire",
        "she took an overdose last night and won't wake up",
        "smoke in the corridor, yesterday it was fine",
    ],
)
def test_what_is_said_of_something_else_takes_nothing_back(text: str) -> None:
    assert words_found(text)


@pytest.mark.parametrize(
    "text",
    [
        "my mother had a stroke in May",
        "I had a heart attack on Sunday, can my wife visit",
        "he is recovering from a cardiac arrest",
        "she has a history of seizures",
        "last week there was a fire, the wall is still black",
        "he collapsed yesterday and left his coat",
    ],
)
def test_what_is_past_is_no_emergency(text: str) -> None:
    assert words_found(text) == ()


def test_of_two_matters_only_the_one_that_is_past_is_taken_back() -> None:
    assert words_found("he had a stroke last year and his heart has stopped") == ("heart has stopped",)


def test_someone_in_the_lift_is_in_danger_only_when_something_says_so() -> None:
    assert words_found("two people are stuck in the lift") == ()
    assert words_found("two people are stuck in the lift and there is smoke")


def test_the_shipped_examples_of_topics_are_no_emergencies() -> None:
    flagged = [
        phrase
        for path in (HERE.parents[2] / "config/topics").glob("*.yaml")
        for phrase in load_once(path.read_text(encoding="utf-8"))["phrases"]["en"]
        if words_found(phrase)
    ]
    assert flagged == []


@pytest.mark.parametrize(
    "text",
    ["Help!", "Health.", "Health, health.", "held, held.", "Help me", "So, help.", "Health, please.", "Please, health.",
     "Emergency!", "The emergency.", "Fire!", "Somebody health!", "stealth"],
)  # fmt: skip
def test_a_cry_is_heard_by_its_sound_when_nothing_else_is_said(text: str) -> None:
    assert words_found(text)


@pytest.mark.parametrize(
    "text",
    ["Hello.", "Yes.", "Health insurance.", "the health centre", "Help desk", "Help with my computer", "held up",
     "Well.", "Half.", "Okay.", "Please.", "No.", "my health", "Five.", "helpdesk please", "Higher.", "he held it"],
)  # fmt: skip
def test_an_ordinary_short_answer_is_no_cry(text: str) -> None:
    assert words_found(text) == ()


def test_the_greeting_is_no_emergency_when_its_echo_is_heard() -> None:
    prompts = load_once((HERE.parents[2] / "config/prompts/en.yaml").read_text(encoding="utf-8"))
    assert words_found(prompts["welcome"]) == ()
    assert all(key in prompts["welcome"].split(". ")[1] for key in ("9", "0"))
