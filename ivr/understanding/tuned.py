"""A small sentence model that was trained further on the shipped examples, and weighs their classes by itself.

`docker/tuning/tune.sh` made it from all-MiniLM-L6-v2 (Apache-2.0): 23 MB, 5 ms a sentence, 80 MB of memory. What a
site adds, it does not know: there the classifier beside it decides alone.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ivr.understanding.features import Floats
from ivr.understanding.onnx_text import MODEL, NEEDED, OnnxText, sha256_of

SHIPPED = Path(__file__).with_name("models")  # a folder for each language
HELD_OUT, TOLD = "held_out.npz", "manifest.json"
SHARE = 0.5  # of its word beside the other classifier's
LEAST = 1e-6  # likelihood: nothing is impossible


class TunedModel:
    """Log-likelihoods of sentences, as the classifier reads them; loaded when first asked."""

    def __init__(self, folder: Path) -> None:
        """Raises: OSError, ValueError where the folder does not hold what was made."""
        self._folder = folder
        self._weigh = OnnxText(folder, "likelihoods")
        told = json.loads((folder / TOLD).read_text(encoding="utf-8"))
        self.classes = tuple(map(str, told["classes"]))
        self.digest = sha256_of(folder / MODEL)
        if self.digest != told["sha256"][MODEL] or sha256_of(folder / HELD_OUT) != told["sha256"][HELD_OUT]:
            raise ValueError(f"{folder} does not hold the model that its manifest tells of")

    def likelihoods(self, sentences: Sequence[str]) -> Floats:
        """(n, classes), natural logarithms."""
        if not sentences:
            return np.zeros((0, len(self.classes)), np.float32)
        return np.stack([self._weigh(sentence) for sentence in sentences])

    def held_out(self, sentences: Sequence[str]) -> Floats:
        """As `likelihoods`, but of a sentence that it was trained on, what a model says that was not."""
        known = self._held_out
        return np.stack(
            [row if (row := known.get(_key(each))) is not None else self._weigh(each) for each in sentences]
        ).astype(np.float32)

    @cached_property
    def _held_out(self) -> dict[int, npt.NDArray[np.float16]]:
        with np.load(self._folder / HELD_OUT, allow_pickle=False) as kept:
            return dict(zip(kept["keys"].tolist(), kept["likelihoods"], strict=True))


def languages() -> frozenset[str]:
    """For which there is one."""
    return frozenset(folder.name for folder in SHIPPED.iterdir()) if SHIPPED.is_dir() else frozenset()


def shipped(language: str) -> TunedModel | None:
    """The one of a language, where there is one and what it runs on is installed. Raises: OSError, ValueError."""
    folder = SHIPPED / language
    return TunedModel(folder) if folder.is_dir() and all(map(find_spec, NEEDED)) else None


def joined(own: Floats, topics: Sequence[str], tuned: Floats, classes: Sequence[str]) -> Floats:
    """Both words on each sentence, (n, topics), as log-likelihoods that need not add up to one.

    `own`: of the classifier, (n, topics); `tuned`: (n, classes). Of what only the classifier knows it decides alone
    how likely that is; within what both know, the mean of their logarithms does.
    """
    both = [(at, classes.index(topic)) for at, topic in enumerate(topics) if topic in classes]
    if len(both) < 2:
        return own
    mine, theirs = [at for at, _ in both], [at for _, at in both]
    shared = _log_sum(own[:, mine])
    mean = (1 - SHARE) * (own[:, mine] - shared) + SHARE * (tuned[:, theirs] - _log_sum(tuned[:, theirs]))
    result = np.maximum(own, np.log(LEAST)).astype(np.float32)
    result[:, mine] = mean - _log_sum(mean) + shared
    return result


def _log_sum(logs: Floats) -> Floats:
    most = logs.max(axis=1, keepdims=True)
    return np.asarray(most + np.log(np.exp(logs - most).sum(axis=1, keepdims=True)), np.float32)


def _key(sentence: str) -> int:
    return int.from_bytes(hashlib.sha256(sentence.encode()).digest()[:8])
