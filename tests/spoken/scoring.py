"""What counts as understood: figures of one speaker over the spoken set, and the wrong ones by name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ivr.ports import Understanding
from ivr.understanding.classifier import EMERGENCY_CLASS
from ivr.understanding.measure import prediction_of
from tests.spoken.render import Sentence

OUT_OF_SCOPE = "oos"


@dataclass(frozen=True)
class Heard:
    """What the recogniser wrote for a sentence."""

    text: str
    confidence: float


@dataclass(frozen=True)
class Outcome:
    sentence: Sentence
    heard: Heard
    topic: str  # as a caller would notice it: emergency, then an act, then the topic
    place: str | None


@dataclass(frozen=True)
class Wrong:
    id: str
    said: str
    heard: str
    expected: str
    got: str


@dataclass(frozen=True)
class Score:
    """Shares are 0..1. `false_emergencies` counts near misses; `elsewhere` everything else that is none."""

    topic_accuracy: float
    place_accuracy: float
    emergencies_missed: int
    false_emergencies: int
    false_emergencies_elsewhere: int
    not_forced: float  # of what is out of scope
    near_miss_topic_accuracy: float
    wrong: tuple[Wrong, ...] = field(default=())

    def reached(self) -> dict[str, bool]:
        """The targets, one by one."""
        return {
            "topic": self.topic_accuracy >= 0.90,
            "place": self.place_accuracy >= 0.85,
            "no emergency missed": self.emergencies_missed == 0,
            "at most one false emergency": self.false_emergencies + self.false_emergencies_elsewhere <= 1,
            "out of scope not forced": self.not_forced >= 0.80,
        }


def outcome(sentence: Sentence, heard: Heard, understanding: Understanding) -> Outcome:
    answer = prediction_of(understanding)
    return Outcome(sentence, heard, answer.topic, answer.place)


def score(outcomes: Sequence[Outcome]) -> Score:
    plain = [each for each in outcomes if _is_plain(each.sentence)]
    misses = [each for each in outcomes if each.sentence.near_miss]
    outside = [each for each in outcomes if each.sentence.topic == OUT_OF_SCOPE]
    return Score(
        topic_accuracy=_share(plain, _right_topic),
        place_accuracy=_share([each for each in outcomes if each.sentence.place], _right_place),
        emergencies_missed=sum(each.sentence.topic == EMERGENCY_CLASS != each.topic for each in outcomes),
        false_emergencies=sum(each.topic == EMERGENCY_CLASS for each in misses),
        false_emergencies_elsewhere=sum(each.topic == EMERGENCY_CLASS for each in (*plain, *outside)),
        not_forced=_share(outside, _right_topic),
        near_miss_topic_accuracy=_share(misses, _right_topic),
        wrong=tuple(_wrong_ones(outcomes)),
    )


def _is_plain(sentence: Sentence) -> bool:
    return not sentence.near_miss and sentence.topic not in (EMERGENCY_CLASS, OUT_OF_SCOPE)


def _right_topic(each: Outcome) -> bool:
    return each.topic == each.sentence.topic


def _right_place(each: Outcome) -> bool:
    return each.place == each.sentence.place


def _share(outcomes: Sequence[Outcome], right: Callable[[Outcome], bool]) -> float:
    return round(sum(map(right, outcomes)) / len(outcomes), 4) if outcomes else 1.0


def _wrong_ones(outcomes: Sequence[Outcome]) -> Iterable[Wrong]:
    for each in outcomes:
        spoken, heard = each.sentence, each.heard.text
        if not _right_topic(each):
            yield Wrong(spoken.id, spoken.text, heard, spoken.topic, each.topic)
        if spoken.place and not _right_place(each):
            yield Wrong(spoken.id, spoken.text, heard, spoken.place, str(each.place))
