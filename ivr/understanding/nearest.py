"""The examples that mean most nearly what was said: the part of an explanation that people grasp at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ivr.understanding.features import Floats

SHOWN = 2
NEAR = 0.5  # cosine; further away it explains nothing


@dataclass(frozen=True)
class NearestExamples:
    """Example sentences, what each means to the line, and what it means as numbers."""

    texts: tuple[str, ...]
    meant: tuple[str, ...]  # topic or other class of each
    vectors: Floats  # (sentences, size of the sense), of unit length, in half precision

    def find(self, vector: Floats, meant: str) -> list[str]:
        """The nearest sentences of a class, the very nearest first."""
        ats = [at for at, each in enumerate(self.meant) if each == meant]
        if not ats:
            return []
        alike = self.vectors[ats].astype(np.float32) @ (vector / max(float(np.linalg.norm(vector)), 1e-9))
        order = np.argsort(-alike)[:SHOWN]
        return [self.texts[ats[i]] for i in order if alike[i] >= NEAR]


def of_examples(texts: Sequence[str], meant: Sequence[str], vectors: Floats) -> NearestExamples:
    """One entry for each sentence, however often it occurs."""
    first = {text: at for at, text in reversed(list(enumerate(texts)))}
    kept = list(first.values())
    rows = vectors[kept]
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return NearestExamples(tuple(first), tuple(meant[at] for at in kept), unit.astype(np.float16))


NOTHING_NEAR = NearestExamples((), (), np.zeros((0, 0), np.float16))
