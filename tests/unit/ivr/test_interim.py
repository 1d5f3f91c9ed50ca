"""What is acted on before a caller has finished, and what waits for the rest of the sentence."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from config.documents import LanguagePack
from config.yaml_once import load_once
from ivr.interim import Interim
from ivr.ports import DangerHeard, Understanding
from ivr.understanding.acts import Acts
from ivr.understanding.emergency import EmergencyWords
from ivr.understanding.words import utterance

CONFIG = Path(__file__).parents[3] / "config"
PACK = LanguagePack.model_validate(load_once((CONFIG / "languages/en.yaml").read_text(encoding="utf-8")))
RULE, ACTS = EmergencyWords(PACK), Acts(PACK)
APART_MS = 2_000


def understand(text: str) -> Understanding:
    said = utterance(text, PACK.expansions)
    return Understanding(text, RULE.find(said), ACTS.find(said))


def doubted(text: str) -> Understanding:
    """Where the classifier doubts what the rule heard, which is then asked about."""
    understood = understand(text)
    rule = understood.emergency
    return replace(understood, emergency=None, danger=DangerHeard(rule.words, by_rule=True) if rule else None)


def acted_on(*readings: str, apart_ms: int = APART_MS, by: Callable[[str], Understanding] = understand) -> str | None:
    """The first reading that is acted on."""

    async def at_once(text: str) -> Understanding:
        return by(text)

    async def first() -> str | None:
        interim = Interim(at_once)
        for number, text in enumerate(readings):
            if await interim.urgent(text, number * apart_ms):
                return text
        return None

    return asyncio.run(first())


def test_help_does_not_wait_for_a_pause() -> None:
    told = "hello I am in the gym and he is not breathing and he fell off the machine"
    assert acted_on("hello I am in", told) == told


def test_the_question_about_danger_does_not_wait_either() -> None:
    told = "hello I am in the gym and he is not breathing and he fell off the machine"
    assert acted_on("hello I am in", told, by=doubted) == told
    assert acted_on("there is a fire", "there is a fire door that does not close", by=doubted) is None


def test_what_stands_in_a_second_reading_is_certain() -> None:
    again = "he is not breathing, Peter"
    assert acted_on("he is not breathing", again) == again
    assert acted_on("he is not breathing", "he is not breathing", apart_ms=200) is None


@pytest.mark.parametrize(
    "readings",
    [
        ("it is not an", "it is not an emergency", "it is not an emergency but the tap drips"),
        ("there is a fire", "there is a fire door that does not close"),
        ("my mother had a stroke", "my mother had a stroke last year and has an appointment"),
        ("Health.", "Health insurance, I have a question about my bill"),
    ],
)
def test_the_rest_of_the_sentence_may_take_it_back(readings: tuple[str, ...]) -> None:
    assert acted_on(*readings) is None


def test_the_wish_for_a_person_does_not_wait_either() -> None:
    wish = "I want to talk to a real person please because I have been calling all day"
    assert acted_on("I want to talk", wish) == wish


def words_then(texts: list[str]) -> list[str]:
    """Sentences that are no emergency as a whole and are acted on in the middle, read every six words."""
    false = []
    for text in texts:
        words = text.split()
        if not understand(text).emergency and acted_on(*(" ".join(words[:n]) for n in range(4, len(words), 6))):
            false.append(text)
    return false


@pytest.mark.parametrize("name", ["near_misses.txt", "unseen_near_misses.txt"])
def test_near_misses_are_no_emergency_half_way_either(name: str) -> None:
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    assert words_then([line for line in lines if line and line[0] not in "#~"]) == []
