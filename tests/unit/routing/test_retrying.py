"""When a number is rung again after what came of the last dialling, and when a person must look."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from config.documents import AgainRule, AttemptResultName, CallbackRules
from routing.model import Attempt, AttemptState
from routing.retrying import MOST_NUMBERS, AttemptResult, again_at, result_of, result_of_call

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
RULES = CallbackRules(
    dial_patterns=("[0-9]+",), attempts=4, spacing_s=300,
    again={"busy": AgainRule(after_s=60), "machine": AgainRule(after_s=1_800, times=2), "declined": AgainRule(times=1)},
)  # fmt: skip
BUSY, MACHINE, DECLINED, WRONG = (
    AttemptResult.BUSY, AttemptResult.MACHINE, AttemptResult.DECLINED, AttemptResult.WRONG_NUMBER
)  # fmt: skip


def attempts(*results: str) -> list[Attempt]:
    """Dialled one after the other; "" is one that was lost."""
    states = {"": AttemptState.LOST, "person": AttemptState.CONFIRMED}
    return [
        Attempt(str(n), "c", n, states.get(result, AttemptState.FAILED), NOW, ending=result)
        for n, result in enumerate(results, 1)
    ]


@pytest.mark.parametrize(
    ("results", "after_s"),
    [
        ([BUSY], 60),
        ([AttemptResult.NO_ANSWER], 300),
        ([MACHINE], 1_800),
        ([BUSY, MACHINE, BUSY], 60),
        ([""], 300),
        (["not reached (3)"], 300),  # of a time without results
        (["person"], 300),  # who hung up before an agent answered
        ([MACHINE, ""], 300),
    ],
)
def test_each_result_has_its_own_wait(results: list[str], after_s: int) -> None:
    assert again_at(attempts(*results), RULES, NOW) == NOW + timedelta(seconds=after_s)


@pytest.mark.parametrize(
    "results",
    [
        [MACHINE, BUSY, MACHINE],
        [DECLINED],
        [BUSY] * 4,
        [BUSY, MACHINE, BUSY, AttemptResult.NO_ANSWER],
        [""] * 4 * MOST_NUMBERS,
    ],
)
def test_a_person_must_look_after_so_many(results: list[str]) -> None:
    assert again_at(attempts(*results), RULES, NOW) is None


def test_nobody_rings_a_wrong_number_twice_unless_a_site_says_so() -> None:
    plain = CallbackRules(dial_patterns=("[0-9]+",))
    assert again_at(attempts(WRONG), plain, NOW) is None
    assert again_at(attempts(WRONG), RULES, NOW) == NOW + timedelta(seconds=300)


def test_the_documents_name_every_result() -> None:
    assert set(get_args(AttemptResultName)) == {result.value for result in AttemptResult}


def test_only_a_failed_attempt_has_a_result() -> None:
    assert [result_of(attempt) for attempt in attempts(BUSY, "", "person", "odd")] == [BUSY, None, None, None]


@pytest.mark.parametrize(
    ("ending", "result"),
    [("wrong_number", WRONG), ("callback_unconfirmed", MACHINE), ("caller_hung_up", MACHINE), (None, MACHINE)],
)
def test_a_phone_that_was_taken_without_the_key_is_a_machine_or_somebody_elses(
    ending: str | None, result: AttemptResult
) -> None:
    assert result_of_call(ending) is result
