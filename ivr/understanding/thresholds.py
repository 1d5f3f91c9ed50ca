"""What likelihood is enough for what: chosen on held-out examples, at stated prices.

A threshold is a choice between mistakes. What each costs is said here once, in questions put to callers: a topic
that is wrong costs as much as three of them, a missed emergency as much as asking thirty callers in vain, and so does
one that is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from config.documents import ACTS, EMERGENCY_CLASS, OUT_OF_SCOPE
from ivr.understanding.features import Floats

Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ACCEPTED_LOSS = 0.01  # where no out-of-scope examples exist: in-scope sentences refused
TOPIC = tuple(np.round(np.arange(0.30, 0.71, 0.02), 2).tolist())
EITHER = tuple(np.round(np.arange(0.30, 0.81, 0.05), 2).tolist())
DANGER = (0.8, 0.9, 0.95)  # below it the caller is asked: a false alarm takes the team away from a real one
ASK = (0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3)
DOUBT = (0.02, 0.05, 0.1)
CHOICES = (TOPIC, EITHER, DANGER, ASK, DOUBT)


@dataclass(frozen=True)
class Thresholds:
    """Likelihoods, 0..1, from which on something is done."""

    topic: float = 0.5  # it is about its likeliest topic …
    either: float = 0.4  # … else about one of the likeliest two, together: the caller is asked
    danger: float = 0.8  # an emergency that no rule foresaw …
    ask: float = 0.05  # … or perhaps one: the caller is asked
    doubt: float = 0.05  # below it the caller is asked about an emergency that the rule found


@dataclass(frozen=True)
class Prices:
    """What an outcome costs, a question put to a caller being 1."""

    wrong: float = 3.0  # a topic that is not meant
    person: float = 2.0  # a person, for what the line could have done
    outside: float = 0.15  # how much a sentence that is not for the line counts beside one that is
    missed: float = 30.0  # an emergency that is neither heard nor asked about
    delayed: float = 1.0  # one that is asked about first: a few seconds
    false: float = 30.0  # an emergency that is none
    most_asked: float = 0.06  # of ordinary callers, about danger


PRICES = Prices()


def choose(sure: Floats, labels: Labels, classes: Sequence[str], fired: Flags, prices: Prices = PRICES) -> Thresholds:
    """By likelihoods, (examples, classes), of examples that were held out; `fired`: the emergency rule spoke."""
    danger, ask, doubt = Thresholds.danger, Thresholds.ask, Thresholds.doubt
    if EMERGENCY_CLASS in classes:
        at = classes.index(EMERGENCY_CLASS)
        danger, ask, doubt = _of_danger(sure[:, at], labels == at, fired, prices)
        sure, labels = without_class(sure, at)[labels != at], labels[labels != at]
    topic, either = _of_topics(sure, labels, classes, prices)
    return Thresholds(topic, either, danger, ask, doubt)


def without_class(sure: Floats, at: int) -> Floats:
    """Probabilities, (..., classes), given that it is not class `at`."""
    rest = sure.copy()
    rest[..., at] = 0.0
    return np.asarray(rest / np.maximum(rest.sum(axis=-1, keepdims=True), 1e-9), np.float32)


def topics_of(classes: Sequence[str]) -> list[int]:
    """Which of the classes are topics."""
    return [i for i, name in enumerate(classes) if name not in (OUT_OF_SCOPE, EMERGENCY_CLASS, *ACTS)]


def _of_danger(danger: Floats, real: Flags, fired: Flags, prices: Prices) -> tuple[float, float, float]:
    def price(chosen: tuple[float, float, float]) -> tuple[bool, float]:
        sure, ask, doubt = chosen
        at_once = np.where(fired, danger >= doubt, danger >= sure)
        asked = ~at_once & (fired | (danger >= ask))
        missed = _share((~at_once & ~asked)[real])
        ordinary = _share(asked[~real])
        cost = (
            prices.missed * missed
            + prices.delayed * _share(asked[real])
            + prices.false * _share(at_once[~real])
            + ordinary
        )
        return ordinary > prices.most_asked, cost

    return min(product(DANGER, ASK, DOUBT), key=price)


def _of_topics(sure: Floats, labels: Labels, classes: Sequence[str], prices: Prices) -> tuple[float, float]:
    scope = topics_of(classes)
    best = sure.argmax(axis=1)
    by_rank = np.array(scope)[np.argsort(-sure[:, scope], axis=1)[:, :2]]
    together = np.take_along_axis(sure, by_rank, axis=1).sum(axis=1)
    among = (by_rank == labels[:, None]).any(axis=1)
    likely = sure.max(axis=1)
    if OUT_OF_SCOPE not in classes:
        right = likely[best == labels]
        return (float(np.quantile(right, ACCEPTED_LOSS)) if right.size else 0.0), Thresholds.either
    outside = labels == classes.index(OUT_OF_SCOPE)
    named = best != classes.index(OUT_OF_SCOPE)

    def price(chosen: tuple[float, float]) -> float:
        taken = named & (likely >= chosen[0])
        asked = ~taken & (together >= chosen[1])
        cost = np.where(
            taken, prices.wrong * (best != labels), np.where(asked, 1.0 + prices.person * ~among, prices.person)
        )
        alien = np.where(taken, prices.wrong, np.where(asked, 1.0, 0.0))
        return _mean(cost[~outside]) + prices.outside * _mean(alien[outside])

    return min(product(TOPIC, EITHER), key=price)


def _share(flags: Flags) -> float:
    return float(flags.mean()) if flags.size else 0.0


def _mean(costs: Floats) -> float:
    return float(costs.mean()) if costs.size else 0.0
