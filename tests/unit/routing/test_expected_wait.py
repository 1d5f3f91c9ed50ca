"""How long a caller will probably wait, and what of it is told."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.expected_wait import (
    SOON_S,
    STEPS_MIN,
    LastTold,
    LineNow,
    Told,
    ToldError,
    estimates,
    expected_wait_s,
    told_error,
    told_minutes,
    worth_telling,
)
from routing.model import Agent, AgentState
from routing.waits import Handled, ToldWait
from tests.unit.routing.test_policy import NOW, OVERFLOWING, RULES, agent, caller

FIVE_MINUTES = [Handled("technical", 240, 60)] * 5


def busy(id: str, since_s: float, state: AgentState = AgentState.ON_CALL, **changes: object) -> Agent:
    since = NOW - timedelta(seconds=since_s)
    return agent(id, **{"state": state, "state_since": since, "crews": frozenset({"technical"}), **changes})


def line(*agents: Agent, handled: list[Handled] = FIVE_MINUTES) -> LineNow:
    return LineNow(agents, handled, NOW, RULES)


def test_of_one_agent_it_is_what_is_left_and_a_whole_one_for_each_before() -> None:
    assert expected_wait_s(caller(), {}, line(busy("a", 100))) == 200
    assert expected_wait_s(caller(), {"technical": 2}, line(busy("a", 100))) == 800
    work = busy("a", 20, AgentState.AFTER_CALL_WORK)
    assert expected_wait_s(caller(), {}, line(work)) == 40


def test_of_many_agents_each_is_a_share() -> None:
    agents = [busy(id, 100) for id in "abcd"]
    assert expected_wait_s(caller(), {"technical": 4}, line(*agents)) == (200 + 4 * 300) / 4


def test_who_is_free_takes_who_is_next_at_once() -> None:
    assert expected_wait_s(caller(), {}, line(agent("a"), busy("b", 0))) == 0
    assert expected_wait_s(caller(), {"technical": 1}, line(agent("a"), busy("b", 0))) == (150 + 300) / 2


def test_as_time_passes_it_becomes_less() -> None:
    waits = [expected_wait_s(caller(), {"technical": 1}, line(busy("a", since))) for since in range(0, 300, 30)]
    assert waits == sorted((wait for wait in waits if wait), reverse=True)
    assert len(set(waits)) == len(waits)


def test_without_a_basis_there_is_no_estimate() -> None:
    assert expected_wait_s(caller(), {}, line(busy("a", 9), handled=FIVE_MINUTES[:4])) is None
    assert expected_wait_s(caller(), {}, line()) is None
    away = busy("a", 9, AgentState.NOT_READY)
    gone = busy("b", 9, page_seen_at=NOW - timedelta(minutes=5))
    other = busy("c", 9, crews=frozenset({"it"}))
    assert expected_wait_s(caller(), {}, line(away, gone, other)) is None


def test_a_crew_goes_by_its_own_talks_where_there_are_enough() -> None:
    others = [Handled("it", 3_000, 0)] * 20
    assert expected_wait_s(caller(), {}, line(busy("a", 0), handled=[*others, *FIVE_MINUTES])) == 300
    assert expected_wait_s(caller(), {}, line(busy("a", 0), handled=others)) == 3_000


def test_callers_of_other_crews_take_their_share_of_shared_agents() -> None:
    both = busy("a", 0, crews=frozenset({"technical", "it"}))
    theirs = busy("b", 0, crews=frozenset({"it"}))
    assert expected_wait_s(caller(), {"it": 2}, line(both, theirs)) == 300 + 1 * 300
    assert expected_wait_s(caller(), {"dispatch": 9}, line(both, theirs)) == 300


def test_crews_that_take_who_has_overflowed_count_once_they_do() -> None:
    dispatch = busy("d", 0, crews=frozenset({"dispatch"}))
    now = replace(line(busy("a", 0), dispatch), rules=OVERFLOWING)
    assert expected_wait_s(caller(), {}, now) == 300
    assert expected_wait_s(caller(since=NOW - timedelta(minutes=5)), {}, now) == 150


def test_everybody_who_waits_has_an_estimate_behind_those_before() -> None:
    waiting = [caller("late"), caller("early", since=NOW - timedelta(minutes=1))]
    assert estimates(waiting, line(busy("a", 0))) == {"early": 300, "late": 600}


def test_for_times_without_memory_it_is_right_in_the_mean() -> None:
    """Told at a random moment of a busy line of three: the next departures are waited for in a simulation."""
    dice = random.Random(11)
    past = [Handled("technical", dice.expovariate(1 / 180), 0) for _ in range(400)]
    errors = []
    for _ in range(400):
        left = [dice.expovariate(1 / 180) for _ in range(3)]
        for _ in range(4):  # those before, and the caller
            done = left.index(min(left))
            real = left[done]
            left[done] += dice.expovariate(1 / 180)
        now = line(*(busy(id, dice.expovariate(1 / 180)) for id in "abc"), handled=past)
        told = expected_wait_s(caller(), {"technical": 3}, now)
        assert told is not None
        errors.append(told - real)
    assert abs(sum(errors) / len(errors)) < 0.12 * 240


@pytest.mark.parametrize(
    ("wait_s", "minutes"), [(16, 1), (66, 1), (67, 2), (300, 5), (330, 5), (331, 10), (7_200, 120), (9_000, None)]
)
def test_it_is_rounded_up_to_what_people_say(wait_s: float, minutes: int | None) -> None:
    assert told_minutes(wait_s) == minutes


def test_it_is_told_once_then_when_it_is_less_or_has_stood_still() -> None:
    assert worth_telling(300, 20, None) == Told(5)
    assert worth_telling(290, 50, LastTold(5, 20)) is None
    assert worth_telling(180, 50, LastTold(5, 20)) == Told(3)
    assert worth_telling(300, 140, LastTold(5, 20)) == Told(5, longer=True)
    assert worth_telling(600, 50, LastTold(5, 20)) == Told(10, longer=True)
    assert worth_telling(90_000, 20, None) == Told(None)
    assert worth_telling(90_000, 50, LastTold(None, 20)) is None
    assert worth_telling(None, 20, None) is None
    assert worth_telling(SOON_S - 1, 20, None) is None, "never nothing"


@given(st.lists(st.floats(0, 9_000), min_size=1, max_size=40), st.integers(5, 120))
def test_the_same_is_never_told_again_as_if_nothing_had_happened(waits: list[float], every_s: int) -> None:
    last, told = None, []
    for at, wait_s in enumerate(waits):
        said = worth_telling(wait_s, at * every_s, last)
        if said:
            told.append(said)
            last = LastTold(said.minutes, at * every_s)
    assert all(each.minutes is None or each.minutes in STEPS_MIN for each in told)
    for before, after in pairwise(told):
        assert after != before or after.longer


def test_the_error_of_what_was_told() -> None:
    told = [ToldWait("c", NOW, 300, real_s) for real_s in (240, 300, 420)]
    assert told_error(told) == ToldError(3, 2 / 3, 0, 60)
    assert told_error([]) == ToldError(0)
