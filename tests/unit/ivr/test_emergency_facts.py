"""An emergency's ticket says what was understood in the cry for help, and before it in the call."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ivr.actions import Heard, Summon
from ivr.drafting import draft_of
from ivr.facts import Facts
from ivr.interpreter import advance, goto
from ivr.ports import EmergencyHeard, Intent, PlaceHeard, Understanding
from ivr.simulator import Simulation
from routing.model import CallerId, Intake
from tests.unit.ivr.site import CALLER, begin, edition, play, script

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
WARD_5 = PlaceHeard("ward-5", "ward 5", "ward five", 0.9)
PUMP = PlaceHeard("infusion-pump", "the infusion pump", "pump", 0.9)


def cry(**understood: object) -> Understanding:
    return Understanding("help, it is sparking", EmergencyHeard(("help",)), **understood)  # type: ignore[arg-type]


def summoned(understanding: Understanding, **facts: Any) -> Summon:
    state, _ = goto(script(), begin(**facts), "welcome")
    _, action = advance(script(), state, Heard(understanding))
    assert isinstance(action, Summon)
    return action


def last_summon(call: Simulation) -> Summon:
    return next(action for action in reversed(call.actions) if isinstance(action, Summon))


def test_place_topic_and_thing_of_the_same_utterance_are_kept() -> None:
    facts = summoned(cry(intent=Intent("electrical", 0.95, ("sparking",)), place=WARD_5, asset=PUMP)).facts
    assert (facts.topic, facts.place, facts.asset) == ("electrical", "ward-5", "infusion-pump")
    assert facts.words == "help, it is sparking"
    draft = draft_of(facts, Intake.of_call(CallerId("204", "204")), edition(), NOW)
    assert (draft.topic, draft.place, draft.asset, draft.urgency) == (
        "electrical", "ward-5", "infusion-pump", "critical",
    )  # fmt: skip
    assert (draft.why, draft.crew) == (("sparking",), edition().site.default_crew)


@pytest.mark.parametrize(
    ("topic", "sure", "named"),
    [
        ("printer", 0.5, "emergency"),
        ("printer", 0.9, "emergency"),
        ("printer", 0.95, "printer"),
        ("oos", 1.0, "emergency"),
    ],
)
def test_a_topic_that_is_a_guess_names_no_emergency(topic: str, sure: float, named: str) -> None:
    draft = draft_of(summoned(cry(intent=Intent(topic, sure))).facts, Intake.of_call(CallerId()), edition(), NOW)
    assert (draft.topic, draft.urgency) == (named, "critical")


def test_what_made_it_an_emergency_is_told_where_no_topic_is() -> None:
    assert draft_of(summoned(cry()).facts, Intake.of_call(CallerId()), edition(), NOW).why == ("help",)
    assert draft_of(Facts(emergency="key"), Intake.of_call(CallerId()), edition(), NOW).why == ()


def test_what_may_itself_be_dangerous_names_it_sooner() -> None:
    dangerous = {**edition().topics, "lift": edition().topics["lift"].model_copy(update={"critical": True})}
    line = replace(script(), edition=edition().model_copy(update={"topics": dangerous}))
    state, _ = advance(line, goto(line, begin(), "welcome")[0], Heard(cry(intent=Intent("lift", 0.75))))
    assert state.facts.topic == "lift"


@pytest.mark.parametrize("then", ["fire", "key 9"])
def test_what_was_understood_before_is_kept(then: str) -> None:
    facts = last_summon(play("drain on ward four", then, facts={**CALLER, "callback_number": "0201234567"})).facts
    draft = draft_of(facts, Intake.of_call(CallerId("204", "204")), edition(), NOW)
    assert (draft.topic, draft.place, draft.callback_number) == ("plumbing", "ward-4", "0201234567")
    assert draft.words.startswith("drain on ward four")
    assert draft.promise.by == draft_of(Facts(emergency="key"), Intake.of_call(CallerId()), edition(), NOW).promise.by


def test_who_says_no_place_is_helped_where_they_call_from() -> None:
    ward_4 = CallerId("204", "204", contact="Ward 4 desk", place="ward-4")
    assert draft_of(Facts(emergency="key"), Intake.of_call(ward_4), edition(), NOW).place == "ward-4"
    assert draft_of(Facts(emergency="key", place="ward-5"), Intake.of_call(ward_4), edition(), NOW).place == "ward-5"
    assert draft_of(Facts(emergency="key", place_text="2134"), Intake.of_call(ward_4), edition(), NOW).place is None
    assert draft_of(Facts(topic="plumbing"), Intake.of_call(ward_4), edition(), NOW).place is None


def test_a_wish_for_a_person_keeps_what_was_said_with_it() -> None:
    state, _ = goto(script(), begin(), "welcome")
    state, _ = advance(script(), state, Heard(Understanding("a person, in ward five", act="person", place=WARD_5)))
    assert (state.facts.place, state.facts.words) == ("ward-5", "a person, in ward five")
