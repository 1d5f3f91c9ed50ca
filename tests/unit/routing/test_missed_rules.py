"""What brings callers onto the list of those whom nobody reached, and off it: effects of values."""

from dataclasses import replace
from typing import Any

import pytest

from routing.effects import (
    Change,
    Insert,
    JudgeMissed,
    Kind,
    SettleMissed,
    Transition,
    offer_transition,
    outbound_call_transition,
    stage_transition,
)
from routing.event_types import EventType
from routing.lifecycle import OfferEvent, OutboundCallEvent
from routing.missed import MISSED_TRANSITIONS, MissedEvent, MissedKind, MissedState
from routing.missed_rules import judged
from routing.model import (
    Call,
    CallerId,
    Intake,
    NewEvent,
    Offer,
    OutboundCall,
    Promise,
    Stage,
    Ticket,
    TicketDraft,
)
from routing.purposes import Purpose
from routing.rules import ending_call, following, stored
from tests.unit.routing.world import START

CALL = Call("call", "demo", "100", CallerId("204", "204"), START, {}, ending="caller_hung_up", ended_at=START)
OWED = OutboundCall("owed", "ticket", "204", "technical", "normal", START, START, call_id="call")
ASKED = JudgeMissed("call", START)


def steps(effects: Any) -> list[tuple[dict[str, Any], MissedEvent]]:
    """Of the list alone."""
    made = (each for each in effects if isinstance(each, Transition) and each.kind is Kind.MISSED)
    return [(dict(each.where), MissedEvent(each.event)) for each in made]


def settled(effects: Any) -> list[SettleMissed]:
    return [each for each in effects if isinstance(each, SettleMissed)]


def of_callback(event: OutboundCallEvent, callback: OutboundCall = OWED) -> list[Any]:
    return list(following(outbound_call_transition({"id": callback.id}, event, START), callback))


def test_a_call_is_judged_as_it_ends_with_its_own_events_alone() -> None:
    mine, other = NewEvent("call", EventType.QUEUE_ENTERED, START), NewEvent("other", EventType.QUEUE_ENTERED, START)
    _, judge = ending_call("call", "caller_hung_up", START, [mine, other], ASKED.rules)
    assert judge == JudgeMissed("call", START, ASKED.rules, (mine,))


def test_what_a_look_at_a_call_comes_to() -> None:
    (put,) = judged(ASKED, CALL, [], [], "ticket", None)
    assert isinstance(put, Insert)
    assert (put.row.kind, put.row.ticket_id, put.row.waited_s) == (MissedKind.SHORT_ABANDONED, "ticket", None)
    (changed,) = judged(ASKED, CALL, [], [], "ticket", MissedState.OPEN)
    assert isinstance(changed, Change)
    assert (dict(changed.changes)["kind"], changed.among) == (MissedKind.SHORT_ABANDONED, (MissedState.OPEN,))
    assert judged(ASKED, CALL, [], [OWED], "ticket", MissedState.OWED) == []
    assert judged(ASKED, replace(CALL, ending=None), [], [], None, None) == []
    assert judged(ASKED, replace(CALL, direction="outbound", ending="talked"), [], [], None, None) == []
    talked = judged(ASKED, replace(CALL, ending="talked"), [], [], "ticket", None)
    assert talked == [SettleMissed(START, call_id="call")]


@pytest.mark.parametrize(
    ("event", "step", "talked"),
    [
        (OutboundCallEvent.CLAIMED, None, False),
        (OutboundCallEvent.FAILED, None, False),  # there will be another attempt
        (OutboundCallEvent.EXHAUSTED, MissedEvent.CALLBACK_FAILED, False),
        (OutboundCallEvent.NOT_DIALLABLE, MissedEvent.CALLBACK_FAILED, False),
        (OutboundCallEvent.LOST_LAST, MissedEvent.CALLBACK_FAILED, False),
        (OutboundCallEvent.CANCELLED, MissedEvent.CALLED_OFF, False),
        (OutboundCallEvent.ERASED, MissedEvent.CALLED_OFF, False),
        (OutboundCallEvent.LEFT_QUEUE, MissedEvent.CALLED_OFF, False),
        (OutboundCallEvent.TALKED, None, True),
        (OutboundCallEvent.SERVED, None, True),
    ],
)
def test_what_came_of_a_callback(event: OutboundCallEvent, step: MissedEvent | None, talked: bool) -> None:
    effects = of_callback(event)
    assert steps(effects) == ([({"ticket_id": "ticket"}, step)] if step else [])
    assert settled(effects) == ([SettleMissed(START, outbound_call_id="owed")] if talked else [])
    judges = [each for each in effects if isinstance(each, JudgeMissed)]
    assert judges == ([ASKED] if step is MissedEvent.CALLBACK_FAILED else [])
    for other in (replace(OWED, purpose=Purpose.DELAY), replace(OWED, purpose=Purpose.SURVEY)):
        assert steps(of_callback(event, other)) == []
        assert settled(of_callback(event, other)) == []


def test_who_is_called_back_is_listed_as_such_by_the_call_it_goes_back_to() -> None:
    assert steps(stored(OWED, OWED)) == [({"id": "call"}, MissedEvent.CALLBACK_STORED)]
    assert steps(stored(OWED, replace(OWED, call_id=None))) == []
    assert steps(stored(replace(OWED, purpose=Purpose.DELAY), replace(OWED, purpose=Purpose.DELAY))) == []


def test_a_talk_settles_and_only_an_answer_begins_one() -> None:
    offer = Offer("offer", "entry", "anna", START, call_id="call")
    for event in OfferEvent:
        effects = following(offer_transition(offer.id, event, START, None, None, ""), offer)
        assert settled(effects) == ([SettleMissed(START, call_id="call")] if event is OfferEvent.ANSWERED else [])


@pytest.mark.parametrize("stage", [Stage.ACCEPTED, Stage.CLOSED])
def test_a_matter_that_moves_on_has_its_message_heard_and_one_that_is_closed_its_answer(stage: Stage) -> None:
    draft = TicketDraft("plumbing", "technical", "normal", Promise("promise_attend", START), Intake.of_call(CallerId()))
    ticket = Ticket("ticket", "12", "demo", START, Stage.RECORDED, draft)
    effects = following(stage_transition(ticket, stage, START), None)
    message = {"ticket_id": "ticket", "kind": MissedKind.MESSAGE_UNHEARD}
    assert steps(effects) == [(message, MissedEvent.REACHED)]
    assert settled(effects) == ([SettleMissed(START, ticket_id="ticket")] if stage is Stage.CLOSED else [])


def test_every_event_of_the_list_is_in_its_table() -> None:
    assert {event for _, event in MISSED_TRANSITIONS} == set(MissedEvent)
    assert {state for state, _ in MISSED_TRANSITIONS} | set(MISSED_TRANSITIONS.values()) == set(MissedState)
