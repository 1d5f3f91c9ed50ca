"""Callers whom nobody reached: of which kind each is, and how they leave the list. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from routing.event_types import EventType
from routing.model import OPEN_OUTBOUND_CALLS, Call, CallerId, NewEvent, OutboundCall, OutboundCallState, Ticket


class MissedKind(StrEnum):
    """In the order in which they are looked for: the first that fits counts."""

    MESSAGE_UNHEARD = "message_unheard"  # left a message that nobody has dealt with
    CALLBACK_FAILED = "callback_failed"  # all attempts to ring them have failed
    LOST = "lost"  # the line lost the call, and nobody had talked
    CALLBACK_DECLINED = "callback_declined"  # was offered a callback, did not take it, and left
    CLOSED_HOURS = "closed_hours"  # came outside opening hours
    ABANDONED = "abandoned"  # waited for a person, who did not come
    SHORT_ABANDONED = "short_abandoned"  # hung up before the waiting began, or soon after


class MissedState(StrEnum):
    OPEN = "open"  # nobody has done anything about it
    OWED = "owed"  # a callback is stored
    REACHED = "reached"  # somebody has talked with them since, heard the message, or answered the matter
    DONE = "done"  # a person says so, with the reason


class Remedy(StrEnum):
    """What a person does where calling leads to nothing; the line sends nothing by itself."""

    NOTHING = "nothing"  # nobody needs to call back
    TEXT = "text"
    LETTER = "letter"


LISTED = (MissedState.OPEN, MissedState.OWED)


class MissedEvent(StrEnum):
    CALLBACK_STORED = "callback_stored"
    CALLBACK_FAILED = "callback_failed"
    CALLED_OFF = "called_off"  # the callback, and nobody was reached by it
    REACHED = "reached"
    DONE = "done"
    REOPENED = "reopened"


MISSED_TRANSITIONS: dict[tuple[MissedState, MissedEvent], MissedState] = {
    (MissedState.OPEN, MissedEvent.CALLBACK_STORED): MissedState.OWED,
    (MissedState.OWED, MissedEvent.CALLBACK_FAILED): MissedState.OPEN,
    (MissedState.OWED, MissedEvent.CALLED_OFF): MissedState.OPEN,
    **{(state, MissedEvent.REACHED): MissedState.REACHED for state in LISTED},
    (MissedState.OPEN, MissedEvent.DONE): MissedState.DONE,
    (MissedState.DONE, MissedEvent.REOPENED): MissedState.OPEN,
    (MissedState.REACHED, MissedEvent.REOPENED): MissedState.OPEN,  # the talk was about something else
}


@dataclass(frozen=True)
class MissedCall:
    """A call whose caller nobody reached."""

    id: str  # of the call
    kind: MissedKind
    waited_s: int | None  # for a person; None where they never did
    ticket_id: str | None  # the first matter of the call
    state_since: datetime
    state: MissedState = MissedState.OPEN
    by: str = ""  # who did what led to the state: agent:<login>; empty: the line
    reason: str = ""  # as typed; private: empty once it has been forgotten


@dataclass(frozen=True)
class MissedQuery:
    state: MissedState = MissedState.OPEN
    kind: MissedKind | None = None


def always(_: datetime) -> bool:
    """Returns True: a site without hours is always open."""
    return True


@dataclass(frozen=True)
class MissedRules:
    """What a site has to say about it."""

    short_wait_s: int = 5  # who leaves within it has hardly waited
    is_open: Callable[[datetime], bool] = always


ALWAYS_OPEN = MissedRules()
TALKS_TO_FALLBACK = "talks to the fallback group"  # why somebody left the queue
TALKED = ("talked", "emergency_answered")  # endings, and outcomes of what the dialplan did
BROKEN_OFF = ("lost", "dialogue_limit")  # by the line
WAITING_BEGAN = (EventType.QUEUE_ENTERED, EventType.CALLBACK_TAKEN_OVER)
MESSAGES = frozenset({EventType.MESSAGE_RECORDED, EventType.MESSAGE_OWED})
# Emergencies have a list of their own, on every desk until a person has them.
EMERGENCIES = frozenset({EventType.EMERGENCY_SUMMONED, EventType.EMERGENCY_TAKEN, EventType.EMERGENCY_LEFT})
# By which a caller who is owed a callback wanted something else, or is owed it no longer.
SPOKE = frozenset(
    {EventType.HEARD, EventType.TICKET_OPENED, EventType.TICKET_JOINED, EventType.CALLBACK_CANCELLED}
)  # fmt: skip
TELLING = frozenset(
    {
        *WAITING_BEGAN, *MESSAGES, *EMERGENCIES, EventType.QUEUE_LEFT, EventType.AGENT_ANSWERED,
        EventType.DIALPLAN_TOOK_OVER, EventType.CALLBACK_DECLINED, EventType.CALLBACK_OWED, *SPOKE,
    }
)  # fmt: skip
"""The types of events that the kind of a call follows from."""


def missed_kind(
    call: Call, events: Collection[NewEvent], callbacks: Collection[OutboundCall], rules: MissedRules
) -> MissedKind | None:
    """Of which kind a caller is whom nobody reached; None where somebody did, or will, or the line served them.

    `events` are the call's, of the types `TELLING` at least; `callbacks` those owed to its caller about its matters.
    """
    types = frozenset(event.type for event in events)
    if call.direction != "inbound" or call.ending is None or has_talked(call, events) or types & EMERGENCIES:
        return None
    if {callback.state for callback in callbacks} - {OutboundCallState.FAILED}:
        return None
    waited = waited_s(call, events)
    if waited is None and not callbacks and _only_asked(call, types):
        return None
    fits = {
        MissedKind.MESSAGE_UNHEARD: bool(types & MESSAGES) or call.ending == "message_left",
        MissedKind.CALLBACK_FAILED: bool(callbacks),
        MissedKind.LOST: call.ending in BROKEN_OFF or EventType.DIALPLAN_TOOK_OVER in types,
    }
    if call.ending != "served" or waited is not None:  # who heard the end without ever waiting has what they wanted
        fits |= _left(types, waited, rules, rules.is_open(call.started_at))
    return next((kind for kind in MissedKind if fits.get(kind)), None)


def _only_asked(call: Call, types: frozenset[str]) -> bool:
    """Whether they heard that they are called back, as they are, and hung up."""
    otherwise = types & {*SPOKE, *MESSAGES, EventType.CALLBACK_DECLINED, EventType.DIALPLAN_TOOK_OVER}
    return EventType.CALLBACK_OWED in types and call.ending == "caller_hung_up" and not otherwise


def _left(
    types: frozenset[EventType], waited: int | None, rules: MissedRules, in_hours: bool
) -> Mapping[MissedKind, bool]:
    return {
        MissedKind.CALLBACK_DECLINED: EventType.CALLBACK_DECLINED in types,
        MissedKind.CLOSED_HOURS: not in_hours,
        MissedKind.ABANDONED: waited is not None and waited > rules.short_wait_s,
        MissedKind.SHORT_ABANDONED: True,
    }


def has_talked(call: Call, events: Collection[NewEvent]) -> bool:
    """Whether a person was reached in this very call, also where the dialplan rang one by itself."""
    told = (event.payload.get("outcome") for event in events if event.type == EventType.DIALPLAN_TOOK_OVER)
    left = (event.payload.get("reason") for event in events if event.type == EventType.QUEUE_LEFT)
    answered = any(event.type == EventType.AGENT_ANSWERED for event in events)
    return answered or call.ending in TALKED or any(each in TALKED for each in told) or TALKS_TO_FALLBACK in left


def waited_s(call: Call, events: Collection[NewEvent]) -> int | None:
    """How long the caller waited for a person, in seconds; None where they never did."""
    span = waiting_span(events, call.ended_at)
    return None if span is None else max(0, int((span[1] - span[0]).total_seconds()))


def waiting_span(events: Collection[NewEvent], ended_at: datetime | None) -> tuple[datetime, datetime] | None:
    """From when until when a caller waited whom no agent answered; None where they never did."""
    began = [event.at for event in events if event.type in WAITING_BEGAN]
    if not began:
        return None
    left = [event.at for event in events if event.type == EventType.QUEUE_LEFT and event.at >= max(began)]
    return min(began), max(left, default=ended_at or max(began))


# who leaves the list by themselves


@dataclass(frozen=True)
class Listed:
    """One who is on the list, with what their call tells of them."""

    id: str
    state: MissedState
    caller: CallerId
    ticket_ids: frozenset[str] = frozenset()  # all matters of the call
    unanswered: frozenset[str] = frozenset()  # those of them that are not closed


@dataclass(frozen=True)
class ReachedCaller:
    """Somebody with whom a person has talked."""

    caller: CallerId
    ticket_ids: frozenset[str]  # what it was about
    call_id: str | None = None  # the call that asked to be rung, or this one
    rung: bool = False  # we rang them: whoever was to be rung about the matter has been


def are_reached(listed: Sequence[Listed], by: ReachedCaller) -> list[str]:
    """The ids of those who have been reached about what they called about."""
    return [each.id for each in listed if each.id == by.call_id or _is_reached(each, by)]


def _is_reached(missed: Listed, by: ReachedCaller) -> bool:
    """By their number, about a matter that both named; where one named none, the number must be known to be theirs."""
    shared = bool(missed.ticket_ids & by.ticket_ids)
    if by.rung and shared and missed.state is MissedState.OWED:
        return True
    number = None if missed.caller.withheld else missed.caller.number
    if number is None or number != by.caller.number or by.caller.withheld:
        return False
    one_named_none = not missed.ticket_ids or not by.ticket_ids
    return shared or (one_named_none and missed.caller.identifies and by.caller.identifies)


def are_answered(listed: Sequence[Listed]) -> list[str]:
    """The ids of those all of whose matters are closed, which takes an answer."""
    return [each.id for each in listed if each.ticket_ids and not each.unanswered]


def number_to_ring(call: Call, ticket: Ticket | None) -> str | None:
    """Where the caller wanted to be rung about their own matter, else where they rang from; None where they hide it."""
    own = None if call.caller.withheld else call.caller.number
    theirs = ticket is not None and ticket.draft.reporter == call.caller  # not so of a matter that they joined
    return (ticket.draft.callback_number if ticket and theirs else None) or own


def is_theirs(callback: OutboundCall, call: Call) -> bool:
    """Whether a callback about a matter of the call is, or was, for its caller."""
    open_to_them = callback.state in OPEN_OUTBOUND_CALLS and callback.number == call.caller.number
    return callback.call_id == call.id or (open_to_them and not call.caller.withheld)


# the records of it


class MissedCalls(Protocol):
    """Callers whom nobody reached. They come onto the list as their call ends, and leave it, as the rules say."""

    async def load(self, call_id: str) -> MissedCall:
        """Raises: NotFound, where the call is not and never was on the list."""

    async def judge(self, call_id: str, at: datetime, rules: MissedRules) -> None:
        """Look again at an ended call of which more has become known."""

    async def advance(
        self, call_id: str, event: MissedEvent, at: datetime, by: str = "", reason: str = "",
        events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        """False, and nothing changes, where it is in a state that has no such event."""

    async def heard(self, ticket_id: str, at: datetime, by: str) -> bool:
        """Somebody has listened to a message on that ticket; False where nobody was listed for it."""

    async def listed(self, query: MissedQuery, limit: int, before: str | None = None) -> Sequence[MissedCall]:
        """Newest first; `before` is the id of the last one of the page before."""

    async def counts(self) -> Mapping[MissedKind, int]:
        """How many of each kind nobody has done anything about; kinds without any are left out."""
