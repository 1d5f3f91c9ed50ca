"""Effects: what becomes of rows, as values. `routing.rules` says which; the records apply them in one transaction.

Whoever keeps the records (`store`, or `routing.fake` in memory) knows how to apply an effect, and no rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
from routing.help_requests import HELP_TRANSITIONS, OPEN_HELP, HelpEvent, HelpState
from routing.lifecycle import (
    AGENT_TRANSITIONS,
    ATTEMPT_TRANSITIONS,
    CALL_TRANSITIONS,
    OFFER_TRANSITIONS,
    OPEN_ATTEMPTS,
    OUTBOUND_CALL_TRANSITIONS,
    TICKET_TRANSITIONS,
    AgentEvent,
    AttemptEvent,
    CallEvent,
    OfferEvent,
    OutboundCallEvent,
    TicketEvent,
    after,
    sources_and_target,
)
from routing.missed import ALWAYS_OPEN, MISSED_TRANSITIONS, MissedEvent, MissedRules
from routing.model import (
    LIVE_OFFERS,
    OPEN_OUTBOUND_CALLS,
    AgentState,
    NewEvent,
    Offer,
    QueueEntry,
    RoutingError,
    Stage,
    Ticket,
)
from routing.talks import (
    COMMAND_TRANSITIONS,
    IN_TALK,
    OPEN_COMMANDS,
    PARTICIPANT_TRANSITIONS,
    TALK_TRANSITIONS,
    CommandEvent,
    ParticipantEvent,
    Role,
    TalkEvent,
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
    OUTBOUND_CALL = "outbound_calls"
    ATTEMPT = "attempts"
    EMERGENCY = "emergencies"
    RING = "rings"
    TAKE = "takes"
    TALK = "talks"
    PARTICIPANT = "participants"
    TALK_COMMAND = "talk_commands"
    MISSED = "missed_calls"  # callers whom nobody reached
    HELP = "help_requests"


LIVE: Mapping[Kind, tuple[StrEnum, ...]] = {
    Kind.OFFER: LIVE_OFFERS,
    Kind.OUTBOUND_CALL: OPEN_OUTBOUND_CALLS,
    Kind.ATTEMPT: OPEN_ATTEMPTS,
    Kind.TAKE: OPEN_TAKES,
    Kind.TALK_COMMAND: OPEN_COMMANDS,
    Kind.HELP: OPEN_HELP,
}
ONE_LIVE_PER: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.PLACE: (("call_id",), ("callback_id",)),
    Kind.OFFER: (("entry_id",), ("call_id",), ("agent_id",)),
    Kind.OUTBOUND_CALL: (("ticket_id", "purpose"),),
    Kind.ATTEMPT: (("outbound_call_id",), ("slot",), ("agent_id",)),
    Kind.TAKE: (("emergency_id",),),
    Kind.TALK_COMMAND: (("talk_id",),),
    Kind.HELP: (("agent_id",),),
}
"""Of a kind's rows that are live, no two share all values of any of these; the first to have them wins."""

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
class Transition(Change):
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

    entry: QueueEntry


@dataclass(frozen=True)
class CallOffReached:
    """Call off those callbacks, of all that are open about matters of the offer's call, that `reached` names."""

    offer: Offer
    at: datetime


@dataclass(frozen=True)
class LinkMatter:
    """The call is about the outbound call's ticket, too."""

    call_id: str
    outbound_call_id: str
    at: datetime


@dataclass(frozen=True)
class NoteNumber:
    """The ticket says where its caller will be called back."""

    ticket_id: str
    number: str


@dataclass(frozen=True)
class Renumber:
    """Whoever is still owed a call about the ticket is rung at this number."""

    ticket_id: str
    number: str


@dataclass(frozen=True)
class NoteHistory:
    """A line of the ticket's own history, with nothing private."""

    ticket_id: str
    at: datetime
    what: str
    to: str


@dataclass(frozen=True)
class EndIfEmpty:
    """The talk is over where `routing.talks.is_empty` says so, and whoever remains has left it."""

    talk_id: str
    at: datetime


@dataclass(frozen=True)
class JudgeMissed:
    """Have an ended call on the list of those whom nobody reached, or not, as `routing.missed_rules.judged` says."""

    call_id: str
    at: datetime
    rules: MissedRules = ALWAYS_OPEN
    events: tuple[NewEvent, ...] = ()  # of the call, that are written in the same transaction


@dataclass(frozen=True)
class SettleMissed:
    """Take off that list whom `routing.missed_rules.settling` names: of one of these, by a talk or an answer."""

    at: datetime
    call_id: str | None = None  # a person talks with its caller
    outbound_call_id: str | None = None  # whom it was for has been called back
    ticket_id: str | None = None  # it is closed


Effect = (
    Change | Insert | Enter | CallOffReached | LinkMatter | NoteNumber | Renumber | NoteHistory | EndIfEmpty
    | JudgeMissed | SettleMissed
)  # fmt: skip

# transitions, as they are asked for

STAMPS = {OfferEvent.SHOWN: "seen_at", OfferEvent.RANG: "ringing_at", OfferEvent.ANSWERED: "answered_at"}


def agent_transition(
    agent_id: str, event: AgentEvent, at: datetime, reason: str = "", required: bool = False
) -> Transition:
    """Who was only held for an offer keeps the idle time."""
    sources, to = sources_and_target(AGENT_TRANSITIONS, event)
    idle = {"idle_since": at} if to is AgentState.AVAILABLE and event is not AgentEvent.RELEASED else {}
    changes = {"state": to, "state_since": at, "reason": reason, **idle}
    return Transition(Kind.AGENT, {"id": agent_id}, changes, sources, event, at, required)


def call_transition(
    call_id: str, event: CallEvent, at: datetime = datetime.min, ending: str | None = None
) -> Transition:
    """A call that has no such transition stays as it is, unless it ends: that it does once."""
    sources, to = sources_and_target(CALL_TRANSITIONS, event)
    end = {"ending": ending, "ended_at": at} if event is CallEvent.ENDED else {}
    return Transition(Kind.CALL, {"id": call_id}, {"state": to, **end}, sources, event, at, event is CallEvent.ENDED)


def offer_transition(
    offer_id: str, event: OfferEvent, at: datetime, ending: str | None, agent: AgentEvent | None, reason: str
) -> Transition:
    sources, to = sources_and_target(OFFER_TRANSITIONS, event)
    changes = {"state": to, "ending": ending, STAMPS.get(event, "ended_at"): at}
    return Transition(Kind.OFFER, {"id": offer_id}, changes, sources, event, at, True, reason, agent)


def outbound_call_transition(
    where: Columns, event: OutboundCallEvent, at: datetime, due: datetime | None = None, why: str = "",
    required: bool = False,
) -> Transition:  # fmt: skip
    """`due`: when it is dialled again."""
    sources, to = sources_and_target(OUTBOUND_CALL_TRANSITIONS, event)
    changes = {"state": to} | ({"due": due} if due else {})
    return Transition(Kind.OUTBOUND_CALL, where, changes, sources, event, at, required, why)


def attempt_transition(
    where: Columns, event: AttemptEvent, at: datetime, ending: str | None = None, required: bool = False,
    call_id: str | None = None,
) -> Transition:  # fmt: skip
    sources, to = sources_and_target(ATTEMPT_TRANSITIONS, event)
    changes = {"state": to, "at": at, "ending": ending}
    return Transition(Kind.ATTEMPT, where, changes, sources, event, at, required, call_id=call_id)


def emergency_transition(emergency_id: str, event: EmergencyEvent, at: datetime, by: str) -> Transition:
    """Who takes it is named from then on, until it is rung again."""
    sources, to = sources_and_target(EMERGENCY_TRANSITIONS, event)
    taken = {"taken_by": by, "taken_at": at} if by else {}
    anew = {"taken_by": "", "taken_at": None, "ended_at": None} if to is EmergencyState.RINGING else {}
    return Transition(Kind.EMERGENCY, {"id": emergency_id}, {"state": to, **taken, **anew}, sources, event, at, True)


def take_transition(take_id: str, event: TakeEvent, at: datetime) -> Transition:
    sources, to = sources_and_target(TAKE_TRANSITIONS, event)
    return Transition(Kind.TAKE, {"id": take_id}, {"state": to, "at": at}, sources, event, at, True)


def ring_transition(where: Columns, at: datetime, required: bool = False) -> Transition:
    """A ring's state is whether it has an end."""
    return Transition(Kind.RING, {**where, "ended_at": None}, {"ended_at": at}, (), RingEvent.STOPPED, at, required)


def talk_transition(talk_id: str, at: datetime) -> Transition:
    sources, to = sources_and_target(TALK_TRANSITIONS, TalkEvent.EMPTIED)
    return Transition(Kind.TALK, {"id": talk_id}, {"state": to, "ended_at": at}, sources, TalkEvent.EMPTIED, at)


def participant_transition(where: Columns, at: datetime, required: bool = False) -> Transition:
    """Whoever is in a talk leaves it."""
    sources, to = sources_and_target(PARTICIPANT_TRANSITIONS, ParticipantEvent.LEFT)
    changes = {"state": to, "left_at": at}
    return Transition(Kind.PARTICIPANT, where, changes, sources, ParticipantEvent.LEFT, at, required)


def participant_channel(call_id: str, role: Role, channel: str) -> Change:
    """The first to tell of it counts."""
    unknown = {"call_id": call_id, "role": role, "channel": None}
    return Change(Kind.PARTICIPANT, unknown, {"channel": channel}, IN_TALK)


def command_transition(command_id: str, event: CommandEvent, at: datetime, why: str) -> Transition:
    sources, to = sources_and_target(COMMAND_TRANSITIONS, event)
    changes = {"state": to, "at": at, "why": why}
    return Transition(Kind.TALK_COMMAND, {"id": command_id}, changes, sources, event, at, True)


def stage_transition(ticket: Ticket, stage: Stage, at: datetime) -> Transition:
    """To a stage that `next_stage` allows."""
    return Transition(
        Kind.TICKET, {"id": ticket.id}, {"stage": stage}, (ticket.stage,), TicketEvent(stage.value), at, True
    )


def standing_transition(ticket: Ticket, event: TicketEvent, at: datetime, **changes: Any) -> Transition:
    """What was said of a matter is put right, with what else changes of its ticket. Raises: TransitionRefused."""
    to = after(TICKET_TRANSITIONS, ticket.stage, event)
    return Transition(Kind.TICKET, {"id": ticket.id}, {"stage": to, **changes}, (ticket.stage,), event, at, True)


def missed_transition(
    where: Columns, event: MissedEvent, at: datetime, by: str = "", required: bool = False
) -> Transition:
    """`by`: who does it; the line, where it is empty."""
    sources, to = sources_and_target(MISSED_TRANSITIONS, event)
    changes = {"state": to, "state_since": at, "by": by}
    return Transition(Kind.MISSED, where, changes, sources, event, at, required)


def help_transition(request_id: str, event: HelpEvent, at: datetime, by: str) -> Transition:
    sources, to = sources_and_target(HELP_TRANSITIONS, event)
    stamps = {"taken_by": by, "taken_at": at} if to is HelpState.TAKEN else {"ended_at": at}
    return Transition(Kind.HELP, {"id": request_id}, {"state": to, **stamps}, sources, event, at, True)
