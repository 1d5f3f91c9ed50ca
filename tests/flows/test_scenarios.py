"""Scenario files against the shipped flow, with the shipped understanding: the live interpreter in text."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.documents import Edition, load_edition
from ivr import outcome_json
from ivr.actions import OpenMatter
from ivr.facts import Facts
from ivr.flow import Flow
from ivr.ports import Understander
from ivr.replaying import replay
from ivr.script import Script
from ivr.simulator import Simulation, World, simulate, steps_of
from ivr.state import State
from ivr.validation import problems
from tests.flows.dutch import in_two_languages
from tests.learned import learned, shipped

CONFIG = Path(__file__).parents[2] / "config"
SCENARIOS = yaml.safe_load((Path(__file__).parent / "scenarios.yaml").read_text())
NOW = "2026-12-01T09:00:00+00:00"  # a Tuesday
TIMES = ("2026-12-01T11:00:00+00:00", "2026-12-02T07:00:00+00:00")  # this afternoon, tomorrow morning
CALLER = Facts(caller_number="204", identified=True, callable=True)


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load_edition(CONFIG)


@pytest.fixture(scope="module")
def understander() -> Understander:
    return shipped()


@pytest.fixture(scope="module")
def dutch_too(edition: Edition) -> tuple[Edition, Understander]:
    """The site in two languages, where the flow `languages` is."""
    both = in_two_languages(edition)
    return both, learned(both)


@pytest.mark.parametrize("name", ["main", "callback"])
def test_the_shipped_flows_are_sound(edition: Edition, name: str) -> None:
    assert problems(Flow.model_validate(edition.flows[name]), edition) == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["name"] for scenario in SCENARIOS])
def test_scenario(
    edition: Edition, understander: Understander, request: pytest.FixtureRequest, scenario: dict[str, Any]
) -> None:
    if scenario.get("flow") == "languages":
        edition, understander = request.getfixturevalue("dutch_too")
    script = Script(Flow.model_validate(edition.flows[scenario.get("flow", "main")]), edition)
    world = World(
        scenario.get("staffed", True),
        scenario.get("free", False),
        scenario.get("taken_during", ""),
        open_matters=tuple(OpenMatter(**matter) for matter in scenario.get("open_matters", ())),
        times=TIMES if scenario.get("times") or "owed" in scenario else (),
        now=NOW,
        recalled=Facts.from_json(scenario.get("recalled", {})),
    )
    state = begun(script.flow.id, scenario.get("owed", {}))
    call = simulate(script, understander, state, scenario["caller"], world)
    assert_runs_again(script, state, call)
    if "expect" in scenario:
        assert call.steps() == scenario["expect"]
    assert_in_order(scenario.get("within", []), call.steps())
    assert not set(scenario.get("never", [])) & set(call.steps())
    assert call.state.language == scenario.get("language", "en")
    if "others" in scenario:
        others = [{name: getattr(other.facts, name) for name in wanted} for other, wanted in
                  zip(call.state.others, scenario["others"], strict=True)]  # fmt: skip
        assert others == scenario["others"]
    assert {name: getattr(call.state.facts, name) for name in scenario.get("facts", {})} == scenario.get("facts", {})


def begun(flow: str, owed: Mapping[str, Any]) -> State:
    """A call before its first step; a callback knows its ticket, and who is owed one is known."""
    state = State(flow=flow, facts=replace(CALLER, **owed))
    return replace(state, ticket="ticket-1", ticket_number="4721") if flow == "callback" else state


def assert_in_order(wanted: list[str], steps: list[str]) -> None:
    rest = iter(steps)
    missing = [step for step in wanted if step not in rest]
    assert not missing, f"{missing} not in this order in {steps}"


def assert_runs_again(script: Script, state: State, call: Simulation) -> None:
    """Whatever came of the call's actions leads there again, once it has been stored."""
    stored = json.loads(json.dumps([outcome_json.to_json(outcome) for outcome in call.outcomes]))
    run = replay(script, state, map(outcome_json.from_json, stored))
    assert (run.end, steps_of(run.actions)) == (call.state, call.steps())
