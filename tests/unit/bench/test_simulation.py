"""The simulated line, by the policy of production, comes to what Erlang's formulas say where these hold."""

import pytest

from config.documents import WaitingRules
from tests.bench.erlang import erlang_a, erlang_c
from tests.bench.simulated_line import Scenario, SimulatedLine
from tests.bench.simulation import HANDLING_S, WITHIN_S, exponential, hospital, of_hospital, of_steady, steady


def test_erlang_c_is_what_published_tables_say() -> None:
    """Of 10 agents at 8 erlangs 40.92 % wait; 2 at 1 erlang: a third (e.g. Gross and Harris, Fundamentals)."""
    assert erlang_c(8 / 180, 180, 10, 20).waits == pytest.approx(0.4092, abs=0.0001)
    assert erlang_c(1 / 180, 180, 2, 20).waits == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="without end"):
        erlang_c(1, 180, 10, 20)


def test_erlang_a_becomes_erlang_c_where_nobody_gives_up() -> None:
    patient, endless = erlang_a(8 / 180, 180, 10, 1e9), erlang_c(8 / 180, 180, 10, 20)
    assert patient.waits == pytest.approx(endless.waits, abs=0.001)
    assert patient.mean_wait_s == pytest.approx(endless.mean_wait_s, rel=0.001)
    assert patient.gives_up == pytest.approx(0, abs=0.001)


def test_a_steady_line_is_as_erlang_says() -> None:
    an_hour, agents = 4 * 3_600 / HANDLING_S * 0.6, 4
    seen = of_steady(SimulatedLine(steady(an_hour, agents, 300, None, seed=4)).run())
    formula = erlang_c(an_hour / 3_600, HANDLING_S, agents, WITHIN_S)
    assert formula.within is not None
    assert seen.within == pytest.approx(formula.within, abs=0.02)
    assert seen.waits == pytest.approx(formula.waits, abs=0.02)


def test_a_line_of_impatient_callers_is_as_palm_says() -> None:
    seen = of_steady(SimulatedLine(steady(80, 4, 80, 300, seed=3)).run())
    assert seen.gives_up == pytest.approx(erlang_a(80 / 3_600, HANDLING_S, 4, 300).gives_up, abs=0.02)


def test_never_more_callbacks_ring_than_agents_were_free_for_them() -> None:
    rules = WaitingRules(offer_callback_after_s=5)
    busy = Scenario(
        lambda hour: 120 if hour < 3 else 0, lambda hour: {"dispatch": 4}, 6, exponential(HANDLING_S),
        patience_s=exponential(600), takes_callback=0.8, takes_phone=0.5, rules=rules,
    )  # fmt: skip
    line = SimulatedLine(busy)
    contacts = line.run()
    owed = [each for each in contacts if each.callback_s is not None]
    assert line.most_beyond_free <= 0
    assert 1 < line.most_ringing <= 4
    assert len(owed) > 50
    assert not line.waiting, "everybody has an end"
    assert all(each.answered_s is not None or each.attempts == 3 for each in owed)


def test_a_day_of_the_hospital_is_the_same_from_the_same_seed() -> None:
    told = of_hospital(hospital(400, 24, seed=5))
    assert told == of_hospital(hospital(400, 24, seed=5))
    assert told["by_urgency"]["critical"]["given_up"] <= told["by_urgency"]["low"]["given_up"]
    assert told["nobody_left"]
