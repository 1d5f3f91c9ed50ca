"""A second word on what is meant: of the shipped topics, never of what a site adds."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from config.settings import Settings, UnderstandingSettings
from doctor.checks_running import topic_models
from ivr.understanding import tuned
from ivr.understanding.classifier import log, softmax
from ivr.understanding.features import Floats, Sense
from ivr.understanding.onnx_text import MODEL
from ivr.understanding.shelf import Recipe, trained
from ivr.understanding.training import Example, train
from ivr.understanding.tuned import HELD_OUT, SHARE, TOLD, TunedModel, joined, languages, shipped
from runtime import encoders
from runtime.encoders import senses

TOPICS = ("lift", "parrots", "plumbing")  # a site has parrots, which nobody else has
CLASSES = ("lift", "login", "plumbing")


def both(own: Sequence[float], theirs: Sequence[float]) -> Floats:
    one, other = (log(np.array([each], np.float32)) for each in (own, theirs))
    sure: Floats = softmax(joined(one, TOPICS, other, CLASSES))[0]
    return sure


def test_what_both_know_is_decided_by_both() -> None:
    sure = both((0.6, 0.0, 0.4), (0.1, 0.0, 0.9))
    ratio = (0.6 / 0.4) ** (1 - SHARE) * (0.1 / 0.9) ** SHARE
    assert sure[0] / sure[2] == pytest.approx(ratio, rel=1e-3)
    assert sure[1] < 1e-3


def test_what_only_the_site_knows_stays_as_likely_as_its_own_classifier_says() -> None:
    sure = both((0.1, 0.8, 0.1), (0.98, 0.01, 0.01))
    assert sure[1] == pytest.approx(0.8, abs=1e-3)
    assert sure[0] > sure[2]


def test_where_it_knows_one_topic_or_none_it_says_nothing() -> None:
    own = log(np.array([[0.7, 0.3]], np.float32))
    assert np.array_equal(joined(own, ("parrots", "lift"), log(np.eye(3, dtype=np.float32)[:1]), CLASSES), own)


class ByLastWord:
    """Knows two topics by the last word; has seen `seen` while it learnt, and would not have known it before."""

    digest, classes = "by last word", ("a", "b")

    def likelihoods(self, sentences: Sequence[str]) -> Floats:
        return log(np.array([[0.9, 0.1] if each.endswith("x") else [0.1, 0.9] for each in sentences], np.float32))

    def held_out(self, sentences: Sequence[str]) -> Floats:
        return log(np.full((len(sentences), 2), 0.5, np.float32))


def rows() -> list[Example]:
    ways = (("a1", "x", "a"), ("b1", "y", "b"))
    return [Example((word, f"w{n}", end), topic) for n in range(9) for word, end, topic in ways]


def test_it_has_its_word_in_every_decision_and_its_name_in_the_classifiers(tmp_path: Path) -> None:
    with_it, without = (trained(rows(), tmp_path, Recipe(sense)) for sense in (Sense(tuned=ByLastWord()), Sense()))
    assert with_it.digest != without.digest
    assert len(list(tmp_path.glob("*.npz"))) == 2
    unknown = ("never", "heard", "x")
    assert with_it.weigh(unknown).intent.alternatives != without.weigh(unknown).intent.alternatives


def test_thresholds_are_chosen_on_what_it_says_of_sentences_that_it_has_not_seen() -> None:
    class Seen(ByLastWord):
        def held_out(self, sentences: Sequence[str]) -> Floats:
            return self.likelihoods(sentences)

    honest, flattered = (train(rows(), Sense(tuned=each)) for each in (ByLastWord(), Seen()))
    assert honest.joint > flattered.joint or honest.thresholds != flattered.thresholds


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tuned.SHIPPED / "en", tmp_path / "en"))


@pytest.mark.parametrize("name", [MODEL, HELD_OUT])
def test_other_files_than_were_made_are_refused(copied: Path, name: str) -> None:
    (copied / name).write_bytes(b"another")
    with pytest.raises(ValueError, match="manifest"):
        TunedModel(copied)


def test_the_shipped_one_is_small_says_whence_it_came_and_knows_the_shipped_classes() -> None:
    assert languages() == {"en"}
    folder = tuned.SHIPPED / "en"
    told = json.loads((folder / TOLD).read_text())
    assert (told["licence"], told["origin"].rsplit("/", 1)[-1]) == ("Apache-2.0", "all-MiniLM-L6-v2")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 25_000_000
    model = shipped("en")
    assert model is not None
    assert {"lift", "emergency", "oos", "person"} <= set(model.classes)
    said = model.likelihoods(["the water will not go down the plug hole"])
    assert np.exp(said).sum() == pytest.approx(1, abs=0.01)
    assert model.classes[int(said[0].argmax())] == "plumbing"
    assert shipped("xx") is None


def test_of_an_example_it_tells_what_a_model_said_that_had_not_seen_it() -> None:
    model = shipped("en")
    assert model is not None
    known = ["the sink is blocked"]
    assert not np.allclose(model.held_out(["something nobody wrote down"]), model.held_out(known))
    assert np.array_equal(model.held_out(["something nobody wrote"]), model.likelihoods(["something nobody wrote"]))


def test_a_spoilt_one_is_done_without_and_doctor_says_so(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuned, "SHIPPED", copied.parent)
    settings = Settings(understanding=UnderstandingSettings(encoders=copied / "none"))
    encoders._tuned.cache_clear()
    assert topic_models(settings).state == "ok"
    assert senses(settings)["en"].tuned is not None
    (copied / MODEL).write_bytes(b"another")
    encoders._tuned.cache_clear()
    assert topic_models(settings).state == "broken"
    assert senses(settings) == {}
    encoders._tuned.cache_clear()
