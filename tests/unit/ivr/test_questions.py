"""What the line asks where words alone do not tell: is somebody in danger, is it about this or that."""

import json

import pytest

from ivr.actions import Ask, Heard, Pressed, Resumed, Silence, Summon
from ivr.interpreter import advance
from ivr.phases import DangerAsked, Phase
from ivr.script import EMERGENCY_STEP, Script
from ivr.state import State
from tests.unit.ivr.site import CALLER, GivenUnderstander, begin, edition, play, script

ODD = "he looks odd by the drain"
RULE = "the arrest phone"  # the rule heard an emergency's words, and hardly anything else is one


def heard(text: str) -> Heard:
    return Heard(GivenUnderstander().understand(text, "en"))


# --- danger --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    ["yes", "key 9", "key 1", "silence", "noise", "fire", "mumble", ODD, "deaf", "he lies by the drain",
     "no, he can not talk"],
)  # fmt: skip
@pytest.mark.parametrize("said", [ODD, RULE])
def test_anything_but_a_no_is_a_yes(said: str, answer: str) -> None:
    call = play(said, answer)
    assert call.steps()[:2] == ["ask welcome", "ask danger"]
    assert call.steps()[2] == "summon"


@pytest.mark.parametrize("answer", ["bill", "a person please"])
def test_what_the_rule_heard_is_taken_back_by_a_no_alone(answer: str) -> None:
    assert play(RULE, answer).steps()[1:3] == ["ask danger", "summon"]


def test_a_no_may_say_what_it_is_instead() -> None:
    assert play(RULE, "no, just the drain", "silence").steps()[1:3] == ["ask danger", "ask which_place"]


def test_where_2_is_the_emergency_key_it_is_no_no() -> None:
    documents = edition()
    emergency = documents.site.emergency.model_copy(update={"key": "2"})
    site = documents.site.model_copy(update={"emergency": emergency})
    line = Script(script().flow, documents.model_copy(update={"site": site}))
    _, action = advance(line, at_the_question(), Pressed("2"))
    assert isinstance(action, Summon)


def without_the_questions() -> Script:
    """Documents of before there were any."""
    documents = edition()
    said = {key: text for key, text in documents.prompts["en"].items() if key not in ("danger", "either")}
    return Script(script().flow, documents.model_copy(update={"prompts": {"en": said}}))


def test_where_documents_have_no_question_the_rule_decides_and_nothing_is_asked() -> None:
    line = without_the_questions()
    welcomed, _ = advance(line, begin(**CALLER), Resumed())
    assert isinstance(advance(line, welcomed, heard(RULE))[1], Summon)
    state, action = advance(line, welcomed, heard(ODD))
    assert state.facts.topic == "plumbing"
    assert not isinstance(action, Summon)
    _, action = advance(line, welcomed, heard("paper or water"))
    assert isinstance(action, Ask)
    assert action.prompt[0].key == "tell_me_again"


@pytest.mark.parametrize("answer", ["no", "key 2"])
@pytest.mark.parametrize("said", [ODD, RULE])
def test_after_a_no_the_call_goes_on_with_what_was_said(said: str, answer: str) -> None:
    call = play(said, answer, "silence")
    assert call.steps()[1:4] == ["ask danger", "ask understood_place", "matters"]
    assert (call.state.facts.topic, call.state.facts.place) == ("plumbing", "ward-4")
    assert call.state.facts.words == said


def test_an_answer_about_something_else_goes_on_with_both() -> None:
    call = play(ODD, "bill", "silence")
    assert "summon" not in call.steps()
    assert call.state.facts.topic == "billing"
    assert call.state.facts.words == f"{ODD} / bill"


def test_a_person_can_be_had_there_too_and_is_told_what_was_said() -> None:
    call = play(ODD, "key 0")
    assert "summon" not in call.steps()
    assert call.state.facts.words == ODD
    assert call.ending == "talked"


def test_the_emergency_tells_what_made_it_one_and_what_it_is_about() -> None:
    state = State.from_json(json.loads(json.dumps(at_the_question().to_json())))
    state, action = advance(script(), state, Silence())
    assert state.step == EMERGENCY_STEP
    assert isinstance(action, Summon)
    assert (action.facts.emergency, action.facts.place, action.facts.words) == ("odd", "ward-4", ODD)


def at_the_question() -> State:
    welcomed, _ = advance(script(), begin(**CALLER), Resumed())
    asked, action = advance(script(), welcomed, heard(ODD))
    assert isinstance(action, Ask)
    assert action.prompt[0].key == "danger"
    return asked


def test_the_question_survives_a_resumption_and_a_repeat() -> None:
    loaded = State.from_json(json.loads(json.dumps(at_the_question().to_json())))
    assert isinstance(loaded.phase, DangerAsked)
    for outcome in (Resumed(), Pressed("*")):
        again, action = advance(script(), loaded, outcome)
        assert isinstance(action, Ask)
        assert action.prompt[-1].key == "danger"
        assert again.phase == loaded.phase


def test_asked_at_any_step_and_back_to_it() -> None:
    call = play("drain", ODD, "no", "silence")
    assert call.steps()[1:4] == ["ask which_place", "ask danger", "ask understood_place"]


def on_hold() -> State:
    return begin(**CALLER).at(Phase.HOLD)


def test_while_music_plays_nobody_is_asked() -> None:
    """What a rule heard is an emergency there, what only sounded like one is nothing."""
    waiting = State.from_json({**on_hold().to_json(), "step": "queue"})
    summoned, action = advance(script(), waiting, heard(RULE))
    assert isinstance(action, Summon)
    assert summoned.step == EMERGENCY_STEP
    _, action = advance(script(), waiting, heard(ODD))
    assert not isinstance(action, Summon)
    assert not (isinstance(action, Ask) and action.prompt[0].key == "danger")


# --- this or that --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "topic"),
    [("key 1", "printer"), ("key 2", "plumbing"), ("one", "printer"), ("drain", "plumbing"), ("bill", "billing"),
     ("something with ink", "printer")],
)  # fmt: skip
def test_of_two_topics_the_caller_chooses(answer: str, topic: str) -> None:
    call = play("paper or water", answer, "silence")
    assert call.steps()[1] == "ask either"
    assert call.state.facts.topic == topic
    assert call.state.facts.place == "ward-4"  # said with the first words


def test_what_chooses_neither_is_asked_again_in_other_words() -> None:
    for answer in ("well", "no", "silence", "mumble"):
        assert play("paper or water", answer, "drain", "silence").steps()[1:3] == ["ask either", "ask tell_me_again"]


def test_both_topics_are_named_in_the_question() -> None:
    _, action = advance(script(), advance(script(), begin(), Resumed())[0], heard("paper or water"))
    assert isinstance(action, Ask)
    assert action.prompt[0].variables == {"topic": "printer", "other": "plumbing"}
    assert action.keys_do


def test_who_speaks_and_is_not_understood_twice_reaches_a_person() -> None:
    call = play("mumble", "mumble")
    assert call.steps()[:2] == ["ask welcome", "ask tell_me_again"]
    assert "ask menu_main" not in call.steps()
    assert call.ending == "talked"
