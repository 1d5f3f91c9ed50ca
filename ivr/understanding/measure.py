"""How well sentences are understood: figures over labelled lines, and the wrong ones by name."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from config.documents import ACTS, EMERGENCY_CLASS, OUT_OF_SCOPE, LanguagePack
from ivr.ports import Understander, Understanding
from ivr.understanding.examples import normal
from ivr.understanding.labelled import LabelledSentence, LabelledSet
from ivr.understanding.training import Example, train
from ivr.understanding.words import utterance_in

DANGER, TOPIC = "danger", "topic"  # what a caller may be asked
NORMAL_95 = 1.96  # standard deviations to either side


@dataclass(frozen=True)
class Prediction:
    """What a caller would notice of an understanding."""

    topic: str
    place: str | None = None
    confidence: float = 0.0
    asked: str | None = None
    either: tuple[str, ...] = ()  # topics named in the question


@dataclass(frozen=True)
class WrongPrediction:
    text: str
    expected: str
    got: str
    confidence: float
    asked: str | None = None
    either: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figures:
    """Shares are 0..1, each with its 95 % interval (Wilson); None where the lines hold nothing to judge by."""

    lines: int
    author: str
    about: str
    in_scope_accuracy: float | None  # right at once
    right_after_question: float | None  # … or after one question
    asked_topic: float | None
    out_of_scope_recall: float | None
    out_of_scope_refused_or_asked: float | None
    emergency_recall: float | None  # at once
    emergency_heard_or_asked: float | None
    false_emergencies: int
    false_emergency: float | None  # of ordinary sentences
    false_near_miss: float | None  # of those that only sound like one
    asked_danger: float | None  # of ordinary sentences, near misses included
    place_accuracy: float | None
    intervals: Mapping[str, tuple[float, float]]
    predict_ms_p50: float
    train_seconds: float
    thresholds: Mapping[str, float]
    wrong: tuple[WrongPrediction, ...] = ()
    wrong_places: tuple[WrongPrediction, ...] = field(default=())


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        return round(self.hits / self.of, 4) if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval: E. B. Wilson, 1927."""
        z2, share = NORMAL_95**2, self.hits / self.of
        middle = (share + z2 / (2 * self.of)) / (1 + z2 / self.of)
        half = NORMAL_95 / (1 + z2 / self.of) * math.sqrt(share * (1 - share) / self.of + z2 / (4 * self.of**2))
        return round(max(0.0, middle - half), 3), round(min(1.0, middle + half), 3)


def prediction_of(understanding: Understanding) -> Prediction:
    """What a caller would notice: emergency, then a question about danger, then acts, then the topic."""
    place = understanding.place.id if understanding.place else None
    if understanding.emergency:
        return Prediction(EMERGENCY_CLASS, place, 1.0)
    either = understanding.either or ()
    asked = DANGER if understanding.danger else TOPIC if either else None
    if understanding.act in ACTS:
        return Prediction(str(understanding.act), place, 1.0, DANGER if understanding.danger else None)
    return Prediction(understanding.intent.topic, place, understanding.intent.confidence, asked, either)


def measure_line(
    understander: Understander,
    tested: LabelledSet,
    language: str,
    train_seconds: float,
    thresholds: Mapping[str, float] | None = None,
) -> Figures:
    """The line's own understanding, emergency rule and acts included."""
    return _figures(
        tested, lambda text: prediction_of(understander.understand(text, language)), train_seconds, thresholds or {}
    )


def measure_training(training: Sequence[LabelledSentence], tested: LabelledSet, pack: LanguagePack) -> Figures:
    """A classifier trained on one file and tried on another; nothing but the classifier is measured."""
    began = time.perf_counter()
    classifier = train([Example(_normal(line.text, pack), line.topic) for line in training])
    seconds = time.perf_counter() - began

    def answer(text: str) -> Prediction:
        weighed = classifier.weigh(_normal(text, pack))
        if weighed.danger >= classifier.thresholds.danger:
            return Prediction(EMERGENCY_CLASS, None, weighed.danger)
        topic = weighed.act or weighed.intent.topic
        return Prediction(
            topic, None, weighed.intent.confidence, TOPIC if weighed.either else None, weighed.either or ()
        )

    return _figures(tested, answer, seconds, vars(classifier.thresholds))


def _normal(text: str, pack: LanguagePack) -> tuple[str, ...]:
    return normal(utterance_in(pack, text).words, pack)


Pair = tuple[LabelledSentence, Prediction]


def _figures(
    tested: LabelledSet, answer: Callable[[str], Prediction], train_seconds: float, thresholds: Mapping[str, float]
) -> Figures:
    answers, spent_ms = [], []
    for line in tested.lines:
        began = time.perf_counter()
        answers.append(answer(line.text))
        spent_ms.append((time.perf_counter() - began) * 1000)
    pairs = list(zip(tested.lines, answers, strict=True))
    shares = _shares(pairs)
    placed = [(a, b) for a, b in pairs if a.place]
    return Figures(
        lines=len(pairs),
        author=tested.author,
        about=tested.about,
        **{name: share.value for name, share in shares.items()},
        false_emergencies=sum(a.topic != EMERGENCY_CLASS == b.topic for a, b in pairs),
        intervals={name: share.interval for name, share in shares.items() if share.of},
        predict_ms_p50=round(statistics.median(spent_ms), 3) if spent_ms else 0.0,
        train_seconds=round(train_seconds, 2),
        thresholds=thresholds,
        wrong=tuple(_wrong(a, b) for a, b in pairs if a.topic != b.topic),
        wrong_places=tuple(
            WrongPrediction(a.text, str(a.place), str(b.place), 0.0) for a, b in placed if a.place != b.place
        ),
    )


def _shares(pairs: Sequence[Pair]) -> dict[str, Share]:
    inside = [pair for pair in pairs if pair[0].topic not in (OUT_OF_SCOPE, EMERGENCY_CLASS)]
    outside = [pair for pair in pairs if pair[0].topic == OUT_OF_SCOPE]
    real = [pair for pair in pairs if pair[0].topic == EMERGENCY_CLASS]
    ordinary = [pair for pair in pairs if pair[0].topic != EMERGENCY_CLASS]
    near = [pair for pair in ordinary if pair[0].near]
    return {
        "in_scope_accuracy": _share(inside, _right),
        "right_after_question": _share(inside, _right_after_question),
        "asked_topic": _share(inside, lambda line, got: got.asked == TOPIC),
        "out_of_scope_recall": _share(outside, _right),
        "out_of_scope_refused_or_asked": _share(outside, lambda line, got: got.asked is not None or _right(line, got)),
        "emergency_recall": _share(real, _right),
        "emergency_heard_or_asked": _share(real, lambda line, got: got.asked == DANGER or _right(line, got)),
        "false_emergency": _share([pair for pair in ordinary if not pair[0].near], _is_emergency),
        "false_near_miss": _share(near, _is_emergency),
        "asked_danger": _share(ordinary, lambda line, got: got.asked == DANGER),
        "place_accuracy": _share([pair for pair in pairs if pair[0].place], lambda line, got: line.place == got.place),
    }


def _share(pairs: Sequence[Pair], holds: Callable[[LabelledSentence, Prediction], bool]) -> Share:
    return Share(sum(holds(line, got) for line, got in pairs), len(pairs))


def _right(line: LabelledSentence, got: Prediction) -> bool:
    """At once: whoever is asked about danger first is not."""
    return line.topic == got.topic and got.asked is None


def _right_after_question(line: LabelledSentence, got: Prediction) -> bool:
    return line.topic == got.topic or (got.asked == TOPIC and line.topic in got.either)


def _is_emergency(line: LabelledSentence, got: Prediction) -> bool:
    return got.topic == EMERGENCY_CLASS


def _wrong(line: LabelledSentence, got: Prediction) -> WrongPrediction:
    return WrongPrediction(line.text, line.topic, got.topic, got.confidence, got.asked, got.either)
