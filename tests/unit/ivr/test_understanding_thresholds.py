"""What likelihood is enough for what: thresholds follow from held-out examples and stated prices."""

import numpy as np
import pytest

from ivr.understanding.measure import Share
from ivr.understanding.thresholds import Prices, Thresholds, choose

CLASSES = ("drains", "emergency", "oos", "printing")


def held_out(rows: list[tuple[str, tuple[float, float, float, float], bool]], prices: Prices) -> Thresholds:
    labels = np.array([CLASSES.index(label) for label, _, _ in rows], np.int64)
    sure = np.array([shares for _, shares, _ in rows], np.float32)
    return choose(sure, labels, CLASSES, np.array([fired for _, _, fired in rows], np.bool_), prices)


PLAIN = [("drains", (0.97, 0.001, 0.019, 0.01), False)] * 40 + [("printing", (0.01, 0.001, 0.019, 0.97), False)] * 40
FOREIGN = [("oos", (0.4, 0.001, 0.499, 0.1), False)] * 20
UNSURE = [("drains", (0.38, 0.001, 0.319, 0.3), False)] * 4 + [("printing", (0.36, 0.001, 0.309, 0.33), False)] * 4
CALLS = [("emergency", (0.1, 0.85, 0.04, 0.01), False)] * 10 + [("emergency", (0.4, 0.2, 0.2, 0.2), False)] * 5


def test_what_is_unsure_between_two_is_asked() -> None:
    chosen = held_out([*PLAIN, *FOREIGN, *UNSURE], Prices())
    assert chosen.topic >= 0.38
    assert chosen.either <= 0.68


def test_dearer_mistakes_make_the_line_more_careful() -> None:
    rows = [*PLAIN, *FOREIGN, *UNSURE]
    assert held_out(rows, Prices(wrong=0.1)).topic <= held_out(rows, Prices(wrong=10)).topic


def test_an_emergency_between_is_asked_about_and_not_missed() -> None:
    chosen = held_out([*PLAIN, *CALLS], Prices())
    assert chosen.ask <= 0.2 < chosen.danger <= 0.85


def test_no_more_callers_are_asked_than_is_said() -> None:
    worrying = [("drains", (0.7, 0.06, 0.2, 0.04), False)] * 30
    faint = [("emergency", (0.5, 0.06, 0.4, 0.04), False)] * 10
    assert held_out([*PLAIN, *worrying, *faint, *CALLS], Prices(most_asked=0.06)).ask > 0.06
    assert held_out([*PLAIN, *worrying, *faint, *CALLS], Prices(most_asked=0.5)).ask <= 0.06


def test_what_the_rule_found_and_hardly_anything_else_is_doubted() -> None:
    named = [("printing", (0.01, 0.015, 0.015, 0.96), True)] * 3
    real = [("emergency", (0.02, 0.9, 0.07, 0.01), True)] * 10
    assert held_out([*PLAIN, *CALLS, *named, *real], Prices()).doubt > 0.015


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(9, 10, 0.596, 0.982), (0, 20, 0.0, 0.161), (20, 20, 0.839, 1.0)]
)
def test_intervals_are_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=0.001)
