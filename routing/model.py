"""The records of the line: Call ≠ CallLeg ≠ Ticket ≠ contact ≠ callback attempt.

All times are aware datetimes in UTC; all ids are UUIDv7 strings unless a name says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from routing.event_types import EventType
from routing.nodes import BEFORE
from routing.phones import PhoneKind
from routing.purposes import RULES, Purpose, PurposeRule

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


class OutboundCallState(StrEnum):
    PENDING = "pending"
    DIALLING = "dialling"
    CONNECTED = "connected"
    DONE = "done"
    FAILED = "failed"  # out of attempts: the ticket says so, a person looks
    CANCELLED = "cancelled"


OPEN_OUTBOUND_CALLS = (OutboundCallState.PENDING, OutboundCallState.DIALLING, OutboundCallState.CONNECTED)


class AttemptState(StrEnum):
    CLAIMED = "claimed"  # a controller owns it; nothing has been sent
    SENT = "sent"  # Originate may have reached Asterisk; it is never sent again
    ANSWERED = "answered"  # the phone was taken
    CONFIRMED = "confirmed"  # a person was there
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
    def source(self) -> str | None:
        """From where they call; None where they do not say, or nothing proves what they say."""
        return None if self.withheld or self.kind == UNPROVEN else self.number or self.raw

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
    direction: str = "inbound"  # or "outbound": we rang them
    language: str = "en"
    state: CallState = CallState.IN_DIALOGUE
    dialogue: Mapping[str, Any] = field(default_factory=dict)  # the interpreter's saved state
    node: str = BEFORE  # whose Asterisk has it
    channel: str = ""  # of the caller: its unique id there
    ended_at: datetime | None = None
    ending: str | None = None  # why it ended; see docs/glossary
    outbound_call_id: str | None = None  # which of ours this is
    attempt_id: str | None = None  # and which dialling of it


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


class IntakeSource(StrEnum):
    """How a matter came to the line."""

    CALL = "call"  # told on the phone
    MESSAGE = "message"  # recorded by the dialplan while no controller lived
    WALK_IN = "walk_in"  # told at the desk by who stood there
    MAIL = "mail"
    COLLEAGUE = "colleague"  # told in passing by one of the house
    DESK = "desk"  # written down by a person, who does not say how it came
    API = "api"  # sent by a program


@dataclass(frozen=True)
class Intake:
    """Where a matter comes from."""

    source: IntakeSource
    reporter: CallerId | None = None  # who told it, as far as that is known; None: nobody is named
    taken_by: str = ""  # who took it in where that is a person or a program: agent:<login>

    @classmethod
    def of_call(cls, caller: CallerId) -> "Intake":
        return cls(IntakeSource.CALL, caller)


@dataclass(frozen=True)
class TicketDraft:
    topic: str
    crew: str
    urgency: str  # suggested by the system
    promise: Promise
    intake: Intake
    place: str | None = None
    place_text: str | None = None  # as keyed or said, where no known place fits
    asset: str | None = None
    words: str = ""  # as heard
    confidence: float | None = None
    why: tuple[str, ...] = ()
    callback_number: str | None = None

    @property
    def reporter(self) -> CallerId:
        """Who told it; where nobody is named, one of whom nothing is known."""
        return self.intake.reporter or CallerId()


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
    assignee: str | None = None  # login of who has it; None: its crew
    reopened_at: datetime | None = None  # when its answer last turned out to be none
    merged_into: str | None = None  # id of the ticket that has the same matter, and is worked on

    @property
    def urgency(self) -> str:
        return self.urgency_set or self.draft.urgency


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
    phone_nodes: frozenset[str] = frozenset()  # where the phone is registered
    page_seen_at: datetime | None = None  # last heartbeat of a live page
    reason: str = ""
    phone_kind: PhoneKind = PhoneKind.DESK  # which of the two that they may have `phone` is

    @property
    def phone_registered(self) -> bool:
        """Whether it can be rung anywhere."""
        return bool(self.phone_nodes)

    def rings_at(self, node: str | None) -> bool:
        """Whether that node can ring the phone; None is any node."""
        return self.phone_registered if node is None else node in self.phone_nodes


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
    node: str | None = None  # where the live call is; None while there is none
    promise_by: datetime | None = None  # what was promised of its ticket
    pressing: bool = False  # that promise is about to break
    contacts: int = 0  # how often its caller has called about this lately, where that lifts them
    last_agent: str | None = None  # who talked about its ticket last


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


@dataclass(frozen=True)
class OutboundCall:
    """Somebody whom we shall ring."""

    id: str
    ticket_id: str
    number: str
    crew: str
    urgency: str
    since: datetime  # when it was asked for; of a callback, the caller's place in the queue when they chose it
    due: datetime  # it is not dialled earlier
    purpose: Purpose = Purpose.CALLBACK
    flow: str = "callback"  # what serves whoever takes the phone
    state: OutboundCallState = OutboundCallState.PENDING
    attempts: int = 0
    call_id: str | None = None  # the call that asked for it

    @property
    def rule(self) -> PurposeRule:
        return RULES[self.purpose]


@dataclass(frozen=True)
class Attempt:
    id: str  # also the channel id given to Originate, so that it can be found again
    outbound_call_id: str
    number: int  # 1, 2, …
    state: AttemptState
    at: datetime
    offer_id: str | None = None
    slot: int | None = None  # of those that are under way at once without an agent
    ending: str | None = None
    node: str = BEFORE  # whose Asterisk dials
    agent_id: str | None = None  # for whom, of a callback: each is rung for by one at a time


class RoutingError(Exception):
    """It was refused."""


class TransitionRefused(RoutingError):
    """That step is not possible as things are."""


class NotFound(RoutingError):
    """No such record."""


class RecordsUnavailable(RoutingError):
    """The records did not answer in time: whether anything was written is not known."""


class ChangedMeanwhile(RoutingError):
    """Somebody changed this meanwhile: look at it as it is now, and decide again."""


class NotNow(RoutingError):
    """The state of things has changed; look again."""


class Missing(RoutingError):
    """Something that is required was left out."""


class NotDialled(RoutingError):
    """The number was certainly not dialled."""


class NotCallable(RoutingError):
    """The number matches none of the configured dial patterns."""
