"""The way of a call, decided by a pure function."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.actions import (
    ConfirmCallback,
    Connect,
    HangUp,
    Matter,
    OpenTicket,
    Pressed,
    Resumed,
    Speak,
    StoreCallback,
    Summon,
)
from ivr.interpreter import advance, goto
from ivr.simulator import World
from ivr.state import State
from tests.unit.ivr.site import KNOWN, NOBODY, begin, play, script


def test_a_clear_report_is_said_back_ticketed_promised_and_connected() -> None:
    call = play("drain on ward four", "silence")
    assert call.steps() == [
        "ask welcome", "ask understood_place", "matters", "ticket", "say ticket_opened", "queue", "hold", "connect",
        "hangup talked",
    ]  # fmt: skip
    assert call.state.facts["topic"] == "plumbing"
    assert call.state.facts["place"] == "ward-4"
    assert call.state.ticket_number == "4721"


def test_a_missing_place_is_asked_for_once_then_by_keys() -> None:
    call = play("drain", "silence", "key 04#", "silence")
    assert call.steps()[:4] == ["ask welcome", "ask which_place", "ask place_by_keys", "ask understood_place"]
    assert call.state.facts["place"] == "ward-4"


def test_an_unknown_place_code_is_kept_for_a_person() -> None:
    assert play("drain", "silence", "key 8888").state.facts["place_text"] == "8888"


def test_a_correction_changes_just_that_field() -> None:
    call = play("drain on ward four", "no, ward five", "silence")
    assert (call.state.facts["topic"], call.state.facts["place"]) == ("plumbing", "ward-5")
    assert call.steps()[1:3] == ["ask understood_place", "ask understood_place"]


def test_a_correction_after_the_ticket_is_open_corrects_the_ticket() -> None:
    call = play("drain on ward four", "silence", "! no, ward five")
    assert "correct" in call.steps()
    assert call.state.facts["place"] == "ward-5"
    assert call.ending == "talked"


def test_middling_confidence_asks_yes_or_no_and_low_confidence_guesses_nothing() -> None:
    assert play("maybe printer", "yes", "ward four").steps()[1] == "ask did_you_mean"
    assert play("maybe printer", "key 1", "ward four").state.facts["topic"] == "printer"
    assert play("maybe printer", "no", "drain on ward four").state.facts["topic"] == "plumbing"
    assert play("mumble").steps()[1] == "ask tell_me_again"


def test_silence_gets_one_gentle_retry_then_keys_then_a_person() -> None:
    assert play().steps()[:5] == ["ask welcome", "ask tell_me_again", "ask menu_main", "ask menu_main", "ticket"]
    assert play().ending == "talked"


def test_keys_alone_reach_a_ticket() -> None:
    call = play("key 1", "key 1", "silence", "key 04", "silence")
    assert (call.state.facts["topic"], call.state.facts["place"], call.ending) == ("plumbing", "ward-4", "talked")


def test_deafness_leads_to_keys_within_one_prompt() -> None:
    call = play("deaf", "key 1", "key 1", "key 04")
    assert call.steps()[:4] == ["ask welcome", "ask menu_main", "ask menu_building", "ask place_by_keys"]
    assert all(not getattr(action, "listen", False) for action in call.actions[1:])


@pytest.mark.parametrize(
    "before", [(), ("drain",), ("drain on ward four",), ("silence", "silence"), ("maybe printer",)]
)
@pytest.mark.parametrize("cry", ["fire", "key 9", "key 999"])
def test_an_emergency_goes_before_everything(before: tuple[str, ...], cry: str) -> None:
    call = play(*before, cry)
    assert call.steps()[len(before) + 1 :] == ["summon", "hangup emergency_answered"]
    assert not any(isinstance(action, OpenTicket | StoreCallback) for action in call.actions)


def test_an_emergency_is_rung_again_and_again_and_never_called_back() -> None:
    call = play("fire", world=World(staffed=False, answers=(False, False, False, True)))
    assert call.steps().count("summon") == 4
    assert "callback" not in call.steps()


@pytest.mark.parametrize("wish", ["a person please", "key 0", "key 00"])
@pytest.mark.parametrize("before", [(), ("drain",), ("drain on ward four",), ("silence", "silence")])
def test_a_person_can_be_reached_at_any_moment(before: tuple[str, ...], wish: str) -> None:
    call = play(*before, wish)
    assert call.ending == "talked"
    assert "say ticket_opened" not in call.steps()


@pytest.mark.parametrize(("said", "step"), [("nine", "summon"), ("zero", "ticket"), ("one", "ask menu_building")])
def test_a_number_said_alone_at_a_menu_is_its_key(said: str, step: str) -> None:
    call = play("silence", "silence", said)
    assert call.steps()[3] == step


def test_a_number_in_a_sentence_is_no_key() -> None:
    assert "summon" not in play("silence", "silence", "there are nine of us").steps()


def test_a_correction_by_who_named_no_topic_is_said_back_as_a_wish_for_a_person() -> None:
    call = play("key 0", "no, ward five", world=NOBODY)
    told = next(action for action in call.actions if isinstance(action, Speak))
    assert told.prompt[0].variables == {"topic": "person", "place": "ward-5"}


def test_star_repeats_the_last_sentence() -> None:
    assert play("drain", "key *", "ward four").steps()[1:3] == ["ask which_place", "ask which_place"]


def test_nobody_there_means_a_callback_on_the_number_read_back() -> None:
    call = play("drain on ward four", "silence", "key 1", world=NOBODY)
    assert call.steps()[-5:] == [
        "ask callback_offer", "callback", "say callback_stored", "say goodbye", "hangup served",
    ]  # fmt: skip
    assert StoreCallback("204") in call.actions
    assert call.ending == "served"


def test_a_withheld_number_is_asked_for_by_keys_and_a_refused_one_again() -> None:
    world = World(staffed=False, callable=lambda number: number == "205")
    call = play("drain on ward four", "silence", "key 666#", "key 1", "key 205#", "key 1", world=world, facts={})
    assert [action.number for action in call.actions if isinstance(action, StoreCallback)] == ["666", "205"]
    assert call.ending == "served"


def test_who_keeps_waiting_may_leave_a_message_in_the_end() -> None:
    call = play("drain on ward four", "silence", "key 3", world=NOBODY)
    assert "message" in call.steps()
    assert call.steps()[-1] == "hangup served"


def test_no_answer_keeps_the_caller_waiting_for_the_next() -> None:
    call = play("drain on ward four", world=World(answers=(False, True)))
    assert sum(isinstance(action, Connect) for action in call.actions) == 2
    assert call.ending == "talked"


def test_who_chooses_a_callback_stands_aside_first_and_waits_again_afterwards() -> None:
    steps = play("drain on ward four", "silence", "key 3", world=NOBODY).steps()
    assert steps[steps.index("aside") :][:3] == ["aside", "ask callback_offer", "queue"]


def test_a_callback_goes_on_after_an_accident_without_asking_again() -> None:
    line = script("callback")
    state = replace(begin(), flow="callback", step="there", phase="confirmed", ticket="t1", ticket_number="4721")
    assert advance(line, state, Resumed())[1] == ConfirmCallback()


def test_status_is_told_by_number_and_stage_alone() -> None:
    world = World(open_matters=(Matter("t9", "9001", "accepted"),))
    call = play("my ticket", world=world)
    assert call.steps()[1:3] == ["status", "say status_of"]
    assert set(dict(call.actions[2].prompt[0].variables)) == {"ticket", "stage"}  # type: ignore[union-attr]


def test_a_state_survives_the_database() -> None:
    state = play("drain on ward four").state
    assert State.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_a_resumed_call_repeats_its_question_and_opens_no_second_ticket() -> None:
    call = play("drain", "crash", "ward four", "silence")
    assert call.steps()[:3] == ["ask welcome", "ask which_place", "ask which_place"]
    assert sum(isinstance(action, OpenTicket) for action in call.actions) == 1


def test_an_emergency_resumes_as_one() -> None:
    line = script()
    state, _ = advance(line, begin(), Pressed("9"))
    state, _ = advance(line, goto(line, begin(), "welcome")[0], Pressed("9"))
    _, action = advance(line, state, Resumed())
    assert isinstance(action, Summon)


def test_a_flow_that_runs_in_circles_ends_at_a_person() -> None:
    steps = {
        "a": {"verb": "say", "prompt": "goodbye", "next": "b"},
        "b": {"verb": "say", "prompt": "goodbye", "next": "a"},
        "person": {"verb": "enqueue", "prompt": "position", "position_prompt": "position", "overflow": "a"},
    }
    call = play(start="a", person="person", keys="person", steps=steps, max_steps=10)
    assert call.ending == "talked"


TURNS = st.sampled_from(
    [*KNOWN, "silence", "noise", "deaf", "crash", *(f"key {key}" for key in "0123456789*"), "key 04#"]
)


@settings(max_examples=300, deadline=None)
@given(caller=st.lists(TURNS, max_size=25), staffed=st.booleans(), answers=st.lists(st.booleans(), max_size=3))
def test_every_call_ends_and_no_emergency_is_passed_over(caller: list[str], staffed: bool, answers: list[bool]) -> None:
    call = play(*caller, world=World(staffed=staffed, answers=(*answers, True)))
    assert isinstance(call.actions[-1], HangUp)
    assert call.ending != "dialogue_limit"
    cried = any(getattr(getattr(outcome, "understanding", None), "emergency", None) for outcome in call.outcomes)
    assert not cried or any(isinstance(action, Summon) for action in call.actions)
