"""The line's understanding of whole utterances, with the shipped words and a small set of topics."""

from pathlib import Path

import pytest

from config.documents import Asset, Edition, LanguagePack, Place, Site, Topic
from config.yaml_once import load_once
from ivr.understanding.understander import LineUnderstander, build

CONFIG = Path(__file__).resolve().parents[3] / "config"


def document(name: str) -> object:
    return load_once((CONFIG / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> LineUnderstander:
    topics = [Topic.model_validate(document(f"topics/{name}.yaml")) for name in ("plumbing", "printer", "transport")]
    edition = Edition(
        site=Site.model_validate(document("site.yaml")),
        topics={topic.id: topic for topic in topics},
        places=[Place.model_validate(place) for place in document("places.yaml")],  # type: ignore[attr-defined]
        assets=[Asset.model_validate(asset) for asset in document("assets.yaml")],  # type: ignore[attr-defined]
        prompts={},
        languages={"en": LanguagePack.model_validate(document("languages/en.yaml"))},
        flows={},
        out_of_scope=document("out_of_scope.yaml"),
    )
    return build(edition, tmp_path_factory.mktemp("shelf"))


def test_a_fault_its_place_and_why(line: LineUnderstander) -> None:
    heard = line.understand("the drain on ward four is blocked and water is coming up", "en")
    assert (heard.intent.topic, heard.place and heard.place.id, heard.act) == ("plumbing", "ward-4", None)
    assert heard.place is not None
    assert (heard.place.words, heard.place.name) == ("ward four", "ward 4")
    assert heard.intent.confidence > 0.8
    assert any(reason.startswith(("drain", "water", "blocked")) for reason in heard.intent.why)


def test_a_correction_names_what_it_changes(line: LineUnderstander) -> None:
    heard = line.understand("no, ward five", "en")
    assert heard.correction
    assert heard.place is not None
    assert heard.place.id == "ward-5"
    assert heard.intent.topic == "oos"


def test_what_is_denied_is_not_meant(line: LineUnderstander) -> None:
    heard = line.understand("not the sink, the printer", "en")
    assert heard.correction
    assert (heard.intent.topic, heard.asset and heard.asset.id) == ("printer", "printer")


def test_what_is_not_for_the_line_is_not_forced_into_a_topic(line: LineUnderstander) -> None:
    assert line.understand("what's the weather going to be on Sunday", "en").intent.topic == "oos"


def test_an_unsure_recogniser_makes_the_topic_unsure(line: LineUnderstander) -> None:
    sure = line.understand("the printer is out of toner", "en").intent
    unsure = line.understand("the printer is out of toner", "en", confidence=0.2).intent
    assert sure.topic == unsure.topic == "printer"
    assert unsure.confidence < sure.confidence / 2


def test_a_language_without_words_is_heard_as_the_first(line: LineUnderstander) -> None:
    assert line.understand("there is a fire", "fi").emergency is not None


@pytest.mark.parametrize("text", ["", "   ", "...", "\r\n\x00", "é" * 5000, "a " * 4000, "<script>alert(1)</script>"])
def test_any_text_is_survived(line: LineUnderstander, text: str) -> None:
    assert line.understand(text, "en").emergency is None
