"""The rules of the line: what follows from a transition, and what is asked for in one go. Pure functions of rows.

Their order is that in which rows are locked: agent, call, place in the queue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from routing.effects import (
    ANY,
    CallOffReached,
    Change,
    Columns,
    Effect,
    EndIfEmpty,
    Enter,
    Insert,
    JudgeMissed,
    Kind,
    LinkMatter,
    NoteHistory,
    NoteNumber,
    Renumber,
    SettleMissed,
    Transition,
    agent_transition,
    attempt_transition,
    call_transition,
    outbound_call_transition,
    participant_transition,
    ring_transition,
    talk_transition,
)
from routing.emergencies import Emergency, EmergencyEvent, EmergencyState
from routing.identity import new_id
from routing.lifecycle import FORWARD, AgentEvent, AttemptEvent, CallEvent, OfferEvent, OutboundCallEvent
from routing.missed import MissedRules
from routing.missed_rules import after_outbound_call as missed_after_outbound_call
from routing.missed_rules import after_stored as missed_after_stored
from routing.missed_rules import after_ticket as missed_after_ticket
from routing.model import (
    LIVE_OFFERS,
    OPEN_OUTBOUND_CALLS,
    Attempt,
    AttemptState,
    CallerId,
    NewEvent,
    Offer,
    OutboundCall,
    OutboundCallState,
    QueueEntry,
    Stage,
    Ticket,
)
from routing.purposes import ENDING_WITH_TICKET, Purpose
from routing.talks import Participant, ParticipantEvent, Role, Talk, is_empty

# what whoever asks has done in one go


def claiming(offer: Offer) -> list[Effect]:
    """The agent is held, the call follows, the offer is there: or nothing of it."""
    held = agent_transition(offer.agent_id, AgentEvent.HELD, offer.made_at, required=True)
    return [held, *_call_follows(offer, CallEvent.OFFERED_TO_AGENT), Insert(Kind.OFFER, offer)]


def claiming_attempt(attempt: Attempt) -> list[Effect]:
    """One winner per outbound call and number; it is being dialled from then on."""
    turn = {"id": attempt.outbound_call_id, "attempts": attempt.number - 1}
    dialling = outbound_call_transition(turn, OutboundCallEvent.CLAIMED, attempt.at, required=True)
    counted = replace(dialling, changes={**dialling.changes, "attempts": attempt.number})
    return [counted, Insert(Kind.ATTEMPT, attempt)]


def ending_call(
    call_id: str, ending: str, at: datetime, events: Sequence[NewEvent], rules: MissedRules
) -> list[Effect]:
    """Once; whom nobody has reached is on the list of those from the same moment on."""
    ended = call_transition(call_id, CallEvent.ENDED, at, ending)
    return [ended, JudgeMissed(call_id, at, rules, tuple(event for event in events if event.call_id == call_id))]


def taking_over(callback_id: str, call_id: str, at: datetime) -> list[Effect]:
    """Who is owed a call has called: what is being dialled is given up, and the call's own place with it."""
    return [
        call_transition(call_id, CallEvent.ENTERED_QUEUE),
        leaving(_own_place(call_id), "callback taken over", at),
        *_handing_over(callback_id, call_id, at),
        attempt_transition({"outbound_call_id": callback_id}, AttemptEvent.LOST, at, "called by themselves"),
        LinkMatter(call_id, callback_id, at),
    ]


def stored(kept: OutboundCall, asked: OutboundCall) -> list[Effect]:
    """Of a callback: the call that asked for it gives its own place up for the callback's."""
    if not kept.rule.for_agent:
        return []
    own = [leaving(_own_place(asked.call_id), "callback chosen", asked.since)] if asked.call_id else []
    noted = NoteNumber(kept.ticket_id, kept.number)
    return [*own, Enter(place_of(kept)), noted, *missed_after_stored(kept, asked)]


def renewed_outbound_call(kept: OutboundCall, asked: OutboundCall) -> OutboundCall:
    """A ticket has one open call of each purpose: to the number given last, in the earlier place."""
    return replace(kept, number=asked.number, flow=asked.flow, since=min(kept.since, asked.since), due=asked.due)


def place_of(callback: OutboundCall) -> QueueEntry:
    """The place that a callback takes where it has none."""
    return QueueEntry(
        new_id(), callback.crew, callback.urgency, callback.since, callback_id=callback.id,
        ticket_id=callback.ticket_id, not_before=callback.due,
    )  # fmt: skip


def renewed_place(kept: QueueEntry, asked: QueueEntry) -> QueueEntry:
    """Who has a place keeps it, or moves to the earlier one that is theirs; what they wait for may change."""
    return replace(
        kept, crew=asked.crew, urgency=asked.urgency, since=min(kept.since, asked.since),
        ticket_id=asked.ticket_id or kept.ticket_id, not_before=asked.not_before,
        promise_by=asked.promise_by or kept.promise_by, contacts=max(kept.contacts, asked.contacts),
    )  # fmt: skip


def leaving_queue(entry_id: str, call_id: str | None, reason: str, at: datetime) -> list[Effect]:
    call = [call_transition(call_id, CallEvent.LEFT_QUEUE)] if call_id else []
    return [*call, leaving({"id": entry_id}, reason, at)]


def leaving(where: Columns, reason: str, at: datetime) -> Change:
    """The places are given up; the first reason counts."""
    return Change(Kind.PLACE, where, {"left_at": at, "left_reason": reason})


def moving_urgency(before: Ticket, after: Ticket, merged: Sequence[str] = ()) -> list[Effect]:
    """Whoever waits about a matter takes the place that goes with its urgency and its promise.

    `merged`: the tickets that are merged into it.
    """
    now, by = {"urgency": after.urgency}, after.draft.promise.by
    moved = {"promise_by": by, "pressing": False} if by != before.draft.promise.by else {}
    return [effect for ticket_id in (after.id, *merged) for effect in _moving(ticket_id, now, moved)]


def waiting_with(ticket: Ticket, other: Ticket) -> list[Effect]:
    """Whoever waits about the ticket takes the place of those who wait about the other one, which has its matter."""
    return moving_urgency(ticket, replace(other, id=ticket.id))


def _moving(ticket_id: str, now: Columns, of_place: Columns, **theirs: str) -> list[Effect]:
    theirs = {"ticket_id": ticket_id, **theirs}
    calls = Change(Kind.OUTBOUND_CALL, theirs, now, OPEN_OUTBOUND_CALLS)
    return [calls, Change(Kind.PLACE, theirs, {**now, **of_place})]


def correcting(before: Ticket, after: Ticket, general_crew: str = "", merged: Sequence[str] = ()) -> list[Effect]:
    """Whoever waits about a corrected matter waits for its crew, and is rung at its number.

    Who waits for the `general_crew`, which serves every topic, stays there. `merged`: the tickets that are merged into
    it, about whose matter it is, too; their numbers are their own.
    """
    moved = (after.urgency, after.draft.promise) != (before.urgency, before.draft.promise)
    effects = moving_urgency(before, after, merged) if moved else []
    if after.draft.crew != before.draft.crew != general_crew:
        for ticket_id in (after.id, *merged):
            effects += _moving(ticket_id, {"crew": after.draft.crew}, {}, crew=before.draft.crew)
    number = after.draft.callback_number
    return [*effects, Renumber(after.id, number)] if number and number != before.draft.callback_number else effects


def closing_merged(ticket_id: str, at: datetime) -> list[Effect]:
    """The callers of a merged ticket have their answer with the one that has its matter."""
    called_off = [_called_off_with(ticket_id, at, purpose) for purpose in ENDING_WITH_TICKET]
    return [*called_off, *missed_after_ticket(ticket_id, True, at)]


# what follows from a transition that was made


FOLLOWED_BY_ROW = (Kind.OFFER, Kind.OUTBOUND_CALL, Kind.ATTEMPT, Kind.EMERGENCY, Kind.PARTICIPANT)


def following(made: Transition, row: Any) -> Sequence[Effect]:
    """Effects of a transition; `row` is as it is after it, and needed for the kinds `FOLLOWED_BY_ROW` only."""
    match made.kind:
        case Kind.CALL if made.event is CallEvent.ENDED:
            return _after_call(made.where["id"], made.at)
        case Kind.TICKET if made.event in FORWARD:
            return _after_ticket(made, made.changes["stage"] is Stage.CLOSED)
        case Kind.OFFER:
            return _after_offer(made, row)
        case Kind.OUTBOUND_CALL:
            return _after_outbound_call(made, row)
        case Kind.ATTEMPT if made.call_id:
            return _handing_over(row.outbound_call_id, made.call_id, made.at)
        case Kind.EMERGENCY:
            return _after_emergency(made, row)
        case Kind.PARTICIPANT if made.event is ParticipantEvent.LEFT:
            return [EndIfEmpty(row.talk_id, made.at)]
    return ()


CALL_FOLLOWS: Mapping[OfferEvent, CallEvent] = {
    OfferEvent.ANSWERED: CallEvent.ANSWERED,
    OfferEvent.LAPSED: CallEvent.OFFER_LAPSED,
    OfferEvent.TALK_ENDED: CallEvent.TALK_ENDED,
}


def _after_ticket(made: Transition, closed: bool) -> list[Effect]:
    ticket_id, at = made.where["id"], made.at
    called_off = [_called_off_with(ticket_id, at, purpose) for purpose in ENDING_WITH_TICKET] if closed else []
    return [*called_off, *missed_after_ticket(ticket_id, closed, at)]


def _called_off_with(ticket_id: str, at: datetime, purpose: Purpose) -> Transition:
    theirs = {"ticket_id": ticket_id, "purpose": purpose}
    return outbound_call_transition(theirs, OutboundCallEvent.CANCELLED, at, why="ticket closed")


def _after_offer(made: Transition, offer: Offer) -> list[Effect]:
    """An answer ends the waiting, and nobody is called back as well; the end of the talk is a callback's end."""
    event = OfferEvent(made.event)
    effects: list[Effect] = []
    if made.agent:
        effects.append(agent_transition(offer.agent_id, made.agent, made.at, made.why))
    effects += _call_follows(offer, CALL_FOLLOWS.get(event))
    if event is OfferEvent.ANSWERED:
        effects.append(leaving({"id": offer.entry_id}, "answered", made.at))
    if event is OfferEvent.ANSWERED and offer.call_id:
        effects += [CallOffReached(offer, made.at), *beginning(offer.call_id, made.at, offer.agent_id, offer.id)]
        effects.append(SettleMissed(made.at, call_id=offer.call_id))
    if event is OfferEvent.TALK_ENDED and offer.callback_id:
        effects.append(outbound_call_transition({"id": offer.callback_id}, OutboundCallEvent.TALKED, made.at))
    if event is OfferEvent.TALK_ENDED and offer.call_id:
        effects.append(participant_transition({"offer_id": offer.id}, made.at))
    return effects


def _call_follows(offer: Offer, event: CallEvent | None) -> list[Transition]:
    return [call_transition(offer.call_id, event)] if offer.call_id and event else []


def reached(answer: CallOffReached, caller: CallerId, owed: Sequence[OutboundCall]) -> list[Transition]:
    """Of callbacks owed about the call's matters, those that are owed to who talks now; what others are owed stays."""
    offer = answer.offer
    callbacks = (each for each in owed if each.purpose is Purpose.CALLBACK)
    theirs = (each for each in callbacks if each.call_id == offer.call_id or each.number == caller.proven)
    return [
        outbound_call_transition({"id": each.id}, OutboundCallEvent.CANCELLED, answer.at, why="reached meanwhile")
        for each in theirs
        if each.id != offer.callback_id
    ]


def _after_outbound_call(made: Transition, call: OutboundCall) -> list[Effect]:
    """One that is over is not dialled any more, and its ticket says so."""
    to = OutboundCallState(made.changes["state"])
    waiting = _after_callback(to, call, made.at) if call.rule.for_agent else []
    if to in OPEN_OUTBOUND_CALLS:
        return waiting
    why = made.why or f"{call.purpose} {to}"
    return [
        *waiting,
        attempt_transition({"outbound_call_id": call.id}, AttemptEvent.CALLED_OFF, made.at, why),
        *missed_after_outbound_call(made, call),
        NoteHistory(call.ticket_id, made.at, call.purpose, to),
    ]


def _after_callback(to: OutboundCallState, callback: OutboundCall, at: datetime) -> list[Effect]:
    """An ended callback leaves the queue; one put back waits again."""
    theirs = {"callback_id": callback.id}
    if to is OutboundCallState.PENDING:
        return [Enter(place_of(callback)), Change(Kind.PLACE, theirs, {"call_id": None})]
    return [] if to in OPEN_OUTBOUND_CALLS else [leaving(theirs, f"callback {to}", at)]


def serving(outbound_call_id: str, attempt_id: str, at: datetime) -> list[Effect]:
    """Its flow has said what it was for, to whoever took the phone."""
    return [
        outbound_call_transition({"id": outbound_call_id}, OutboundCallEvent.SERVED, at, required=True),
        attempt_transition({"id": attempt_id}, AttemptEvent.CONFIRMED, at),
    ]


SERVED_ENDINGS = ("served", "talked", "emergency_answered")


def was_served(attempt: Attempt, ending: str | None) -> bool:
    """Whether a dialling that became a call, which has ended, reached somebody: by a key, or as the call says."""
    return attempt.state is AttemptState.CONFIRMED or ending in SERVED_ENDINGS


def _handing_over(outbound_call_id: str, call_id: str, at: datetime) -> list[Effect]:
    """A person is there. Their call takes a callback's place and its live offer."""
    theirs = {"callback_id": outbound_call_id}
    return [
        outbound_call_transition({"id": outbound_call_id}, OutboundCallEvent.CONFIRMED, at, required=True),
        Change(Kind.PLACE, theirs, {"call_id": call_id, "not_before": None}),
        Change(Kind.OFFER, theirs, {"call_id": call_id}, LIVE_OFFERS),
    ]


def _after_call(call_id: str, at: datetime) -> list[Effect]:
    """A call that has ended gives its place up; a callback keeps its own and waits to be tried again."""
    return [
        Change(Kind.PLACE, {"call_id": call_id, "callback_id": ANY}, {"call_id": None}),
        leaving(_own_place(call_id), "call ended", at),
        participant_transition({"call_id": call_id}, at),
    ]


def _own_place(call_id: str) -> Columns:
    return {"call_id": call_id, "callback_id": None}


def _after_emergency(made: Transition, emergency: Emergency) -> list[Effect]:
    """Only while it rings does any phone ring for it; it has ended when its caller was gone first."""
    to, effects = made.changes["state"], list[Effect]()
    if to is not EmergencyState.RINGING:
        effects.append(ring_transition({"emergency_id": emergency.id}, made.at))
    if to in (EmergencyState.LEFT, EmergencyState.ENDED):
        effects.append(Change(Kind.EMERGENCY, {"id": emergency.id, "ended_at": None}, {"ended_at": made.at}))
    if made.event is EmergencyEvent.ANSWERED:
        return [*effects, *beginning(emergency.call_id, made.at, answered_by=emergency.taken_by)]
    return [*effects, participant_transition({"call_id": emergency.call_id}, made.at)]


def beginning(
    call_id: str, at: datetime, agent_id: str | None = None, offer_id: str | None = None, answered_by: str = ""
) -> list[Effect]:
    """A caller and who has answered them are in a talk; in another one the caller is no more.

    Every row is new, so that nothing of a talk's record ever stands in the way of an answer.
    """
    talk = Talk(new_id(), call_id, at)
    caller = Participant(new_id(), talk.id, call_id, Role.CALLER, at)
    agent = Participant(
        new_id(), talk.id, call_id, Role.AGENT, at, agent_id=agent_id, offer_id=offer_id, answered_by=answered_by
    )
    return [
        participant_transition({"call_id": call_id}, at),
        Insert(Kind.TALK, talk),
        Insert(Kind.PARTICIPANT, caller),
        Insert(Kind.PARTICIPANT, agent),
    ]


def emptied(talk_id: str, there: Sequence[Role], at: datetime) -> list[Effect]:
    """What becomes of a talk with these people left in it."""
    if not is_empty(there):
        return []
    return [talk_transition(talk_id, at), participant_transition({"talk_id": talk_id}, at)]


def resting(calls: Sequence[OutboundCall], calling: Sequence[CallerId]) -> frozenset[str]:
    """Of the open outbound calls, those whose phone is being rung, or is on the line in another call."""
    rung = {each.number for each in calls if each.state is not OutboundCallState.PENDING}
    busy = rung | {caller.proven for caller in calling}
    return frozenset(
        each.id
        for each in calls
        if each.state is OutboundCallState.DIALLING or (each.state is OutboundCallState.PENDING and each.number in busy)
    )
