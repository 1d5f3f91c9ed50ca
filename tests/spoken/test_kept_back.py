"""Sentences that nothing was trained on: they stay apart, and are understood as well as was measured."""

import re
from functools import cache
from pathlib import Path

import pytest
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from config.documents import ACTS, EMERGENCY_CLASS, OUT_OF_SCOPE, load_edition
from config.settings import Settings
from ivr.understanding.labelled import LabelledSet, read_set
from ivr.understanding.measure import Figures, measure_line
from tests.spoken.measure import understander

KEPT_BACK = sorted((Path(__file__).parent / "kept_back").glob("*.yaml"))
LANGUAGES = [path.stem for path in KEPT_BACK]
MOST_ALIKE = 85  # of 100
# What was measured, and a sentence or two of room; without the better encoder, which not every machine has.
AT_LEAST: dict[str, dict[str, float]] = {
    "en": {"in_scope_accuracy": 0.67, "right_after_question": 0.78, "out_of_scope_refused_or_asked": 0.86,
           "emergency_heard_or_asked": 0.94},
    "nl": {"in_scope_accuracy": 0.68, "right_after_question": 0.8, "out_of_scope_refused_or_asked": 0.7,
           "emergency_heard_or_asked": 0.85},
}  # fmt: skip
AT_MOST: dict[str, dict[str, float]] = {
    "en": {"false_emergency": 0.018, "false_near_miss": 0.067, "asked_danger": 0.1},
    "nl": {"false_emergency": 0.008, "false_near_miss": 0.04, "asked_danger": 0.04},
}


def kept_back(language: str) -> LabelledSet:
    return read_set(Path(__file__).parent / f"kept_back/{language}.yaml")


@cache
def figures(language: str) -> Figures:
    return measure_line(understander(Settings()), kept_back(language), language, 0.0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_is_spoken_of_and_the_writer_is_named(language: str) -> None:
    tested = kept_back(language)
    topics = load_edition(Settings().line.config_dir).topics
    assert {line.topic for line in tested.lines} == {*topics, *ACTS, OUT_OF_SCOPE, EMERGENCY_CLASS}
    assert tested.author.startswith("writer")
    assert tested.about


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_an_example_in_other_words(language: str) -> None:
    edition = load_edition(Settings().line.config_dir)
    examples = [text for each in edition.examples.values() if each.language == language for _, text in each.lines()]
    examples += [text for topic in edition.topics.values() for text in topic.phrases.get(language, ())]
    texts = [line.text for line in kept_back(language).lines]
    alike = cdist([words(text) for text in texts], [words(text) for text in examples], scorer=fuzz.ratio)
    assert [text for text, row in zip(texts, alike, strict=True) if row.max() > MOST_ALIKE] == []


def words(text: str) -> str:
    return " ".join(re.findall(r"[^\W\d_']+", text.lower()))


@pytest.mark.parametrize(("language", "name"), [(each, name) for each, least in AT_LEAST.items() for name in least])
def test_it_is_understood_as_well_as_measured(language: str, name: str) -> None:
    assert getattr(figures(language), name) >= AT_LEAST[language][name]


@pytest.mark.parametrize(("language", "name"), [(each, name) for each, most in AT_MOST.items() for name in most])
def test_no_more_is_asked_or_mistaken_than_measured(language: str, name: str) -> None:
    assert getattr(figures(language), name) <= AT_MOST[language][name]
