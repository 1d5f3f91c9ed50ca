"""The way of a call, decided by a pure function."""

import json
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivr.actions import (
    AgentFound,
    Ask,
    Barge,
    ConfirmCallback,
    Done,
    EnterQueue,
    FindAgent,
    FindMatters,
    FindStatus,
    HangUp,
    Heard,
    Hold,
    Join,
    MattersFound,
    OpenMatter,
    OpenTicket,
    Outcome,
    Pressed,
    QueueStanding,
    Resumed,
    Silence,
    Speak,
    Spoken,
    Started,
    StoreCallback,
    Summon,
    TicketOpened,
)
from ivr.interpreter import advance, goto
from ivr.phases import Phase
from ivr.simulator import Simulation, World
from ivr.state import State
from tests.unit.ivr.site import CALLER, KNOWN, NOBODY, GivenUnderstander, begin, play, script


def test_a_clear_report_is_said_back_ticketed_promised_and_connected() -> None:
    call = play("drain on ward four", "silence")
    assert call.steps() == [
        "ask welcome", "ask understood_place", "matters", "ticket", "say ticket_opened", "queue", "hold", "connect",
        "hangup talked",
    ]  # fmt: skip
    assert call.state.facts.topic == "plumbing"
    assert call.state.facts.place == "ward-4"
    assert call.state.ticket_number == "4721"


def test_a_missing_place_is_asked_for_once_then_by_keys() -> None:
    call = play("drain", "silence", "key 04#", "silence")
    assert call.steps()[:4] == ["ask welcome", "ask which_place", "ask place_by_keys", "ask understood_place"]
    assert call.state.facts.place == "ward-4"


def test_a_number_that_is_no_place_is_said_back_and_asked_for_again() -> None:
    call = play("drain", "silence", "key 3456", "key 04#", "silence")
    assert call.steps()[2:5] == ["ask place_by_keys", "ask place_unknown", "ask understood_place"]
    assert call.state.facts.place == "ward-4"


def test_what_is_no_place_the_second_time_either_is_among_the_words_and_never_a_place() -> None:
    call = play("drain", "silence", "key 3456", "key 8888", "silence")
    assert (call.state.facts.place, call.state.facts.place_text) == (None, None)
    assert call.state.facts.words.endswith("8888")
    assert "ask understood" in call.steps()


def test_a_correction_changes_just_that_field() -> None:
    call = play("drain on ward four", "no, ward five", "silence")
    assert (call.state.facts.topic, call.state.facts.place) == ("plumbing", "ward-5")
    assert call.steps()[1:3] == ["ask understood_place", "ask understood_place"]


def test_a_correction_after_the_ticket_is_open_corrects_the_ticket() -> None:
    call = play("drain on ward four", "silence", "! no, ward five")
    assert "correct" in call.steps()
    assert call.state.facts.place == "ward-5"
    assert call.ending == "talked"


def test_middling_confidence_asks_yes_or_no_and_low_confidence_guesses_nothing() -> None:
    assert play("maybe printer", "yes", "ward four").steps()[1] == "ask did_you_mean"
    assert play("maybe printer", "key 1", "ward four").state.facts.topic == "printer"
    assert play("maybe printer", "no", "drain on ward four").state.facts.topic == "plumbing"
    assert play("mumble").steps()[1] == "ask tell_me_again"


def test_silence_gets_one_gentle_retry_then_keys_then_a_person() -> None:
    assert play().steps()[:5] == ["ask welcome", "ask tell_me_again", "ask menu_main", "ask menu_main", "ticket"]
    assert play().ending == "talked"


def test_keys_alone_reach_a_ticket() -> None:
    call = play("key 1", "key 1", "silence", "key 04", "silence")
    assert (call.state.facts.topic, call.state.facts.place, call.ending) == ("plumbing", "ward-4", "talked")


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
    assert sum(isinstance(action, Join) for action in call.actions) == 2
    assert call.ending == "talked"


def test_who_chooses_a_callback_stands_aside_first_and_waits_again_afterwards() -> None:
    steps = play("drain on ward four", "silence", "key 3", world=NOBODY).steps()
    assert steps[steps.index("aside") :][:3] == ["aside", "ask callback_offer", "queue"]


def test_a_callback_goes_on_after_an_accident_without_asking_again() -> None:
    line = script("callback")
    state = replace(begin(), flow="callback", step="there", phase=Phase.CONFIRMED, ticket="t1", ticket_number="4721")
    assert advance(line, state, Resumed())[1] == ConfirmCallback()


def test_who_has_shown_that_they_are_there_goes_on_where_no_agent_is_meant_for_them() -> None:
    line = script("callback")
    state = replace(begin(), flow="callback", step="there", phase=Phase.CONFIRMED, ticket="t1", ticket_number="4721")
    assert advance(line, state, Done())[0].step == "queue"


def test_status_is_told_by_number_and_stage_alone() -> None:
    world = World(open_matters=(OpenMatter("t9", "9001", "accepted"),))
    call = play("my ticket", world=world)
    assert call.steps()[1:3] == ["status", "say status_of"]
    assert set(dict(call.actions[2].prompt[0].variables)) == {"ticket", "stage"}  # type: ignore[union-attr]


def test_a_slow_hand_goes_on_with_its_number_while_it_is_said_back() -> None:
    call = play("drain on ward four", "silence", "key 2", "key 206", "more 1#", "key 1", world=NOBODY)
    assert [action.number for action in call.actions if isinstance(action, StoreCallback)] == ["2061"]
    assert call.steps().count("ask callback_offer") == 3


@pytest.mark.parametrize("keys", ["47213#", "0047213#", "47*213"])
def test_a_ticket_number_may_be_keyed_with_zeros_and_separators(keys: str) -> None:
    call = play("my ticket", f"key {keys}", facts={})
    assert FindStatus("47213") in call.actions


@pytest.mark.parametrize("said", ["drain on ward four", "drain on ward four, and the printer"])
def test_a_state_survives_the_database(said: str) -> None:
    state = play(said).state
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
    [
        *KNOWN,
        "silence",
        "noise",
        "deaf",
        "crash",
        *(f"key {key}" for key in "0123456789*"),
        "key 04#",
        "key 3456",
        "more 4#",
    ]
)


@settings(max_examples=300, deadline=None)
@example(caller=["maybe printer", "my ticket"], staffed=False, answers=[])
@given(caller=st.lists(TURNS, max_size=25), staffed=st.booleans(), answers=st.lists(st.booleans(), max_size=3))
def test_every_call_ends_and_no_emergency_is_passed_over(caller: list[str], staffed: bool, answers: list[bool]) -> None:
    call = play(*caller, world=World(staffed=staffed, answers=(*answers, True)))
    assert isinstance(call.actions[-1], HangUp)
    assert call.ending != "dialogue_limit"
    cried = any(getattr(getattr(outcome, "understanding", None), "emergency", None) for outcome in call.outcomes)
    summoned = any(isinstance(action, Summon) for action in call.actions)
    assert summoned or not cried
    matters = [call.state, *(call.state.about(at) for at in range(len(call.state.others)))]
    assert summoned or all(matter.ticket for matter in matters if matter.facts.topic)
    assert len({matter.ticket for matter in matters if matter.ticket}) == sum(bool(each.ticket) for each in matters)


OPEN = ("drain on ward four", "silence")


def heard(words: str) -> Heard:
    return Heard(GivenUnderstander().understand(words, "en"))


def held(*overheard: str) -> Simulation:
    """A call on hold at which something is said, with an agent who is at work but not free."""
    state = begin(**CALLER)
    told = iter(overheard)
    line, outcome = script(), cast("Outcome", Started())
    call = Simulation(state)
    answers: dict[type, Outcome] = {
        OpenTicket: TicketOpened("t1", "4721", "promise_attend", "2026-01-05T12:00:00+00:00"),
        EnterQueue: QueueStanding(1, 0, True), Speak: Spoken(), FindMatters: MattersFound(),
    }  # fmt: skip
    said = iter(OPEN)
    while True:
        call.state, action = advance(line, call.state, outcome)
        call.actions.append(action)
        if isinstance(action, Hold) or (isinstance(action, Ask) and call.state.ticket):
            if (words := next(told, None)) is None:
                return call
            outcome = Pressed(words[4:]) if words.startswith("key") else heard(words)
        elif isinstance(action, Ask):
            words = next(said)
            outcome = Silence() if words == "silence" else heard(words)
        else:
            outcome = answers.get(type(action), Done())


def test_a_correction_overheard_on_hold_is_asked_back_first() -> None:
    call = held("no, ward five")
    assert call.steps()[-3:] == ["hold", "aside", "ask did_you_mean_place"]
    assert call.actions[-1].prompt[-1].variables["place"] == "ward-5"  # type: ignore[union-attr]
    assert call.state.facts.place == "ward-4"


@pytest.mark.parametrize("yes", ["yes", "key 1"])
def test_it_is_made_when_its_caller_says_so(yes: str) -> None:
    call = held("no, ward five", yes)
    assert call.steps()[-4:] == ["correct", "say understood_place", "queue", "hold"]
    assert call.state.facts.place == "ward-5"
    assert call.state.phase is Phase.HOLD


@pytest.mark.parametrize("no", ["no", "key 2", "drain"])
def test_it_is_forgotten_otherwise(no: str) -> None:
    call = held("no, ward five", no)
    assert "correct" not in call.steps()
    assert call.steps()[-2:] == ["queue", "hold"]
    assert call.state.facts.place == "ward-4"
    assert call.state.phase is Phase.HOLD


def test_a_crash_while_asking_back_asks_again() -> None:
    call = held("no, ward five")
    state, action = advance(script(), call.state, Resumed())
    assert isinstance(action, Ask)
    assert [line.key for line in action.prompt] == ["resumed", "did_you_mean_place"]
    assert state.facts.place == "ward-4"


def test_who_speaks_to_the_limit_is_told_that_it_is_the_lines_turn() -> None:
    line = script()
    state, _ = advance(line, begin(**CALLER), Started())
    drain = GivenUnderstander().understand("drain on ward four", "en")
    state, action = advance(line, state, Heard(drain, at_limit=True))
    assert action == FindAgent("technical")
    state, action = advance(line, state, AgentFound(False))
    assert isinstance(action, Ask)
    assert [each.key for each in action.prompt] == ["taking_over", "understood_place"]
    assert action.barge is Barge.KEYS
    assert [key for key, _ in state.said] == ["understood_place"]


def test_who_was_stopped_and_waits_for_a_person_is_not_told_so_much_later() -> None:
    line = script()
    state, _ = advance(line, begin(**CALLER), Started())
    person = replace(KNOWN["a person please"], text="a person please")
    state, action = advance(line, state, Heard(person, at_limit=True))
    opened = TicketOpened("t1", "4721", "promise_attend", "2026-01-05T12:00:00+00:00")
    for outcome in (opened, QueueStanding(1, 0, True)):
        state, action = advance(line, state, outcome)
    assert isinstance(action, Hold)
    assert not state.stopped


def test_a_long_story_that_mentions_an_earlier_call_is_a_report() -> None:
    line = script()
    state, _ = advance(line, begin(**CALLER), Started())
    story = replace(KNOWN["drain on ward four"], act="status", text="word " * 31)
    assert advance(line, state, Heard(story))[0].step == "ring"
    assert advance(line, state, Heard(replace(story, text="my ticket")))[0].step != "ring"


def test_who_asks_for_a_person_keeps_what_they_said() -> None:
    line = script()
    state, _ = advance(line, begin(**CALLER), Started())
    wish = replace(KNOWN["drain on ward four"], act="person", text="a person, the drain on ward four is blocked")
    facts = advance(line, state, Heard(wish))[0].facts
    assert (facts.place, facts.words, facts.topic) == ("ward-4", wish.text, "plumbing")


def test_a_number_within_a_report_is_no_choice_of_the_menu() -> None:
    line = script()
    state, _ = goto(line, begin(**CALLER), "keys")
    report = replace(KNOWN["drain on ward four"], digits="4", text="the drain on ward 4 is blocked")
    assert advance(line, state, Heard(report))[0].facts.topic == "plumbing"
    assert advance(line, state, Heard(replace(KNOWN["one"], text="number one please")))[0].step == "keys_building"
