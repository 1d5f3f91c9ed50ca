"""What brings callers onto the list of those whom nobody reached, and off it: effects, from rows and events."""

from collections.abc import Collection, Sequence
from datetime import datetime

from routing.effects import Change, Effect, Insert, JudgeMissed, Kind, SettleMissed, Transition, missed_transition
from routing.lifecycle import OutboundCallEvent
from routing.missed import (
    Listed,
    MissedCall,
    MissedEvent,
    MissedKind,
    MissedState,
    ReachedCaller,
    are_answered,
    are_reached,
    has_talked,
    missed_kind,
    waited_s,
)
from routing.model import Call, NewEvent, OutboundCall, OutboundCallState
from routing.purposes import Purpose


def judged(
    asked: JudgeMissed, call: Call, events: Collection[NewEvent], callbacks: Collection[OutboundCall],
    ticket_id: str | None, kept: MissedState | None,
) -> list[Effect]:  # fmt: skip
    """What becomes of an ended call's place on the list; `kept`: the state that it is in there, if it is."""
    if call.ending is None or call.direction != "inbound":  # what came of a callback is told by its own end
        return []
    told = [*events, *asked.events]
    kind = missed_kind(call, told, callbacks, asked.rules)
    if has_talked(call, told):
        return [SettleMissed(asked.at, call_id=call.id)]
    if kind is None:
        return []
    if kept is None:
        return [Insert(Kind.MISSED, MissedCall(call.id, kind, waited_s(call, told), ticket_id, asked.at))]
    return [Change(Kind.MISSED, {"id": call.id}, {"kind": kind, "ticket_id": ticket_id}, (MissedState.OPEN,))]


def settling(listed: Sequence[Listed], at: datetime, by: ReachedCaller | None = None) -> list[Transition]:
    """Who leaves the list: those whom `by` says to be reached; without it, those whose matters have their answers."""
    ids = are_answered(listed) if by is None else are_reached(listed, by)
    return [missed_transition({"id": each}, MissedEvent.REACHED, at) for each in sorted(ids)]


def after_stored(kept: OutboundCall, asked: OutboundCall) -> list[Transition]:
    """Who is on the list is being called back; their call has its ticket from then on."""
    if asked.call_id is None:
        return []
    stored = missed_transition({"id": asked.call_id}, MissedEvent.CALLBACK_STORED, asked.since)
    return [_with(stored, ticket_id=kept.ticket_id)]


def after_outbound_call(made: Transition, call: OutboundCall) -> list[Effect]:
    """Of a callback that is over: they are reached, or are waiting for a person to look again."""
    if call.purpose is not Purpose.CALLBACK:
        return []
    theirs, at, to = {"ticket_id": call.ticket_id}, made.at, made.changes["state"]
    if to is OutboundCallState.CANCELLED or made.event is OutboundCallEvent.LEFT_QUEUE:
        return [missed_transition(theirs, MissedEvent.CALLED_OFF, at)]
    if to is OutboundCallState.DONE:
        return [SettleMissed(at, outbound_call_id=call.id)]
    failed = _with(missed_transition(theirs, MissedEvent.CALLBACK_FAILED, at), kind=MissedKind.CALLBACK_FAILED)
    return [failed, JudgeMissed(call.call_id, at)] if call.call_id else [failed]


def after_ticket(ticket_id: str, closed: bool, at: datetime) -> list[Effect]:
    """Whoever moves a matter on has dealt with its message; a closed one has its answer."""
    heard = heard_message(ticket_id, at)
    return [heard, SettleMissed(at, ticket_id=ticket_id)] if closed else [heard]


def heard_message(ticket_id: str, at: datetime, by: str = "", required: bool = False) -> Transition:
    """Whoever left a message on that ticket is off the list."""
    theirs = {"ticket_id": ticket_id, "kind": MissedKind.MESSAGE_UNHEARD}
    return missed_transition(theirs, MissedEvent.REACHED, at, by, required)


def _with(made: Transition, **changes: object) -> Transition:
    return Transition(made.kind, made.where, {**made.changes, **changes}, made.among, made.event, made.at)
