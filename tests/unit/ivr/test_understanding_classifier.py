"""The classifier: learns from examples, abstains, says why, and is kept without being trusted."""

import json
from pathlib import Path

import numpy as np
import pytest

from config.documents import EMERGENCY_CLASS, LanguagePack
from ivr.understanding import training
from ivr.understanding.classifier import Classifier
from ivr.understanding.features import encoder, meaning
from ivr.understanding.labelled import BadLine, LabelledSentence, LabelledSet, read_set
from ivr.understanding.measure import measure_training
from ivr.understanding.shelf import load, save, trained
from ivr.understanding.training import Example, train

SENTENCES = {
    "drains": ["the sink is blocked", "a blocked drain", "the toilet overflows", "water will not drain",
               "the pipe leaks", "a leaking tap", "the drain is clogged", "our sink overflows"],
    "printing": ["the printer is jammed", "no toner left", "it prints blank pages", "paper jam again",
                 "print quality is bad", "the printer is offline", "cannot print labels", "the copier has no toner"],
    "oos": ["tell me a joke", "what is the weather", "play some music", "wrong number sorry", "who won the match",
            "book a flight", "sing a song", "how old are you"],
}  # fmt: skip
EXAMPLES = [Example(tuple(text.split()), topic) for topic, texts in SENTENCES.items() for text in texts]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return train(EXAMPLES)


def test_new_wording_of_a_topic_is_known(classifier: Classifier) -> None:
    intent = classifier.classify(("the", "kitchen", "drain", "is", "blocked"))
    assert intent.topic == "drains"
    assert any(reason.startswith(("drain", "blocked")) for reason in intent.why)
    assert 0.5 < intent.confidence <= 1.0
    assert "drains" not in dict(intent.alternatives)


def test_what_belongs_nowhere_is_left_alone(classifier: Classifier) -> None:
    intent = classifier.classify(("is", "there", "music", "on", "the", "radio"))
    assert intent.topic == "oos"
    assert intent.why == ()


def test_silence_has_no_topic(classifier: Classifier) -> None:
    assert classifier.classify(()).topic == "oos"


def test_confidences_are_probabilities(classifier: Classifier) -> None:
    sure = classifier.confidences(np.array([[1.0, 5.0, -2.0], [900.0, 0.0, 0.0]], np.float32), ["a", "b"])
    assert np.allclose(sure.sum(axis=1), 1.0)


CALLS = ("smoke is pouring out", "the roof is in flames", "somebody is burning", "smoke and flames everywhere",
         "flames are coming out", "thick smoke in here", "burning and smoke everywhere", "it is in flames")  # fmt: skip


@pytest.fixture(scope="module")
def watchful() -> Classifier:
    return train([*EXAMPLES, *(Example(tuple(text.split()), EMERGENCY_CLASS) for text in CALLS)])


def test_an_emergency_is_told_beside_the_topic_and_is_never_one(watchful: Classifier) -> None:
    weighed = watchful.weigh(("flames", "and", "smoke", "by", "the", "printer"))
    assert weighed.danger > 0.5
    assert weighed.intent.topic != EMERGENCY_CLASS
    assert EMERGENCY_CLASS not in dict(weighed.intent.alternatives)
    assert watchful.weigh(("the", "sink", "is", "blocked")).danger < 0.2


def test_the_topic_is_weighed_as_if_it_were_no_emergency(watchful: Classifier, classifier: Classifier) -> None:
    words = ("the", "kitchen", "drain", "is", "blocked")
    assert watchful.classify(words).topic == classifier.classify(words).topic == "drains"
    assert abs(watchful.classify(words).confidence - classifier.classify(words).confidence) < 0.2


def test_without_the_class_nothing_is_dangerous(classifier: Classifier) -> None:
    weighed = classifier.weigh(("flames", "and", "smoke"))
    assert (weighed.danger, weighed.signs) == (0.0, ())


def test_emergencies_alone_are_no_topic() -> None:
    outside = [example for example in EXAMPLES if example.topic == "oos"]
    with pytest.raises(ValueError, match="topic"):
        train([*outside, *(Example(tuple(text.split()), EMERGENCY_CLASS) for text in CALLS)])


def test_without_examples_of_the_outside_it_still_abstains() -> None:
    blind = train([example for example in EXAMPLES if example.topic != "oos"])
    assert blind.thresholds.topic > 0
    assert set(blind.topics) == {"drains", "printing"}


def test_a_large_set_learns_the_same_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "LARGE", 0)
    assert train(EXAMPLES).classify(("a", "blocked", "sink")).topic == "drains"


def test_one_topic_is_none() -> None:
    with pytest.raises(ValueError, match="two topics"):
        train([Example(("hello",), "only")])


def test_what_was_learnt_is_kept_and_read_back(classifier: Classifier, tmp_path: Path) -> None:
    save(classifier, tmp_path / "kept.npz")
    again = load(tmp_path / "kept.npz")
    words = ("the", "printer", "has", "no", "toner")
    assert again.classify(words).topic == classifier.classify(words).topic == "printing"
    assert (again.topics, again.temperature, again.thresholds) == (
        classifier.topics, classifier.temperature, classifier.thresholds,
    )  # fmt: skip


def test_a_spoilt_file_is_trained_over(tmp_path: Path) -> None:
    first = trained(EXAMPLES, tmp_path)
    (kept,) = tmp_path.glob("*.npz")
    kept.write_bytes(b"not an archive")
    assert trained(EXAMPLES, tmp_path).topics == first.topics
    assert load(kept).topics == first.topics


def test_an_archive_of_objects_is_not_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", text=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load(tmp_path / "bad.npz")


def test_our_way_through_the_encoder_is_the_encoders_own() -> None:
    sentences = ["the drain is blocked", "x", "a longer sentence about nothing in particular, with commas"]
    assert np.allclose(meaning(sentences), encoder().encode(sentences), atol=1e-5)
    assert np.allclose(meaning(sentences[:1]), encoder().encode(sentences[:1]), atol=1e-5)


def test_figures_of_a_training_file_tried_on_a_test_file(tmp_path: Path) -> None:
    lines = [LabelledSentence(text, topic) for topic, texts in SENTENCES.items() for text in texts]
    test = [
        LabelledSentence("the sink is clogged", "drains"),
        LabelledSentence("play music", "oos"),
        LabelledSentence("toner is empty", "printing"),
    ]
    pack = LanguagePack(
        language="en", emergency=(), negations=(), person=(), status=(), callback=(), yes=(), no=(), repeat=()
    )
    figures = measure_training(lines, LabelledSet(tuple(test)), pack)
    assert figures.in_scope_accuracy == 1.0
    assert figures.out_of_scope_recall == 1.0
    assert figures.emergency_recall is None
    assert figures.train_seconds > 0


@pytest.mark.parametrize("row", ["[]", "{}", '{"text": "a"}', "not json", '"text"'])
def test_a_bad_line_is_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps({"text": "a", "topic": "b"}) + "\n" + row + "\n", encoding="utf-8")
    with pytest.raises(BadLine, match=":2"):
        read_set(path)
