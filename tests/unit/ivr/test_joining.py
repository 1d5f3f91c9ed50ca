"""Joining another's report, and corrections of reports: whose ticket changes, and what in it."""

import json
from dataclasses import replace

import pytest

from ivr.actions import CorrectTicket, Done, Heard, JoinTicket, OpenMatter, OpenTicket, Pressed, Resumed, Speak
from ivr.interpreter import advance
from ivr.phases import Phase
from ivr.simulator import World
from ivr.state import State
from tests.unit.ivr.site import CALLER, GivenUnderstander, begin, play, script

JOINABLE = World(open_matters=(OpenMatter("t9", "9001", "accepted"),))


def test_an_open_matter_at_the_place_is_joined_only_on_a_clear_yes() -> None:
    assert "join" in play("drain on ward four", "silence", "yes", world=JOINABLE).steps()
    assert "ticket" in play("drain on ward four", "silence", "silence", world=JOINABLE).steps()


def test_a_correction_after_joining_opens_a_report_of_ones_own() -> None:
    call = play("drain on ward four", "silence", "yes", "! no, ward five", world=JOINABLE)
    assert not any(isinstance(action, CorrectTicket) for action in call.actions)
    (opened,) = [action for action in call.actions if isinstance(action, OpenTicket)]
    assert (opened.facts.topic, opened.facts.place) == ("plumbing", "ward-5")
    told = next(action for action in call.actions if isinstance(action, Speak) and len(action.prompt) == 3)
    assert [line.key for line in told.prompt] == ["understood_place", "own_ticket", "promise_attend"]
    assert (call.state.ticket, call.ending) == ("ticket-1", "talked")


def test_a_second_correction_after_joining_corrects_ones_own_report() -> None:
    call = play("drain on ward four", "silence", "yes", "! no, ward five", "! no, the printer", world=JOINABLE)
    (corrected,) = [action for action in call.actions if isinstance(action, CorrectTicket)]
    assert (corrected.ticket, corrected.facts.topic) == ("ticket-1", "printer")


def test_a_correction_names_just_what_changed() -> None:
    call = play("drain on ward four", "silence", "! no, ward five")
    (corrected,) = [action for action in call.actions if isinstance(action, CorrectTicket)]
    assert corrected.changed == {"place", "words"}


def test_a_correction_cut_short_by_an_accident_is_made_again() -> None:
    line, facts = script(), {"topic": "plumbing", "place": "ward-4"}
    state = replace(begin(**facts), step="ticket", phase=Phase.SAID, ticket="t1", ticket_number="4721")
    heard = Heard(GivenUnderstander().understand("no, ward five", "en"))
    state, correct = advance(line, state, heard)
    state, again = advance(line, State.from_json(json.loads(json.dumps(state.to_json()))), Resumed())
    assert isinstance(correct, CorrectTicket)
    assert again == correct


def test_a_join_cut_short_by_an_accident_is_made_again_and_then_told() -> None:
    line = script()
    asked = begin(**CALLER, topic="plumbing", place="ward-4", join="t9", join_number="9001")
    state, join = advance(line, replace(asked, step="ticket", phase=Phase.JOIN), Pressed("1"))
    state, again = advance(line, state, Resumed())
    assert join == again == JoinTicket("t9")
    state, told = advance(line, state, Done())
    assert isinstance(told, Speak)
    assert [line.key for line in told.prompt] == ["joined"]
    state, told = advance(line, state, Resumed())
    assert isinstance(told, Speak)
    assert [line.key for line in told.prompt] == ["resumed", "joined"]


def test_who_joined_a_report_whose_callback_is_promised_gets_a_ticket_and_a_callback_of_their_own() -> None:
    world = replace(JOINABLE, staffed=False, owed=("t9",))
    call = play("drain on ward four", "silence", "yes", "key 1", world=world)
    told = ["callback", "ticket", "callback", "say callback_stored", "say goodbye", "hangup served"]
    assert call.steps()[-6:] == told
    (opened,) = [action for action in call.actions if isinstance(action, OpenTicket)]
    assert call.state.facts.join is None
    assert (opened.key, call.state.ticket) == ("matter", "ticket-1")


@pytest.mark.parametrize("facts", [{}, {"identified": False}])
def test_matters_of_unknown_numbers_are_never_joined(facts: dict[str, bool]) -> None:
    assert "matters" not in play("drain on ward four", "silence", facts=facts).steps()


def test_patient_matters_are_never_joined() -> None:
    assert "matters" not in play("bill", "silence").steps()
