"""A message is thanked for when it is kept, and keys lead away from it."""

import pytest

from ivr.actions import EnterQueue, MessageTaken, Speak, Spoken
from ivr.interpreter import advance
from ivr.phases import Phase
from ivr.script import ticket_line
from ivr.state import State
from tests.unit.ivr.site import play, script


def test_a_message_is_thanked_for_only_when_it_was_kept() -> None:
    def message(*caller: str) -> list[str]:
        return play(*caller, start="message").steps()

    assert message("it drips")[1:] == [
        "say leave_message",
        "message",
        "say message_thanks",
        "say goodbye",
        "hangup served",
    ]
    assert message("silence", "it drips")[3:5] == ["say leave_message_again", "message"]
    assert "say message_thanks" in message("silence", "it drips")
    assert message()[-3:] == ["say message_none", "say goodbye", "hangup served"]
    assert "say message_thanks" not in message()


def test_whose_message_was_lost_is_told_so_and_led_to_a_person() -> None:
    talk = script()
    recording = State("main", step="message", phase=Phase.RECORD, ticket="t1", ticket_number="7")
    state, said = advance(talk, recording, MessageTaken(False, lost=True))
    assert said == Speak((ticket_line(state, "message_lost"),))
    state, then = advance(talk, state, Spoken())
    assert (state.step, type(then)) == ("person", EnterQueue)


@pytest.mark.parametrize("prefix", ["! ", ""])
def test_keys_lead_away_from_a_message_and_from_its_prompt(prefix: str) -> None:
    assert play(f"{prefix}key 0", start="message").ending == "talked"
    assert "summon" in play(f"{prefix}key 9", start="message").steps()
    again = (
        ["say leave_message", "say leave_message"] if prefix else ["say leave_message", "message", "say leave_message"]
    )
    call = play(f"{prefix}key *", "it drips", start="message")
    assert call.steps()[1 : len(again) + 1] == again
    assert call.steps()[-4:] == ["message", "say message_thanks", "say goodbye", "hangup served"]


def test_an_emergency_said_instead_of_a_message_is_one() -> None:
    assert "summon" in play("! fire", start="message").steps()


def test_an_emergency_said_into_a_message_is_one() -> None:
    assert play("fire", start="message").steps()[1:4] == ["say leave_message", "message", "summon"]


def test_words_and_other_keys_before_the_tone_begin_the_message() -> None:
    assert play("! key 5", "it drips", start="message").steps()[1:4] == [
        "say leave_message",
        "message",
        "say message_thanks",
    ]
