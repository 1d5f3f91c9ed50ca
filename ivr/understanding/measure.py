"""How well sentences are understood: figures over labelled lines, and the wrong ones by name."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.documents import OUT_OF_SCOPE, LanguagePack
from ivr.ports import Understander, Understanding
from ivr.understanding.classifier import EMERGENCY_CLASS
from ivr.understanding.training import Example, train
from ivr.understanding.understander import normal
from ivr.understanding.words import utterance_in

LIKELY = 0.5  # where a training file names emergencies: more probable than not
ACTS = ("person", "status")  # acts that a test line may expect in the place of a topic


class BadLine(ValueError):
    """A line of a sentence file is not an object with `text` and `topic`."""


@dataclass(frozen=True)
class LabelledSentence:
    text: str
    topic: str  # a topic, `oos`, `emergency`, or an act
    place: str | None = None  # the id of the place said, where the file tells


@dataclass(frozen=True)
class Prediction:
    topic: str
    place: str | None = None
    confidence: float = 0.0


@dataclass(frozen=True)
class WrongPrediction:
    text: str
    expected: str
    got: str
    confidence: float


@dataclass(frozen=True)
class Figures:
    """Shares are 0..1; None where the lines hold nothing to judge by."""

    lines: int
    in_scope_accuracy: float | None
    out_of_scope_recall: float | None
    predict_ms_p50: float
    train_seconds: float
    emergency_recall: float | None = None
    false_emergencies: int = 0
    place_accuracy: float | None = None
    wrong: tuple[WrongPrediction, ...] = ()
    wrong_places: tuple[WrongPrediction, ...] = field(default=())


def read_lines(path: Path) -> list[LabelledSentence]:
    """Raises: BadLine, OSError."""
    lines = []
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if row.strip():
            lines.append(_line(row, f"{path}:{number}"))
    return lines


def _line(row: str, where: str) -> LabelledSentence:
    try:
        value = json.loads(row)
        return LabelledSentence(str(value["text"]), str(value["topic"]), value.get("place") or None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadLine(f"{where}: not an object with text and topic") from error


def prediction_of(understanding: Understanding) -> Prediction:
    """What a caller would notice of an understanding: emergency, then acts, then the topic."""
    place = understanding.place.id if understanding.place else None
    if understanding.emergency:
        return Prediction(EMERGENCY_CLASS, place, 1.0)
    if understanding.act in ACTS:
        return Prediction(str(understanding.act), place, 1.0)
    return Prediction(understanding.intent.topic, place, understanding.intent.confidence)


def measure_line(
    understander: Understander, lines: Sequence[LabelledSentence], language: str, train_seconds: float
) -> Figures:
    """The line's own understanding, emergency rule and acts included."""
    return _figures(lines, lambda text: prediction_of(understander.understand(text, language)), train_seconds)


def measure_training(
    training: Sequence[LabelledSentence], lines: Sequence[LabelledSentence], pack: LanguagePack
) -> Figures:
    """A classifier trained on one file and tried on another; nothing but the classifier is measured."""
    began = time.perf_counter()
    classifier = train([Example(_normal(line.text, pack), line.topic) for line in training])
    seconds = time.perf_counter() - began

    def answer(text: str) -> Prediction:
        weighed = classifier.weigh(_normal(text, pack))
        if weighed.danger >= LIKELY:
            return Prediction(EMERGENCY_CLASS, None, weighed.danger)
        return Prediction(weighed.intent.topic, None, weighed.intent.confidence)

    return _figures(lines, answer, seconds)


def _normal(text: str, pack: LanguagePack) -> tuple[str, ...]:
    return normal(utterance_in(pack, text).words, pack)


def _figures(lines: Sequence[LabelledSentence], answer: Callable[[str], Prediction], train_seconds: float) -> Figures:
    answers, spent_ms = [], []
    for line in lines:
        began = time.perf_counter()
        answers.append(answer(line.text))
        spent_ms.append((time.perf_counter() - began) * 1000)
    pairs = list(zip(lines, answers, strict=True))
    inside = [(a, b) for a, b in pairs if a.topic not in (OUT_OF_SCOPE, EMERGENCY_CLASS)]
    placed = [(a, b) for a, b in pairs if a.place]
    return Figures(
        lines=len(lines),
        in_scope_accuracy=_share(inside),
        out_of_scope_recall=_share([(a, b) for a, b in pairs if a.topic == OUT_OF_SCOPE]),
        emergency_recall=_share([(a, b) for a, b in pairs if a.topic == EMERGENCY_CLASS]),
        false_emergencies=sum(a.topic != EMERGENCY_CLASS == b.topic for a, b in pairs),
        place_accuracy=round(sum(a.place == b.place for a, b in placed) / len(placed), 4) if placed else None,
        predict_ms_p50=round(statistics.median(spent_ms), 3) if spent_ms else 0.0,
        train_seconds=round(train_seconds, 2),
        wrong=tuple(WrongPrediction(a.text, a.topic, b.topic, b.confidence) for a, b in pairs if a.topic != b.topic),
        wrong_places=tuple(
            WrongPrediction(a.text, str(a.place), str(b.place), 0.0) for a, b in placed if a.place != b.place
        ),
    )


def _share(pairs: Sequence[tuple[LabelledSentence, Prediction]]) -> float | None:
    return round(sum(line.topic == answer.topic for line, answer in pairs) / len(pairs), 4) if pairs else None
