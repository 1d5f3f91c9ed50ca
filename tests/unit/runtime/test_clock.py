"""Waiting is measured truly, whatever is done to the machine's clock; all processes of a line measure alike."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.documents import WaitingRules
from routing.model import Agent, AgentState
from routing.policy import page_alive
from runtime.clock import RATE, RENEW_S, Anchor, LineClock, line_time_s, now

HOUR_S = 3_600.0
NOON_S = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


class Machine:
    """A kernel that counts seconds, and a clock on top of it that anybody may set."""

    def __init__(self) -> None:
        self.boottime_s, self.wall_s = 1_000.0, NOON_S

    def passes(self, s: float) -> None:
        self.boottime_s += s
        self.wall_s += s

    def clock(self, folder: Path | None = None) -> LineClock:
        return LineClock(folder / "clock.json" if folder else None, lambda: self.wall_s, lambda: self.boottime_s)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("set_by_s", [HOUR_S, -HOUR_S, 24 * 365 * 50 * HOUR_S])
def test_who_waits_has_waited_as_long_as_it_was(machine: Machine, set_by_s: float) -> None:
    clock = machine.clock()
    since = clock()
    machine.passes(20)
    machine.wall_s += set_by_s
    machine.passes(20)
    assert 38 <= (clock() - since).total_seconds() <= 42


def test_a_page_that_lives_is_not_taken_for_dead(machine: Machine) -> None:
    clock = machine.clock()
    at = clock()
    agent = Agent("a", "anna", "Anna", frozenset(), "agent1", AgentState.AVAILABLE, at, at, page_seen_at=at)
    machine.wall_s += HOUR_S
    machine.passes(5)
    assert page_alive(agent, clock(), WaitingRules(stale_page_s=15))


def test_it_follows_a_clock_that_was_set_slowly_and_to_the_end(machine: Machine) -> None:
    clock = machine.clock()
    machine.wall_s += 60
    for _ in range(100):
        machine.passes(RENEW_S / 2)
        clock()
    assert clock.ahead_s() == pytest.approx(0, abs=0.01)


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(-1e6, 1e6)), max_size=30))
def test_it_never_goes_back_and_never_runs_faster_than_its_rate(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock()
    for passed_s, set_by_s in steps:
        machine.passes(passed_s)
        machine.wall_s += set_by_s
        after = clock()
        assert 0 <= (after - before).total_seconds() <= passed_s * (1 + RATE) + 2 * RENEW_S * RATE + 1e-3
        before = after


def test_a_process_that_starts_after_the_clock_was_set_agrees_with_the_others(machine: Machine, tmp_path: Path) -> None:
    early = machine.clock(tmp_path)
    machine.wall_s += HOUR_S
    machine.passes(10)
    late = machine.clock(tmp_path)
    for _ in range(20):
        assert abs(late() - early()) < timedelta(seconds=0.01)
        machine.passes(11)


def test_another_boot_s_anchor_is_not_used(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "clock.json").write_text('{"boot": "another", "boottime_s": 1.0, "line_s": 5.0}')
    assert machine.clock(tmp_path)().timestamp() == NOON_S


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"boot": 1}', '{"a": 2}'])
def test_an_anchor_that_cannot_be_read_is_made_anew(machine: Machine, tmp_path: Path, text: str) -> None:
    (tmp_path / "clock.json").write_text(text)
    assert machine.clock(tmp_path)().timestamp() == NOON_S


def test_a_folder_that_cannot_be_written_costs_nothing(machine: Machine, tmp_path: Path) -> None:
    clock = machine.clock(tmp_path / "not there")
    machine.passes(2 * RENEW_S)
    assert clock().timestamp() == pytest.approx(NOON_S + 2 * RENEW_S)


def test_without_any_change_it_is_the_machine_s_clock() -> None:
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_at_the_anchor_nothing_has_been_made_up_yet() -> None:
    assert line_time_s(Anchor("", 5, 100), 5, 1e9) == 100


@pytest.mark.parametrize("set_by_s", [HOUR_S, -HOUR_S])
def test_what_asterisk_tells_by_the_machines_clock_is_measured_by_the_lines(machine: Machine, set_by_s: float) -> None:
    clock = machine.clock()
    machine.wall_s += set_by_s
    told, began = datetime.fromtimestamp(machine.wall_s, UTC), clock()
    machine.passes(20)
    assert abs((clock() - clock.of(told)) - timedelta(seconds=20)) < timedelta(seconds=3)
    assert abs(clock.of(told) - began) < timedelta(seconds=3)


def test_a_moment_that_is_still_to_come_is_now(machine: Machine) -> None:
    clock = machine.clock()
    told = datetime.fromtimestamp(machine.wall_s, UTC)
    assert clock.of(told) == told
    assert clock.of(told + timedelta(hours=1)) == told
