"""What follows from a transition: pure, so it is looked at without any records."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from routing.effects import (
    ANY,
    CallOffReached,
    Change,
    Effect,
    Enter,
    Insert,
    Kind,
    NoteHistory,
    Transition,
    agent_transition,
    call_transition,
    emergency_transition,
    offer_transition,
    outbound_call_transition,
    participant_transition,
    stage_transition,
)
from routing.emergencies import Emergency, EmergencyEvent
from routing.lifecycle import (
    OUTBOUND_CALL_TRANSITIONS,
    AgentEvent,
    AttemptEvent,
    CallEvent,
    OfferEvent,
    OutboundCallEvent,
    leads_to,
)
from routing.model import (
    OPEN_OUTBOUND_CALLS,
    UNPROVEN,
    Attempt,
    AttemptState,
    CallerId,
    Intake,
    Offer,
    OutboundCall,
    OutboundCallState,
    Promise,
    QueueEntry,
    Stage,
    Ticket,
    TicketDraft,
)
from routing.purposes import Purpose
from routing.rules import (
    claiming,
    claiming_attempt,
    emptied,
    following,
    reached,
    renewed_outbound_call,
    renewed_place,
    resting,
    stored,
    taking_over,
)
from routing.talks import ParticipantEvent, Role, TalkState
from tests.unit.routing.world import START

LATER = START + timedelta(seconds=60)
OFFER = Offer("offer", "entry", "anna", START, call_id="call")
OWED = OutboundCall("callback", "ticket", "204", "technical", "normal", START, START)
LEAVES = (Kind.PARTICIPANT, ParticipantEvent.LEFT)
EMERGENCY = Emergency("emergency", "call", "1.1", START, taken_by="agent:anna")
ENTRY = QueueEntry("entry", "technical", "normal", START, call_id="call", ticket_id="ticket")


def transitions(effects: Any) -> list[tuple[Kind, str]]:
    """But of the list of those whom nobody reached: see test_missed_rules.py."""
    made = (each for each in effects if isinstance(each, Transition))
    return [(each.kind, each.event) for each in made if each.kind is not Kind.MISSED]


def left(effects: Any) -> list[tuple[dict[str, Any], str]]:
    """The places that are given up, and why."""
    changes = [each for each in effects if isinstance(each, Change) and each.kind is Kind.PLACE]
    return [(dict(each.where), each.changes["left_reason"]) for each in changes if "left_reason" in each.changes]


def of_offer(event: OfferEvent, offer: Offer = OFFER, agent: AgentEvent | None = None) -> list[Effect]:
    return list(following(offer_transition(offer.id, event, LATER, None, agent, ""), offer))


def of_callback(event: OutboundCallEvent, callback: OutboundCall = OWED) -> list[Effect]:
    return list(following(outbound_call_transition({"id": callback.id}, event, LATER), callback))


@pytest.mark.parametrize(
    ("event", "call"),
    [
        (OfferEvent.SHOWN, []),
        (OfferEvent.RANG, []),
        (OfferEvent.ANSWERED, [(Kind.CALL, CallEvent.ANSWERED), LEAVES]),  # whatever talk they were in
        (OfferEvent.LAPSED, [(Kind.CALL, CallEvent.OFFER_LAPSED)]),
        (OfferEvent.TALK_ENDED, [(Kind.CALL, CallEvent.TALK_ENDED), LEAVES]),
    ],
)
def test_the_call_follows_the_offer(event: OfferEvent, call: list[tuple[Kind, str]]) -> None:
    assert transitions(of_offer(event)) == call
    assert transitions(of_offer(event, agent=AgentEvent.RELEASED)) == [(Kind.AGENT, AgentEvent.RELEASED), *call]
    assert transitions(of_offer(event, replace(OFFER, call_id=None))) == []


def test_an_answer_ends_the_waiting_and_calls_off_what_is_owed_besides() -> None:
    effects = of_offer(OfferEvent.ANSWERED)
    assert left(effects) == [({"id": "entry"}, "answered")]
    assert CallOffReached(OFFER, LATER) in effects
    assert left(of_offer(OfferEvent.LAPSED)) == []


def test_a_talk_ends_the_callback_it_was_about() -> None:
    called_back = replace(OFFER, callback_id="callback")
    talked = (Kind.OUTBOUND_CALL, OutboundCallEvent.TALKED)
    assert transitions(of_offer(OfferEvent.TALK_ENDED, called_back))[-2:] == [talked, LEAVES]


def test_only_what_is_owed_to_who_talks_is_called_off() -> None:
    theirs, asked = OWED, replace(OWED, id="asked", number="205", call_id="call")
    others, own = replace(OWED, id="others", number="206", call_id="another"), replace(OWED, id="own")
    answer = CallOffReached(replace(OFFER, callback_id="own"), LATER)
    owed = [theirs, asked, others, own]
    called_off = reached(answer, CallerId("204", "204"), owed)
    assert [each.where["id"] for each in called_off] == ["callback", "asked"]
    assert {(each.event, each.why) for each in called_off} == {(OutboundCallEvent.CANCELLED, "reached meanwhile")}
    unproven = reached(answer, CallerId("204", "204", kind=UNPROVEN), owed)
    assert [each.where["id"] for each in unproven] == ["asked"]


@pytest.mark.parametrize("event", list(OutboundCallEvent))
def test_what_a_callbacks_state_means_for_its_place(event: OutboundCallEvent) -> None:
    to, effects = leads_to(OUTBOUND_CALL_TRANSITIONS, event), of_callback(event)
    if to is OutboundCallState.PENDING:
        entered, free = effects
        assert isinstance(entered, Enter)
        assert (entered.entry.callback_id, entered.entry.since) == ("callback", START)
        assert isinstance(free, Change)
        assert (free.where, free.changes) == ({"callback_id": "callback"}, {"call_id": None})
    elif to in OPEN_OUTBOUND_CALLS:
        assert effects == []
    else:
        assert left(effects) == [({"callback_id": "callback"}, f"callback {to}")]
        assert transitions(effects) == [(Kind.ATTEMPT, AttemptEvent.CALLED_OFF)]
        assert effects[-1] == NoteHistory("ticket", LATER, "callback", to)


def test_a_call_that_ends_gives_up_its_own_place_only() -> None:
    free, own, talk = following(call_transition("call", CallEvent.ENDED, LATER, "hung up"), None)
    assert talk == participant_transition({"call_id": "call"}, LATER)
    assert free == Change(Kind.PLACE, {"call_id": "call", "callback_id": ANY}, {"call_id": None})
    assert left([own]) == [({"call_id": "call", "callback_id": None}, "call ended")]
    assert not following(call_transition("call", CallEvent.RESUMED), None)


@pytest.mark.parametrize("stage", [Stage.ACCEPTED, Stage.CLOSED])
def test_only_closing_a_matter_calls_off_whom_nobody_needs_to_ring_then(stage: Stage) -> None:
    draft = TicketDraft("plumbing", "technical", "normal", Promise("promise_attend", START), Intake.of_call(CallerId()))
    ticket = Ticket("ticket", "12", "demo", START, Stage.RECORDED, draft)
    effects = following(stage_transition(ticket, stage, LATER), None)
    assert transitions(effects) == (
        [(Kind.OUTBOUND_CALL, OutboundCallEvent.CANCELLED)] * 2 if stage is Stage.CLOSED else []
    )
    purposes = [each.where["purpose"] for each in effects if isinstance(each, Transition) and "purpose" in each.where]
    assert purposes == ([Purpose.CALLBACK, Purpose.DELAY] if stage is Stage.CLOSED else [])


@pytest.mark.parametrize(
    ("event", "silent", "ended"),
    [
        (EmergencyEvent.ANSWERED, True, False),
        (EmergencyEvent.RUNG_AGAIN, False, False),
        (EmergencyEvent.CALLER_LEFT, True, True),
        (EmergencyEvent.LOOKED_AFTER, True, True),
    ],
)
def test_phones_ring_for_an_emergency_only_while_it_rings(event: EmergencyEvent, silent: bool, ended: bool) -> None:
    effects = following(emergency_transition("emergency", event, LATER, "agent:anna"), EMERGENCY)
    told = [each.kind for each in effects if isinstance(each, Transition)]
    assert told == [Kind.RING] * silent + [Kind.PARTICIPANT]
    first_end = Change(Kind.EMERGENCY, {"id": "emergency", "ended_at": None}, {"ended_at": LATER})
    assert (first_end in effects) is ended


def test_an_answer_begins_a_talk_of_the_caller_and_who_answered() -> None:
    for effects, mine in (
        (of_offer(OfferEvent.ANSWERED), ("anna", "offer", "")),
        (following(emergency_transition("emergency", EmergencyEvent.ANSWERED, LATER, ""), EMERGENCY),
         (None, None, "agent:anna")),
    ):  # fmt: skip
        talk, caller, agent = [each.row for each in effects if isinstance(each, Insert)]
        assert (talk.call_id, talk.begun_at, talk.state) == ("call", LATER, TalkState.ON)
        assert {caller.talk_id, agent.talk_id} == {talk.id}
        assert [caller.role, agent.role] == [Role.CALLER, Role.AGENT]
        assert (agent.agent_id, agent.offer_id, agent.answered_by) == mine


@pytest.mark.parametrize(
    ("there", "over"),
    [
        ((Role.CALLER, Role.AGENT), False),
        ((Role.CALLER, Role.CONSULTANT), False),
        ((Role.AGENT, Role.CONSULTANT), True),
        ((Role.CALLER, Role.SUPERVISOR), True),
        ((), True),
    ],
)
def test_a_talk_takes_a_caller_and_somebody_of_the_house(there: tuple[Role, ...], over: bool) -> None:
    assert bool(emptied("talk", there, LATER)) is over


def test_who_was_only_held_keeps_the_idle_time() -> None:
    assert "idle_since" not in agent_transition("anna", AgentEvent.RELEASED, LATER).changes
    assert agent_transition("anna", AgentEvent.WRAPPED_UP, LATER).changes["idle_since"] == LATER
    assert "idle_since" not in agent_transition("anna", AgentEvent.HELD, LATER).changes


def test_a_claim_is_lost_as_a_whole() -> None:
    held, follows, _ = claiming(OFFER)
    assert isinstance(held, Transition)
    assert (held.event, held.required) == (AgentEvent.HELD, True)
    assert transitions([follows]) == [(Kind.CALL, CallEvent.OFFERED_TO_AGENT)]
    attempt = Attempt("attempt", "callback", 2, AttemptState.CLAIMED, LATER)
    turn, _ = claiming_attempt(attempt)
    assert isinstance(turn, Transition)
    assert (turn.where, turn.changes["attempts"], turn.required) == ({"id": "callback", "attempts": 1}, 2, True)


def test_a_callback_that_is_taken_over_is_not_dialled_and_not_waited_for_twice() -> None:
    effects = taking_over("callback", "call", LATER)
    assert left(effects) == [({"call_id": "call", "callback_id": None}, "callback taken over")]
    assert transitions(effects) == [
        (Kind.CALL, CallEvent.ENTERED_QUEUE),
        (Kind.OUTBOUND_CALL, OutboundCallEvent.CONFIRMED),
        (Kind.ATTEMPT, AttemptEvent.LOST),
    ]


def test_who_chooses_a_callback_waits_once() -> None:
    asked = replace(OWED, call_id="call")
    assert left(stored(OWED, asked)) == [({"call_id": "call", "callback_id": None}, "callback chosen")]
    assert left(stored(OWED, OWED)) == []


def test_a_ticket_has_one_callback_with_the_number_given_last_in_the_earlier_place() -> None:
    again = replace(OWED, id="again", number="205", since=LATER, due=LATER)
    kept = renewed_outbound_call(OWED, again)
    assert (kept.id, kept.number, kept.since, kept.due) == ("callback", "205", START, LATER)


def test_a_place_is_kept_and_what_is_waited_for_may_change() -> None:
    again = replace(ENTRY, id="again", crew="it", urgency="high", since=LATER, ticket_id=None, not_before=LATER)
    kept = renewed_place(ENTRY, again)
    assert (kept.id, kept.crew, kept.urgency, kept.since) == ("entry", "it", "high", START)
    assert (kept.ticket_id, kept.not_before) == ("ticket", LATER)


@pytest.mark.parametrize(
    ("state", "caller", "rests"),
    [
        (OutboundCallState.PENDING, CallerId("205", "205"), False),
        (OutboundCallState.PENDING, CallerId("204", "204"), True),
        (OutboundCallState.PENDING, CallerId("204", "204", kind=UNPROVEN), False),
        (OutboundCallState.DIALLING, CallerId(), True),
        (OutboundCallState.CONNECTED, CallerId("204", "204"), False),
    ],
)
def test_a_callback_rests_while_its_phone_is_busy(state: OutboundCallState, caller: CallerId, rests: bool) -> None:
    assert resting([replace(OWED, state=state)], [caller]) == ({"callback"} if rests else set())
