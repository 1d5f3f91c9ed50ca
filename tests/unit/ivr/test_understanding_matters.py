"""One matter or several in an utterance, by the shipped words and examples."""

import json

import pytest

from config.settings import PROJECT
from ivr.ports import Understanding
from tests.learned import shipped

SPOKEN = [json.loads(line) for line in (PROJECT / "tests/spoken/sentences.jsonl").read_text().splitlines()]

SEVERAL = {
    "the drain on ward 4 is blocked, and the printer on ward 5 does not print":
        [("plumbing", "ward-4", None), ("printer", "ward-5", "printer")],
    "drain on ward four and the printer on ward five":
        [("plumbing", "ward-4", None), ("printer", "ward-5", "printer")],
    "the drain on ward 4 and the sink on ward 5 are blocked":
        [("plumbing", "ward-4", None), ("plumbing", "ward-5", None)],
    "the toilet on ward 3 is blocked and also the printer is jammed":
        [("plumbing", "ward-3", None), ("printer", None, "printer")],
    "The infusion pump on ward four is broken. And we need clean sheets on ward five.":
        [("medical-equipment", "ward-4", "infusion-pump"), ("supplies", "ward-5", None)],
    "I have to cancel my appointment on Thursday and I have a question about my bill":
        [("appointment-cancel", None, None), ("billing", None, None)],
    "there is no hot water in room 2.13 and the heating does not work in room 2.14":
        [("plumbing", "room-2-13", None), ("climate", "room-2-14", None)],
    "I need a porter for ward 2 and the lights are out in the corridor on ward 6":
        [("transport", "ward-2", None), ("electrical", "ward-6", None)],
}  # fmt: skip


def matters(text: str) -> tuple[Understanding, ...]:
    first = shipped().understand(text, "en")
    return (first, *first.others)


@pytest.mark.parametrize("text", SEVERAL)
def test_each_matter_has_its_own_topic_place_and_thing(text: str) -> None:
    told = [(each.intent.topic, each.place and each.place.id, each.asset and each.asset.id) for each in matters(text)]
    assert told == SEVERAL[text]
    assert matters(text)[0].text == text


@pytest.mark.parametrize(
    "text",
    [
        "the drain and the sink on ward 4 are blocked", "a black and white printer on ward 4 is jammed",
        "Mr and Mrs Jansen need a porter", "the sink in accident and emergency is leaking",
        "the drain on ward four is blocked and water is coming up", "the lift is stuck and people are inside",
        "the printer on ward four is jammed and it makes a noise", "the drain is blocked, ward four",
        "I want to cancel my appointment and make a new one", "the bed on ward 4 does not go up and down",
        "take a patient from ward 4 to radiology, and bring him back to ward 5", "no hot water on ward two and three",
        "the printer on ward 4 is out of paper and toner", "hello, this is Anna from ward five, the drain is blocked",
        "we need a porter and a wheelchair to take a patient to x-ray", "the door won't lock and its handle is loose",
    ],
)  # fmt: skip
def test_and_within_one_matter_does_not_part_it(text: str) -> None:
    assert len(matters(text)) == 1


def test_none_of_the_spoken_sentences_is_taken_apart() -> None:
    assert [each["text"] for each in SPOKEN if len(matters(each["text"])) > 1] == []


def test_more_than_three_matters_keep_all_their_words() -> None:
    told = (
        "the drain on ward one is blocked. The printer on ward two is jammed. The lift is stuck. "
        "We need clean sheets on ward three."
    )
    assert [each.intent.topic for each in matters(told)] == ["plumbing", "printer", "lift"]
    assert matters(told)[0].text == told


def test_an_emergency_told_along_with_a_matter_is_one() -> None:
    assert shipped().understand("the drain on ward four is blocked and there is a fire on ward five", "en").emergency
