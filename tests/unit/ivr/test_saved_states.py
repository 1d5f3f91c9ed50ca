"""Calls in progress survive an upgrade: `saved_states.json` holds states as they were saved while facts were text."""

import json
from pathlib import Path
from typing import Any

import pytest

from ivr.actions import (
    Action,
    Ask,
    CorrectTicket,
    Done,
    EnterQueue,
    FindMatters,
    MattersFound,
    OpenTicket,
    Pressed,
    Resumed,
    Spoken,
    TicketOpened,
)
from ivr.facts import Facts, MatterFacts
from ivr.interpreter import advance
from ivr.phases import Phase
from ivr.state import State
from tests.unit.ivr.site import script

SAVED: dict[str, Any] = json.loads((Path(__file__).parent / "saved_states.json").read_text())


def resumed(name: str) -> tuple[State, Action]:
    return advance(script(), State.from_json(SAVED[name]), Resumed())


def test_facts_that_were_text_have_their_types() -> None:
    assert State.from_json(SAVED["on_hold"]).facts == Facts(
        topic="plumbing", confidence=0.93, why=("drain",), place="ward-4", promise="promise_attend",
        promise_by="2026-01-05T12:00:00+00:00", caller_number="204", identified=True, callable=True,
        words="drain on ward four",
    )  # fmt: skip
    assert State.from_json(SAVED["keyed_ahead"]).facts.blind is True


@pytest.mark.parametrize("name", SAVED)
def test_what_is_read_of_an_old_state_is_read_of_its_new_form(name: str) -> None:
    state = State.from_json(SAVED[name])
    assert State.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_the_other_matter_gets_its_ticket() -> None:
    state, action = resumed("opening")
    assert isinstance(action, OpenTicket)
    assert (action.facts.topic, state.others[0].facts) == (
        "plumbing", MatterFacts(topic="printer", confidence=0.9, place="ward-4", key="matter-2"),
    )  # fmt: skip
    opened = TicketOpened("t1", "4721", "promise_attend", "2026-01-05T12:00:00+00:00")
    state, action = advance(script(), state, opened)
    assert action == FindMatters("printer", "ward-4")
    _, action = advance(script(), state, MattersFound())
    assert isinstance(action, OpenTicket)
    assert (action.key, action.facts.topic) == ("matter-2", "printer")


@pytest.mark.parametrize("name", ["overheard", "asked"])
def test_a_correction_that_was_overheard_is_asked_about_and_made(name: str) -> None:
    state, action = resumed(name)
    assert isinstance(action, Ask)
    assert [line.key for line in action.prompt] == ["resumed", "did_you_mean_place"]
    assert action.prompt[-1].variables["place"] == "ward-5"
    _, action = advance(script(), state, Pressed("1"))
    assert isinstance(action, CorrectTicket)
    assert (action.facts.place, action.changed) == ("ward-5", frozenset({"place", "words"}))


def test_a_correction_under_way_is_made_and_the_call_waits_on() -> None:
    state, action = resumed("amending")
    assert isinstance(action, CorrectTicket)
    assert (action.facts.place, action.changed) == ("ward-5", frozenset({"place", "words"}))
    state, _ = advance(script(), state, Done())
    state, action = advance(script(), state, Spoken())
    assert (state.phase, type(action)) == (Phase.QUEUE, EnterQueue)


def test_facts_that_nobody_knows_any_more_are_passed_over() -> None:
    saved = {**SAVED["on_hold"], "mood": "good"}
    saved["facts"] = {**saved["facts"], "mood": "good"}
    assert State.from_json(saved) == State.from_json(SAVED["on_hold"])
