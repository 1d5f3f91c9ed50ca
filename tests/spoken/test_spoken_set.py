"""The spoken set is what it says it is, and the line understands what its ears wrote of it."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml
from rapidfuzz import fuzz

from config.documents import load_edition
from config.settings import Settings
from ivr.ports import Understander
from stt import choose
from tests.spoken import hearing
from tests.spoken.measure import listen, understander, understood
from tests.spoken.render import Sentence, sentences
from tests.spoken.scoring import Score, score
from tests.spoken.speakers import HELD_OUT, NATURAL
from tts.voices import piper_models

SPOKEN = sentences()
SAMPLE = SPOKEN[5::65]  # four sentences, of several kinds
MOST_ALIKE = 0.85  # a sentence and an example phrase; the same words are 1
TARGETS = tuple(score([]).reached())


@cache
def mind() -> Understander:
    return understander(Settings())


@cache
def figures(speaker: str) -> Score:
    return understood(mind(), SPOKEN, hearing.kept(speaker))


def of_kind(topic: str) -> list[Sentence]:
    return [sentence for sentence in SPOKEN if sentence.topic == topic and not sentence.near_miss]


def test_every_topic_and_act_is_spoken_of() -> None:
    topics = {*load_edition(Settings().line.config_dir).topics, "person", "status"}
    counted = Counter(sentence.topic for sentence in SPOKEN if not sentence.near_miss)
    assert all(counted[topic] >= 5 for topic in topics)
    assert sum(counted[topic] for topic in topics) >= 130
    assert set(counted) == topics | {"emergency", "oos"}


def test_emergencies_have_as_many_near_misses_and_there_is_enough_out_of_scope() -> None:
    assert len(of_kind("emergency")) == sum(sentence.near_miss for sentence in SPOKEN) == 40
    assert len(of_kind("oos")) >= 30


def test_about_half_name_a_place_that_exists() -> None:
    places = {row["id"] for row in yaml.safe_load((Settings().line.config_dir / "places.yaml").read_text())}
    plain = [s for s in SPOKEN if not s.near_miss and s.topic not in ("emergency", "oos", "person", "status")]
    named = [sentence for sentence in plain if sentence.place]
    assert {sentence.place for sentence in SPOKEN if sentence.place} <= places
    assert 0.4 <= len(named) / len(plain) <= 0.6


def test_no_sentence_is_an_example_in_other_words() -> None:
    edition = load_edition(Settings().line.config_dir)
    danger = edition.emergencies["en"]
    phrases = [*danger.said, *(phrase for of_topic in danger.misses.values() for phrase in of_topic)]
    phrases += [phrase for topic in edition.topics.values() for phrase in topic.phrases.get("en", ())]
    phrases += [text for each in edition.examples.values() if each.language == "en" for _, text in each.lines()]
    examples = [words(phrase) for phrase in phrases]
    shared = [s.text for s in SPOKEN if any(fuzz.ratio(words(s.text), each) > 100 * MOST_ALIKE for each in examples)]
    assert shared == []


def words(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


@pytest.mark.parametrize("speaker", [*NATURAL, *HELD_OUT])
def test_everything_was_heard(speaker: str) -> None:
    assert hearing.kept(speaker).keys() == {sentence.id for sentence in SPOKEN}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("speaker", [*NATURAL, *HELD_OUT])
def test_the_target_is_reached(speaker: str, target: str) -> None:
    result = figures(speaker)
    assert result.reached()[target], result


@pytest.mark.speech
@pytest.mark.parametrize("speaker", [*NATURAL, *HELD_OUT])
async def test_the_line_still_hears_what_was_kept(speaker: str, tmp_path: Path) -> None:
    if choose.best(Settings().speech, "en") is None or (speaker == "joe" and not piper_models(Settings().voices)):
        pytest.skip("no recogniser or no such voice is installed")
    await listen(Settings(), SAMPLE, speaker, tmp_path)
    before, now = hearing.kept(speaker), hearing.kept(speaker, tmp_path)
    alike = [fuzz.ratio(words(before[each.id].text), words(now[each.id].text)) for each in SAMPLE]
    assert sum(alike) / len(alike) > 90
