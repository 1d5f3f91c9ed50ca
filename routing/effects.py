"""What follows from a step: pure functions of rows, whose effects the records apply in that step's transaction.

Whoever keeps the records (`store`, or `routing.fake` in memory) knows how to apply an effect and no rule. A step's
order is that in which rows are locked: agent, call, place in the queue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from routing.emergencies import (
    EMERGENCY_TRANSITIONS,
    OPEN_TAKES,
    TAKE_TRANSITIONS,
    EmergencyEvent,
    EmergencyState,
    RingEvent,
    TakeEvent,
)
from routing.identity import new_id
from routing.lifecycle import (
    AGENT_TRANSITIONS,
    ATTEMPT_TRANSITIONS,
    CALL_TRANSITIONS,
    CALLBACK_TRANSITIONS,
    OFFER_TRANSITIONS,
    OPEN_ATTEMPTS,
    AgentEvent,
    AttemptEvent,
    CallbackEvent,
    CallEvent,
    OfferEvent,
    TicketEvent,
    step,
)
from routing.model import (
    LIVE_OFFERS,
    OPEN_CALLBACKS,
    AgentState,
    Attempt,
    Callback,
    CallbackState,
    CallerId,
    Offer,
    RoutingError,
    Stage,
    Ticket,
    WaitingCaller,
)


class Lost(RoutingError):
    """Another was first: the transaction is rolled back."""


class Kind(StrEnum):
    """What has rows."""

    CALL = "calls"
    TICKET = "tickets"
    PLACE = "places"  # in the queue
    AGENT = "agents"
    OFFER = "offers"
    CALLBACK = "callbacks"
    ATTEMPT = "attempts"
    EMERGENCY = "emergencies"
    RING = "rings"
    TAKE = "takes"


LIVE: Mapping[Kind, tuple[StrEnum, ...]] = {
    Kind.OFFER: LIVE_OFFERS,
    Kind.CALLBACK: OPEN_CALLBACKS,
    Kind.ATTEMPT: OPEN_ATTEMPTS,
    Kind.TAKE: OPEN_TAKES,
}
ONE_LIVE_PER: Mapping[Kind, tuple[str, ...]] = {
    Kind.PLACE: ("call_id", "callback_id"),
    Kind.OFFER: ("entry_id", "call_id", "agent_id"),
    Kind.CALLBACK: ("ticket_id",),
    Kind.ATTEMPT: ("callback_id",),
    Kind.TAKE: ("emergency_id",),
}
"""Of a kind's rows that are live, no two share a value of any of these; the first to have it wins."""

ANY: Final = object()  # in `where`: whatever it is, but not nothing
Columns = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """Alter the rows that `where` selects, of those in one of the states `among` (of places: those not given up)."""

    kind: Kind
    where: Columns
    changes: Columns
    among: tuple[StrEnum, ...] = ()


@dataclass(frozen=True)
class Step(Change):
    """Move rows on as their lifecycle's table says: only those that have the event; `following` says what follows."""

    event: StrEnum = CallEvent.ENDED
    at: datetime = datetime.min
    required: bool = False  # Lost, where no row has it
    why: str = ""
    agent: AgentEvent | None = None  # of an offer: what becomes of its agent
    call_id: str | None = None  # of an attempt: the call of the person who is there


@dataclass(frozen=True)
class Insert:
    """Add a row; Lost, where it is there or another one has what only one may have."""

    kind: Kind
    row: Any


@dataclass(frozen=True)
class Enter:
    """Take a place in the queue for a callback, or keep the one it has."""

    entry: WaitingCaller


@dataclass(frozen=True)
class CallOffReached:
    """Call off those callbacks, of all that are open about matters of the offer's call, that `reached` names."""

    offer: Offer
    at: datetime


@dataclass(frozen=True)
class LinkMatter:
    """The call is about the callback's ticket, too."""

    call_id: str
    callback_id: str
    at: datetime


@dataclass(frozen=True)
class NoteNumber:
    """The ticket says where its caller will be called back."""

    ticket_id: str
    number: str


@dataclass(frozen=True)
class NoteHistory:
    """A line of the ticket's own history, with nothing private."""

    ticket_id: str
    at: datetime
    what: str
    to: str


Effect = Change | Insert | Enter | CallOffReached | LinkMatter | NoteNumber | NoteHistory

# steps, as they are asked for

STAMPS = {OfferEvent.SHOWN: "seen_at", OfferEvent.RANG: "ringing_at", OfferEvent.ANSWERED: "answered_at"}


def agent_step(agent_id: str, event: AgentEvent, at: datetime, reason: str = "", required: bool = False) -> Step:
    """Who was only held for an offer keeps the idle time."""
    sources, to = step(AGENT_TRANSITIONS, event)
    idle = {"idle_since": at} if to is AgentState.AVAILABLE and event is not AgentEvent.RELEASED else {}
    changes = {"state": to, "state_since": at, "reason": reason, **idle}
    return Step(Kind.AGENT, {"id": agent_id}, changes, sources, event, at, required)


def call_step(call_id: str, event: CallEvent, at: datetime = datetime.min, ending: str | None = None) -> Step:
    """A call that has no such step stays as it is, unless it ends: that it does once."""
    sources, to = step(CALL_TRANSITIONS, event)
    end = {"ending": ending, "ended_at": at} if event is CallEvent.ENDED else {}
    return Step(Kind.CALL, {"id": call_id}, {"state": to, **end}, sources, event, at, event is CallEvent.ENDED)


def offer_step(
    offer_id: str, event: OfferEvent, at: datetime, ending: str | None, agent: AgentEvent | None, reason: str
) -> Step:
    sources, to = step(OFFER_TRANSITIONS, event)
    changes = {"state": to, "ending": ending, STAMPS.get(event, "ended_at"): at}
    return Step(Kind.OFFER, {"id": offer_id}, changes, sources, event, at, True, reason, agent)


def callback_step(
    where: Columns, event: CallbackEvent, at: datetime, not_before: datetime | None = None, why: str = "",
    required: bool = False,
) -> Step:  # fmt: skip
    sources, to = step(CALLBACK_TRANSITIONS, event)
    return Step(Kind.CALLBACK, where, {"state": to, "not_before": not_before}, sources, event, at, required, why)


def attempt_step(
    where: Columns, event: AttemptEvent, at: datetime, ending: str | None = None, required: bool = False,
    call_id: str | None = None,
) -> Step:  # fmt: skip
    sources, to = step(ATTEMPT_TRANSITIONS, event)
    changes = {"state": to, "at": at, "ending": ending}
    return Step(Kind.ATTEMPT, where, changes, sources, event, at, required, call_id=call_id)


def emergency_step(emergency_id: str, event: EmergencyEvent, at: datetime, by: str) -> Step:
    """Who takes it is named from then on, until it is rung again."""
    sources, to = step(EMERGENCY_TRANSITIONS, event)
    taken = {"taken_by": by, "taken_at": at} if by else {}
    anew = {"taken_by": "", "taken_at": None, "ended_at": None} if to is EmergencyState.RINGING else {}
    return Step(Kind.EMERGENCY, {"id": emergency_id}, {"state": to, **taken, **anew}, sources, event, at, True)


def take_step(take_id: str, event: TakeEvent, at: datetime) -> Step:
    sources, to = step(TAKE_TRANSITIONS, event)
    return Step(Kind.TAKE, {"id": take_id}, {"state": to, "at": at}, sources, event, at, True)


def ring_step(where: Columns, at: datetime, required: bool = False) -> Step:
    """A ring's state is whether it has an end."""
    return Step(Kind.RING, {**where, "ended_at": None}, {"ended_at": at}, (), RingEvent.STOPPED, at, required)


def stage_step(ticket: Ticket, stage: Stage, at: datetime) -> Step:
    """To a stage that `next_stage` allows."""
    return Step(Kind.TICKET, {"id": ticket.id}, {"stage": stage}, (ticket.stage,), TicketEvent(stage.value), at, True)


# what whoever asks has done in one go


def claiming(offer: Offer) -> list[Effect]:
    """The agent is held, the call follows, the offer is there: or nothing of it."""
    held = agent_step(offer.agent_id, AgentEvent.HELD, offer.made_at, required=True)
    return [held, *_call_follows(offer, CallEvent.OFFERED_TO_AGENT), Insert(Kind.OFFER, offer)]


def claiming_attempt(attempt: Attempt) -> list[Effect]:
    """One winner per callback and number; the callback is being dialled from then on."""
    turn = {"id": attempt.callback_id, "attempts": attempt.number - 1}
    dialling = callback_step(turn, CallbackEvent.CLAIMED, attempt.at, required=True)
    counted = replace(dialling, changes={**dialling.changes, "attempts": attempt.number})
    return [counted, Insert(Kind.ATTEMPT, attempt)]


def taking_over(callback_id: str, call_id: str, at: datetime) -> list[Effect]:
    """Who is owed a call has called: what is being dialled is given up, and the call's own place with it."""
    return [
        call_step(call_id, CallEvent.ENTERED_QUEUE),
        leaving(_own_place(call_id), "callback taken over", at),
        *_handing_over(callback_id, call_id, at),
        attempt_step({"callback_id": callback_id}, AttemptEvent.LOST, at, "called by themselves"),
        LinkMatter(call_id, callback_id, at),
    ]


def stored(kept: Callback, asked: Callback) -> list[Effect]:
    """The call that asked for it gives its own place up for the callback's."""
    own = [leaving(_own_place(asked.call_id), "callback chosen", asked.since)] if asked.call_id else []
    return [*own, Enter(place_of(kept)), NoteNumber(kept.ticket_id, kept.number)]


def renewed_callback(kept: Callback, asked: Callback) -> Callback:
    """A ticket has one open callback: with the number given last, in the earlier place."""
    return replace(kept, number=asked.number, since=min(kept.since, asked.since), not_before=asked.not_before)


def place_of(callback: Callback) -> WaitingCaller:
    """The place that a callback takes where it has none."""
    return WaitingCaller(
        new_id(), callback.crew, callback.urgency, callback.since, callback_id=callback.id,
        ticket_id=callback.ticket_id, not_before=callback.not_before,
    )  # fmt: skip


def renewed_place(kept: WaitingCaller, asked: WaitingCaller) -> WaitingCaller:
    """Who has a place keeps it, or moves to the earlier one that is theirs; what they wait for may change."""
    return replace(
        kept, crew=asked.crew, urgency=asked.urgency, since=min(kept.since, asked.since),
        ticket_id=asked.ticket_id or kept.ticket_id, not_before=asked.not_before,
    )  # fmt: skip


def leaving_queue(entry_id: str, call_id: str | None, reason: str, at: datetime) -> list[Effect]:
    call = [call_step(call_id, CallEvent.LEFT_QUEUE)] if call_id else []
    return [*call, leaving({"id": entry_id}, reason, at)]


def leaving(where: Columns, reason: str, at: datetime) -> Change:
    """The places are given up; the first reason counts."""
    return Change(Kind.PLACE, where, {"left_at": at, "left_reason": reason})


def moving_urgency(ticket_id: str, urgency: str) -> list[Effect]:
    """Whoever waits about a matter takes the place that goes with its urgency."""
    theirs, now = {"ticket_id": ticket_id}, {"urgency": urgency}
    return [Change(Kind.CALLBACK, theirs, now, OPEN_CALLBACKS), Change(Kind.PLACE, theirs, now)]


# what follows from a step that was taken


FOLLOWED_BY_ROW = (Kind.OFFER, Kind.CALLBACK, Kind.ATTEMPT)


def following(taken: Step, row: Any) -> Sequence[Effect]:
    """Effects of a step; `row` is as it is after the step, and needed for the kinds `FOLLOWED_BY_ROW` only."""
    match taken.kind:
        case Kind.CALL if taken.event is CallEvent.ENDED:
            return _after_call(taken.where["id"], taken.at)
        case Kind.TICKET if taken.changes["stage"] is Stage.CLOSED:
            theirs = {"ticket_id": taken.where["id"]}
            return [callback_step(theirs, CallbackEvent.CANCELLED, taken.at, why="ticket closed")]
        case Kind.OFFER:
            return _after_offer(taken, row)
        case Kind.CALLBACK:
            return _after_callback(taken, row)
        case Kind.ATTEMPT if taken.call_id:
            return _handing_over(row.callback_id, taken.call_id, taken.at)
        case Kind.EMERGENCY:
            return _after_emergency(taken, taken.where["id"])
    return ()


CALL_FOLLOWS: Mapping[OfferEvent, CallEvent] = {
    OfferEvent.ANSWERED: CallEvent.ANSWERED,
    OfferEvent.LAPSED: CallEvent.OFFER_LAPSED,
    OfferEvent.TALK_ENDED: CallEvent.TALK_ENDED,
}


def _after_offer(taken: Step, offer: Offer) -> list[Effect]:
    """An answer ends the waiting, and nobody is called back as well; the end of the talk is a callback's end."""
    event = OfferEvent(taken.event)
    effects: list[Effect] = []
    if taken.agent:
        effects.append(agent_step(offer.agent_id, taken.agent, taken.at, taken.why))
    effects += _call_follows(offer, CALL_FOLLOWS.get(event))
    if event is OfferEvent.ANSWERED:
        effects.append(leaving({"id": offer.entry_id}, "answered", taken.at))
        effects += [CallOffReached(offer, taken.at)] if offer.call_id else []
    if event is OfferEvent.TALK_ENDED and offer.callback_id:
        effects.append(callback_step({"id": offer.callback_id}, CallbackEvent.TALKED, taken.at))
    return effects


def _call_follows(offer: Offer, event: CallEvent | None) -> list[Step]:
    return [call_step(offer.call_id, event)] if offer.call_id and event else []


def reached(answer: CallOffReached, caller: CallerId, owed: Sequence[Callback]) -> list[Step]:
    """Of what is owed about the call's matters, that which is owed to who talks now; what others are owed stays."""
    offer = answer.offer
    theirs = (each for each in owed if each.call_id == offer.call_id or each.number == caller.proven)
    return [
        callback_step({"id": each.id}, CallbackEvent.CANCELLED, answer.at, why="reached meanwhile")
        for each in theirs
        if each.id != offer.callback_id
    ]


def _after_callback(taken: Step, callback: Callback) -> list[Effect]:
    """An ended callback leaves the queue, is not dialled any more, and its ticket says so; one put back waits again."""
    to, theirs = CallbackState(taken.changes["state"]), {"callback_id": callback.id}
    if to is CallbackState.PENDING:
        return [Enter(place_of(callback)), Change(Kind.PLACE, theirs, {"call_id": None})]
    if to in OPEN_CALLBACKS:
        return []
    over = f"callback {to}"
    return [
        leaving(theirs, over, taken.at),
        attempt_step(theirs, AttemptEvent.CALLED_OFF, taken.at, taken.why or over),
        NoteHistory(callback.ticket_id, taken.at, "callback", to),
    ]


def _handing_over(callback_id: str, call_id: str, at: datetime) -> list[Effect]:
    """The call takes the callback's place and its live offer."""
    theirs = {"callback_id": callback_id}
    return [
        callback_step({"id": callback_id}, CallbackEvent.CONFIRMED, at, required=True),
        Change(Kind.PLACE, theirs, {"call_id": call_id, "not_before": None}),
        Change(Kind.OFFER, theirs, {"call_id": call_id}, LIVE_OFFERS),
    ]


def _after_call(call_id: str, at: datetime) -> list[Effect]:
    """A call that has ended gives its place up; a callback keeps its own and waits to be tried again."""
    return [
        Change(Kind.PLACE, {"call_id": call_id, "callback_id": ANY}, {"call_id": None}),
        leaving(_own_place(call_id), "call ended", at),
    ]


def _own_place(call_id: str) -> Columns:
    return {"call_id": call_id, "callback_id": None}


def _after_emergency(taken: Step, emergency_id: str) -> list[Effect]:
    """Only while it rings does any phone ring for it; it has ended when its caller was gone first."""
    to, effects = taken.changes["state"], list[Effect]()
    if to is not EmergencyState.RINGING:
        effects.append(ring_step({"emergency_id": emergency_id}, taken.at))
    if to in (EmergencyState.LEFT, EmergencyState.ENDED):
        effects.append(Change(Kind.EMERGENCY, {"id": emergency_id, "ended_at": None}, {"ended_at": taken.at}))
    return effects


def resting(callbacks: Sequence[Callback], calling: Sequence[CallerId]) -> frozenset[str]:
    """Of the open callbacks, those whose phone is being rung, or is on the line in another call."""
    busy = {caller.proven for caller in calling}
    return frozenset(
        each.id
        for each in callbacks
        if each.state is CallbackState.DIALLING or (each.state is CallbackState.PENDING and each.number in busy)
    )
