"""The better sentence encoder: checked before it is used, done without where it cannot be, and asked only once."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from config.settings import Settings, UnderstandingSettings
from ivr.understanding import onnx_encoder
from ivr.understanding.features import PLAIN, SIZE, Floats, Sense
from ivr.understanding.onnx_encoder import KEPT_FROM, EncoderRefused, EncoderSpoilt, OnnxEncoder, check, installed
from ivr.understanding.shelf import Recipe, trained
from ivr.understanding.training import Example
from runtime.encoders import senses

CONTENT = b"a model"
DIGESTS = dict.fromkeys(("model.onnx", "tokenizer.json"), hashlib.sha256(CONTENT).hexdigest())


def plenty() -> int:
    return 10_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "some-encoder"
    made.mkdir()
    for name in DIGESTS:
        (made / name).write_bytes(CONTENT)
    return made


def test_what_set_up_made_is_taken(folder: Path) -> None:
    check(folder, DIGESTS, plenty)


@pytest.mark.parametrize("name", DIGESTS)
def test_another_file_is_refused_in_a_sentence(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"another model")
    with pytest.raises(EncoderSpoilt, match="SHA-256 differs"):
        check(folder, DIGESTS, plenty)


def test_what_its_runtime_cannot_load_is_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash is right and the file is no model: callers are served by the encoder that comes with the line."""
    monkeypatch.setattr(onnx_encoder, "MODELS", {"en": (folder.name, DIGESTS)})
    encoders = UnderstandingSettings(encoders=folder.parent)
    assert [each.further for each in senses(Settings(data_dir=folder.parent, understanding=encoders)).values()] == [
        None
    ]


def test_without_it_and_with_little_memory_the_line_goes_on(folder: Path) -> None:
    with pytest.raises(EncoderRefused, match="not installed"):
        check(folder / "none", DIGESTS, plenty)
    with pytest.raises(EncoderRefused, match="12 MB are free"):
        check(folder, DIGESTS, lambda: 12)
    with pytest.raises(EncoderRefused, match="no better encoder"):
        installed(folder, "xx")


class Counting(OnnxEncoder):
    """Vectors by the length of a sentence."""

    asked = 0

    def _one(self, sentence: str) -> Floats:
        self.asked += 1
        vector = np.zeros(self.size, np.float32)
        vector[len(sentence) % self.size] = 1.0
        return vector


def sentences(count: int) -> list[str]:
    return ["a" * n for n in range(count)]


def test_examples_are_worked_out_once_for_a_machine(tmp_path: Path) -> None:
    first, again = (Counting(tmp_path, "digest", tmp_path) for _ in range(2))
    vectors = first.encode(sentences(KEPT_FROM))
    assert np.allclose(again.encode([*sentences(KEPT_FROM), "new" * 100]), [*vectors, again.encode(["new" * 100])[0]])
    assert (first.asked, again.asked) == (KEPT_FROM, 2)  # the new one, and the question itself


def test_what_callers_say_is_not_kept(tmp_path: Path) -> None:
    Counting(tmp_path, "digest", tmp_path).encode(["the drain is blocked"])
    assert list(tmp_path.iterdir()) == []


class ByFirstWord:
    """An encoder that knows one thing."""

    digest, size = "by first word", 2

    def encode(self, sentences: Sequence[str]) -> Floats:
        return np.array([[1, 0] if each.startswith("alpha") else [0, 1] for each in sentences], np.float32)


def test_both_encoders_count_and_a_model_is_of_its_encoder(tmp_path: Path) -> None:
    sense = Sense(ByFirstWord())
    assert sense(["alpha"]).shape == (1, SIZE + 2) == (1, sense.size)
    rows = [Example((start, f"w{n}"), topic) for n in range(12) for start, topic in (("alpha", "a"), ("beta", "b"))]
    with_it, without = trained(rows, tmp_path, Recipe(sense)), trained(rows, tmp_path, Recipe(PLAIN))
    assert len(list(tmp_path.glob("*.npz"))) == 2
    assert with_it.digest != without.digest
    assert with_it.classify(("alpha", "anything")).topic == "a"


def test_the_real_one_knows_what_means_the_same() -> None:
    try:
        real = installed(Settings().understanding.encoders, "en")
    except EncoderRefused as reason:
        pytest.skip(str(reason))
    drain, water, printer = real.encode(["the sink is blocked", "water will not go down the plug hole", "paper jam"])
    assert drain @ water > drain @ printer + 0.1
    assert np.allclose(np.linalg.norm([drain, water, printer], axis=1), 1, atol=0.01)
    assert onnx_encoder.MODELS["en"][0] == "all-mpnet-base-v2"
