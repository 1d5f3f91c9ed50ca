"""Which topic an utterance is about, how surely, and because of which words. Knows when it does not know."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from config.documents import ACTS, EMERGENCY_CLASS, OUT_OF_SCOPE
from ivr.ports import Intent
from ivr.understanding.features import Floats, Sense, Vocabulary
from ivr.understanding.nearest import NOTHING_NEAR, NearestExamples
from ivr.understanding.thresholds import Thresholds, topics_of, without_class
from ivr.understanding.tuned import LEAST, joined

ALTERNATIVES = 3
REASONS = 4
TELLING = 5.0  # rarity of a word that may explain an emergency: in less than one example of fifty
ENOUGH = 0.6  # a topic as likely as this comes before an act


@dataclass(frozen=True)
class Weighed:
    """What the classifier makes of an utterance."""

    intent: Intent
    danger: float = 0.0  # calibrated probability that it is an emergency, 0..1
    signs: tuple[str, ...] = ()  # the words that spoke most for that
    act: str | None = None  # what it asks of the line itself, in the place of a topic
    either: tuple[str, str] | None = None  # no topic is likely enough, but these two together are


@dataclass(frozen=True)
class Classifier:
    """A linear model over meaning and n-grams, trained by `ivr.understanding.training`.

    Every part is an array or a list of strings, so that it can be kept on disk without pickling.
    """

    topics: tuple[str, ...]  # and the other classes
    vocabulary: Vocabulary
    of_meaning: Floats  # (size of the sense, topics)
    of_grams: Floats  # (n-grams, topics)
    bias: Floats  # (topics,)
    temperature: float
    thresholds: Thresholds
    sense: Sense
    joint: float = 1.0  # temperature of what it and the tuned model say together
    nearest: NearestExamples = NOTHING_NEAR

    @property
    def digest(self) -> str:
        """Hex SHA-256 of all that it has learnt."""
        learnt = hashlib.sha256("\n".join([*self.topics, *self.vocabulary.index, self.sense.digest]).encode())
        for array in (self.vocabulary.weight, self.of_meaning, self.of_grams, self.bias):
            learnt.update(np.ascontiguousarray(array).tobytes())
        learnt.update(np.array([self.temperature, self.joint, *vars(self.thresholds).values()]).tobytes())
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
        text = " ".join(words)
        meant = self.sense([text])[0]
        sure = self.confidences((meant @ self.of_meaning + rows.sum(axis=0) + self.bias)[None, :], [text])[0]
        of_gram = rows - rows.mean(axis=1, keepdims=True)
        if EMERGENCY_CLASS not in self.topics:
            return self._decided(words, meant, sure, of_gram, where)
        at = self.topics.index(EMERGENCY_CLASS)
        spoke = _reasons(words, of_gram[:, at], where)
        signs = tuple(word for word, _ in spoke if self.vocabulary.rarity(word) >= TELLING)
        decided = self._decided(words, meant, without_class(sure, at), of_gram, where)
        return Weighed(decided.intent, round(float(sure[at]), 3), signs, decided.act, decided.either)

    def _decided(
        self, words: Sequence[str], meant: Floats, sure: Floats, of_gram: Floats, where: Sequence[Sequence[int]]
    ) -> Weighed:
        """A topic, an act, two topics to choose from, or nothing."""
        order = sorted(topics_of(self.topics), key=lambda i: -sure[i])
        shares = [(self.topics[i], round(float(sure[i]), 3)) for i in order]
        best, likeliest = order[0], int(sure.argmax())
        if likeliest == best and sure[best] >= self.thresholds.topic:
            why = [f"{word} +{weight:.1f}" for word, weight in _reasons(words, of_gram[:, best], where)]
            why += [f"like: {text}" for text in self.nearest.find(meant, self.topics[best])]
            return Weighed(Intent(*shares[0], tuple(why), tuple(shares[1 : ALTERNATIVES + 1])))
        unknown = Intent(OUT_OF_SCOPE, round(1 - shares[0][1], 3), (), tuple(shares[:ALTERNATIVES]))
        act = self.topics[likeliest]
        if act in ACTS and sure[likeliest] >= self.thresholds.topic and sure[best] < ENOUGH:
            return Weighed(unknown, act=act)
        together = len(shares) > 1 and shares[0][1] + shares[1][1] >= self.thresholds.either
        return Weighed(unknown, either=(shares[0][0], shares[1][0]) if together else None)

    def confidences(self, scores: Floats, texts: Sequence[str]) -> Floats:
        """Calibrated probabilities of a matrix of scores, and of what the tuned model says of the same sentences."""
        own, tuned = softmax(scores / self.temperature), self.sense.tuned
        if tuned is None:
            return own
        return softmax(joined(log(own), self.topics, tuned.likelihoods(texts), tuned.classes) / self.joint)


def log(likelihoods: Floats) -> Floats:
    """Natural logarithms of probabilities that may be nothing."""
    return np.asarray(np.log(np.maximum(likelihoods, LEAST)), np.float32)


def softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def _reasons(words: Sequence[str], weights: Floats, where: Sequence[Sequence[int]]) -> list[tuple[str, float]]:
    """The words that spoke most for a class, each with its weight."""
    by_word: dict[str, float] = {}
    for weight, ats in zip(weights, where, strict=True):
        for at in ats:
            by_word[words[at]] = by_word.get(words[at], 0.0) + float(weight) / len(ats)
    ranked = sorted(by_word.items(), key=lambda item: -item[1])
    return [(word, weight) for word, weight in ranked[:REASONS] if weight >= 0.1]
