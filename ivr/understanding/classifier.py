"""Which topic an utterance is about, how surely, and because of which words. Knows when it does not know."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from config.documents import OUT_OF_SCOPE
from ivr.ports import Intent
from ivr.understanding.features import Floats, Vocabulary, meaning

EMERGENCY_CLASS = "emergency"  # a class beside the topics, and never one of them
ALTERNATIVES = 3
REASONS = 4
TELLING = 5.0  # rarity of a word that may explain an emergency: in less than one example of fifty


@dataclass(frozen=True)
class Weighed:
    """What the classifier makes of an utterance."""

    intent: Intent
    danger: float = 0.0  # calibrated probability that it is an emergency, 0..1
    signs: tuple[str, ...] = ()  # the words that spoke most for that


@dataclass(frozen=True)
class Classifier:
    """A linear model over meaning and n-grams, trained by `ivr.understanding.training`.

    Every part is an array or a list of strings, so that it can be kept on disk without pickling.
    """

    topics: tuple[str, ...]
    vocabulary: Vocabulary
    of_meaning: Floats  # (512, topics)
    of_grams: Floats  # (n-grams, topics)
    bias: Floats  # (topics,)
    temperature: float
    threshold: float  # confidence below which the utterance is out of scope

    @property
    def digest(self) -> str:
        """Hex SHA-256 of all that it has learnt."""
        learnt = hashlib.sha256("\n".join([*self.topics, *self.vocabulary.index]).encode())
        for array in (self.vocabulary.weight, self.of_meaning, self.of_grams, self.bias):
            learnt.update(np.ascontiguousarray(array).tobytes())
        learnt.update(np.array([self.temperature, self.threshold]).tobytes())
        return learnt.hexdigest()

    def classify(self, words: Sequence[str]) -> Intent:
        """The topic of normalised words; `oos` with what confidence it would have had otherwise."""
        return self.weigh(words).intent

    def weigh(self, words: Sequence[str]) -> Weighed:
        """The topic of normalised words were they no emergency, and how surely they are one."""
        if not words:
            return Weighed(Intent(OUT_OF_SCOPE, 0.0))
        indices, values, where = self.vocabulary.vector(words)
        rows = self.of_grams[indices] * values[:, None]
        sure = self.confidences(
            (meaning([" ".join(words)])[0] @ self.of_meaning + rows.sum(axis=0) + self.bias)[None, :]
        )[0]
        of_gram = rows - rows.mean(axis=1, keepdims=True)
        if EMERGENCY_CLASS not in self.topics:
            return Weighed(self._intent(words, sure, of_gram, where))
        at = self.topics.index(EMERGENCY_CLASS)
        danger = float(sure[at])
        spoke = _reasons(words, of_gram[:, at], where)
        signs = tuple(word for word, _ in spoke if self.vocabulary.rarity(word) >= TELLING)
        return Weighed(self._intent(words, without_class(sure, at), of_gram, where), round(danger, 3), signs)

    def _intent(self, words: Sequence[str], sure: Floats, of_gram: Floats, where: Sequence[Sequence[int]]) -> Intent:
        order = [int(i) for i in np.argsort(-sure) if self.topics[i] != EMERGENCY_CLASS]
        best = next(i for i in order if self.topics[i] != OUT_OF_SCOPE)
        alternatives = tuple((self.topics[i], round(float(sure[i]), 3)) for i in order if i != best)[:ALTERNATIVES]
        if order[0] == best and sure[best] >= self.threshold:
            why = tuple(f"{word} +{weight:.1f}" for word, weight in _reasons(words, of_gram[:, best], where))
            return Intent(self.topics[best], round(float(sure[best]), 3), why, alternatives)
        return Intent(
            OUT_OF_SCOPE,
            round(1 - float(sure[best]), 3),
            (),
            ((self.topics[best], round(float(sure[best]), 3)), *alternatives)[:ALTERNATIVES],
        )

    def confidences(self, scores: Floats) -> Floats:
        """Calibrated probabilities of a matrix of scores."""
        return softmax(scores / self.temperature)


def softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def without_class(sure: Floats, at: int) -> Floats:
    """Probabilities, (..., classes), given that it is not class `at`."""
    rest = sure.copy()
    rest[..., at] = 0.0
    return np.asarray(rest / np.maximum(rest.sum(axis=-1, keepdims=True), 1e-9), np.float32)


def _reasons(words: Sequence[str], weights: Floats, where: Sequence[Sequence[int]]) -> list[tuple[str, float]]:
    """The words that spoke most for a class, each with its weight."""
    by_word: dict[str, float] = {}
    for weight, ats in zip(weights, where, strict=True):
        for at in ats:
            by_word[words[at]] = by_word.get(words[at], 0.0) + float(weight) / len(ats)
    ranked = sorted(by_word.items(), key=lambda item: -item[1])
    return [(word, weight) for word, weight in ranked[:REASONS] if weight >= 0.1]
