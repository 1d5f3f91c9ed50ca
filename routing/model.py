"""The records of the line: Call ≠ CallLeg ≠ Ticket ≠ contact ≠ callback attempt.

All times are aware datetimes in UTC; all ids are UUIDv7 strings unless a name says otherwise.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from routing.event_types import EventType

URGENCY_ORDER = ("critical", "high", "normal", "low")


class CallState(StrEnum):
    IN_DIALOGUE = "in_dialogue"
    WAITING = "waiting"
    OFFERED = "offered"
    CONNECTED = "connected"
    ENDED = "ended"


class AgentState(StrEnum):
    AVAILABLE = "available"
    RESERVED = "reserved"
    ON_CALL = "on_call"
    AFTER_CALL_WORK = "after_call_work"
    NOT_READY = "not_ready"


class OfferState(StrEnum):
    MADE = "made"  # claimed; the screen-pop is on its way
    SEEN = "seen"  # the desk shows it; the phone may ring
    RINGING = "ringing"
    ANSWERED = "answered"  # still live: the talk is on
    ENDED = "ended"  # the talk is over
    LAPSED = "lapsed"  # not seen, not answered, or the caller left


LIVE_OFFERS = (OfferState.MADE, OfferState.SEEN, OfferState.RINGING, OfferState.ANSWERED)


class Stage(StrEnum):
    RECORDED = "recorded"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    CLOSED = "closed"


class CallbackState(StrEnum):
    PENDING = "pending"
    DIALLING = "dialling"
    CONNECTED = "connected"
    DONE = "done"
    FAILED = "failed"  # out of attempts: the ticket says so, a person looks
    CANCELLED = "cancelled"


OPEN_CALLBACKS = (CallbackState.PENDING, CallbackState.DIALLING, CallbackState.CONNECTED)


class AttemptState(StrEnum):
    CLAIMED = "claimed"  # a controller owns it; nothing has been sent
    SENT = "sent"  # Originate may have reached Asterisk; it is never sent again
    ANSWERED = "answered"  # the phone was taken
    CONFIRMED = "confirmed"  # a person pressed a key
    FAILED = "failed"
    LOST = "lost"  # its controller died; no channel was found


CallerKind = Literal["staff", "patient", "unknown", "unproven"]
UNPROVEN: CallerKind = "unproven"  # nothing proves the number that the caller tells


@dataclass(frozen=True)
class CallerId:
    """Who calls, as far as the network says."""

    raw: str = ""  # ANI as received, hostile
    number: str | None = None  # normalised: E.164, or the extension
    name: str = ""  # display name as received, hostile
    withheld: bool = False
    contact: str | None = None  # the configured contact's name, when its number is known
    place: str | None = None  # that contact's place id
    kind: CallerKind = "unknown"
    shared: bool = False  # a shared or trunk number: never identifies a person

    @property
    def known_as(self) -> str:
        """The contact's name, or the one that came with a proved number: anybody can write another's into a call."""
        return self.contact or ("" if self.kind == UNPROVEN else self.name)

    @property
    def proven(self) -> str | None:
        """The number, unless nothing proves it: else whoever says a number would be taken for its owner."""
        return None if self.kind == UNPROVEN else self.number

    @property
    def identifies(self) -> bool:
        """Whether the number is known to be the caller's own, and nobody else's."""
        return bool(self.number) and not (self.withheld or self.shared or self.kind == UNPROVEN)


@dataclass(frozen=True)
class Call:
    id: str
    site_id: str
    dnis: str
    caller: CallerId
    started_at: datetime
    pins: Mapping[str, str]  # document kind → content hash
    direction: str = "inbound"  # or "callback"
    language: str = "en"
    state: CallState = CallState.IN_DIALOGUE
    dialogue: Mapping[str, Any] = field(default_factory=dict)  # the interpreter's saved state
    ended_at: datetime | None = None
    ending: str | None = None  # why it ended; see docs/glossary
    callback_id: str | None = None


@dataclass(frozen=True)
class NewEvent:
    """One line of a call's timeline, not yet numbered.

    `payload` holds nothing private; what was said, names and numbers go into `private`,
    which lives in its own table with `purge_after`.
    """

    call_id: str
    type: EventType
    at: datetime
    actor: str = "line"  # line, caller, agent:<login>, system
    leg: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Event(NewEvent):
    id: str = ""
    seq: int = 0  # unique per call
    schema_version: int = 1


@dataclass(frozen=True)
class NewOutcome:
    """What came of the dialogue's last action, as JSON; private: it may hold words, digits and names."""

    at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True)
class CallHistory:
    """All that is needed to run a call's dialogue again."""

    begun: Mapping[str, Any]  # the dialogue's state before the first outcome; empty where it is not kept
    outcomes: tuple[Mapping[str, Any], ...]  # oldest first
    whole: bool = True  # False: some outcomes have been erased or forgotten


@dataclass(frozen=True)
class Promise:
    """What the caller was told will happen, and by when."""

    what: str  # prompt key: promise_attend, promise_answer, …
    by: datetime


@dataclass(frozen=True)
class TicketDraft:
    topic: str
    crew: str
    urgency: str  # suggested by the system
    promise: Promise
    caller: CallerId
    place: str | None = None
    place_text: str | None = None  # as keyed or said, where no known place fits
    asset: str | None = None
    words: str = ""  # as heard
    confidence: float | None = None
    why: tuple[str, ...] = ()
    callback_number: str | None = None


CORRECTABLE = ("topic", "crew", "urgency", "place", "place_text", "asset", "words", "confidence", "why")


def corrected(before: TicketDraft, now: TicketDraft, fields: Collection[str] = CORRECTABLE) -> TicketDraft:
    """The draft with what a correction changes, of what it may change; who called and what was promised stay."""
    return replace(before, **{name: getattr(now, name) for name in CORRECTABLE if name in fields})


@dataclass(frozen=True)
class Ticket:
    id: str
    number: str  # short, spoken, unambiguous, never reused
    site_id: str
    opened_at: datetime
    stage: Stage
    draft: TicketDraft
    urgency_set: str | None = None  # by a person; the suggestion stays in the draft
    stages: Mapping[Stage, datetime] = field(default_factory=dict)
    answer: str | None = None  # what the caller was told at the end; private: None once it has been forgotten

    @property
    def urgency(self) -> str:
        return self.urgency_set or self.draft.urgency


def is_moved(ticket: Ticket, to: Stage, answer: str | None, seen: Stage | None) -> bool:
    """Whether this very step has been taken already, as when nobody heard the first try's answer.

    Raises: ChangedMeanwhile.
    """
    if seen is None or ticket.stage is seen:
        return False
    if ticket.stage is to and answer in (None, ticket.answer):
        return True
    raise ChangedMeanwhile


def refuse_unseen(ticket: Ticket, urgency: str, seen: str | None) -> None:
    """Raises: ChangedMeanwhile, when the urgency is neither what was seen nor what is wanted."""
    if seen not in (None, ticket.urgency) and ticket.urgency != urgency:
        raise ChangedMeanwhile


@dataclass(frozen=True)
class Agent:
    id: str
    login: str
    name: str
    crews: frozenset[str]
    phone: str | None
    state: AgentState
    state_since: datetime
    idle_since: datetime
    phone_registered: bool = False
    page_seen_at: datetime | None = None  # last heartbeat of a live page
    reason: str = ""


@dataclass(frozen=True)
class QueueEntry:
    """A caller, or an owed callback, whose turn will come."""

    id: str  # the queue entry
    crew: str
    urgency: str
    since: datetime  # kept through no-answers, resumptions and callbacks: the fair place
    call_id: str | None = None  # a live call …
    callback_id: str | None = None  # … or a callback
    ticket_id: str | None = None
    not_before: datetime | None = None
    not_agents: frozenset[str] = frozenset()  # who already failed to answer this one


@dataclass(frozen=True)
class Offer:
    """One waiting caller held out to exactly one agent."""

    id: str
    entry_id: str
    agent_id: str
    made_at: datetime
    state: OfferState = OfferState.MADE
    call_id: str | None = None
    callback_id: str | None = None
    ticket_id: str | None = None
    seen_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ending: str | None = None


def wrap_up_events(offer: Offer, agent: Agent, disposition: str, at: datetime, note: str = "") -> list[NewEvent]:
    """What a disposition adds to the timeline of the call it is about."""
    if offer.call_id is None:
        return []
    facts = {"offer": offer.id, "agent": agent.id, "disposition": disposition}
    private = {"note": note} if note else {}
    return [
        NewEvent(offer.call_id, EventType.WRAP_UP, at, actor=f"agent:{agent.login}", payload=facts, private=private)
    ]


NO_DISPOSITION = "none given"


def may_be_completed(said: str, disposition: str | None) -> bool:
    """Whether a wrap-up takes what comes late: a note at any time, a disposition where none was given."""
    return disposition is None or said == NO_DISPOSITION


def late_note(kept: str, typed: str) -> str | None:
    """The note, with what was typed and came late; None where it holds that already."""
    if not typed or typed in kept:
        return None
    return typed if typed.startswith(kept) else f"{kept}\n{typed}"


def note_events(
    offer: Offer, agent: Agent, note: str | None, at: datetime, disposition: str | None = None
) -> list[NewEvent]:
    """What was filled in late adds to the timeline of the call it is about."""
    if offer.call_id is None or not (note or disposition):
        return []
    facts = {"offer": offer.id, "agent": agent.id} | ({"disposition": disposition} if disposition else {})
    private = {"note": note} if note else {}
    return [NewEvent(offer.call_id, EventType.NOTE_ADDED, at, f"agent:{agent.login}", payload=facts, private=private)]


def wrap_up_form(offer_id: str) -> str:
    """The form whose draft is the note of a wrap-up."""
    return f"wrap-up-{offer_id}"


def answer_form(ticket_id: str) -> str:
    """The form whose draft is the answer to a matter's caller."""
    return f"answer-{ticket_id}"


@dataclass(frozen=True)
class Callback:
    id: str
    ticket_id: str
    number: str
    crew: str
    urgency: str
    since: datetime  # the caller's place in the queue when they chose it
    state: CallbackState = CallbackState.PENDING
    attempts: int = 0
    not_before: datetime | None = None
    call_id: str | None = None  # the call that asked for it


@dataclass(frozen=True)
class Attempt:
    id: str  # also the channel id given to Originate, so that it can be found again
    callback_id: str
    number: int  # 1, 2, …
    state: AttemptState
    at: datetime
    offer_id: str | None = None
    ending: str | None = None


class RoutingError(Exception):
    """Something that routing refuses."""


class TransitionRefused(RoutingError):
    """The lifecycle has no such step."""


class NotFound(RoutingError):
    """No such record."""


class RecordsUnavailable(RoutingError):
    """The records did not answer in time: whether anything was written is not known."""


class ChangedMeanwhile(RoutingError):
    """Somebody changed this meanwhile: look at it as it is now, and decide again."""


class NotDialled(RoutingError):
    """The number was certainly not dialled."""


class NotCallable(RoutingError):
    """The number matches none of the configured dial patterns."""
