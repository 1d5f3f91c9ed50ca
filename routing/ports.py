"""What routing and the dialogue need from the records; `store` implements it, `routing.fake` mimics it.

Every method is one transaction. Steps are told by their event: what may become what is in the lifecycles' tables,
what follows from it in `routing.rules`. A claim returns whether *this* caller won it; losing is no error.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from routing.caps import Asked, AskedAlike
from routing.corrections import CORRECTABLE, Corrections
from routing.drafts import Drafts
from routing.emergencies import Emergency, EmergencyEvent, Ring, Take, TakeEvent
from routing.floor_records import FloorRecords
from routing.handling import Handling
from routing.legs import CallLeg
from routing.lifecycle import AgentEvent, AttemptEvent, CallEvent, OfferEvent, OutboundCallEvent
from routing.missed import ALWAYS_OPEN, MissedCalls, MissedRules
from routing.model import (
    Agent,
    Attempt,
    Call,
    CallHistory,
    Event,
    NewEvent,
    NewOutcome,
    Offer,
    OutboundCall,
    Promise,
    QueueEntry,
    Stage,
    Ticket,
    TicketDraft,
)
from routing.nodes import Nodes
from routing.phones import PhoneKind
from routing.purposes import Purpose
from routing.talks import Talks
from routing.waits import Waits
from routing.work_list import SavedFilters


class Calls(Protocol):
    async def open(self, call: Call, events: Sequence[NewEvent] = ()) -> bool:
        """Record a call before anything is said; False when the id is already known."""

    async def load(self, call_id: str) -> Call:
        """Raises: NotFound."""

    async def known(self, call_ids: Collection[str]) -> Mapping[str, Call]:
        """Those of the given calls that there are, by id, in one reading."""

    async def save(
        self, call_id: str, dialogue: Mapping[str, Any], events: Sequence[NewEvent] = (),
        event: CallEvent | None = None, outcome: NewOutcome | None = None,
    ) -> None:  # fmt: skip
        """Save the dialogue's state, append what happened since and the outcome that led to it, and take its step.

        All together.

        A call that has ended has no step any more. Raises: NotFound.
        """

    async def append(self, events: Sequence[NewEvent]) -> None:
        """Raises: NotFound."""

    async def end(
        self, call_id: str, ending: str, at: datetime, events: Sequence[NewEvent] = (),
        rules: MissedRules = ALWAYS_OPEN,
    ) -> bool:  # fmt: skip
        """End a call, withdraw it from the queue, and list it where nobody was reached; False when it had ended."""

    async def timeline(self, call_id: str) -> Sequence[Event]: ...

    async def history(self, call_id: str) -> CallHistory:
        """The state that the call's dialogue began with, and each outcome since. Raises: NotFound."""

    async def live(self) -> Sequence[Call]:
        """Calls that have no ending yet."""

    async def of_attempt(self, attempt_id: str) -> Call | None:
        """What the dialling of an outbound call became."""

    async def ended(self, call_ids: Collection[str]) -> frozenset[str]:
        """Those of the given calls that have ended."""


class Legs(Protocol):
    """The channels of calls: opened when a channel joins a call, ended when Asterisk says that it is gone."""

    async def open(self, leg: CallLeg) -> bool:
        """False when the call has this channel already: a resumption goes on on the same leg. Raises: NotFound."""

    async def end(self, channel: str, cause: str, at: datetime) -> bool:
        """End whatever leg this channel is, and say so in its call's timeline; False where it is none, or was ended."""

    async def of_call(self, call_id: str) -> Sequence[CallLeg]:
        """Oldest first."""

    async def call_of(self, channel: str) -> str | None:
        """The id of the call that this channel is a leg of."""


class Tickets(Protocol):
    async def open(self, draft: TicketDraft, call_id: str | None, at: datetime, key: str | None = None) -> Ticket:
        """Open a ticket with a fresh spoken number; `key` makes a repeat return the same ticket."""

    async def join(self, ticket_id: str, call_id: str, at: datetime) -> None: ...

    async def load(self, ticket_id: str) -> Ticket: ...

    async def known(self, ticket_ids: Collection[str]) -> Mapping[str, Ticket]:
        """Those of the given tickets that there are, by id, in one reading."""

    async def by_number(self, number: str) -> Ticket | None: ...

    async def open_at(self, topic: str, place: str) -> Sequence[Ticket]:
        """Open matters on this topic at this known place, oldest first."""

    async def of_caller(self, number: str) -> Sequence[Ticket]:
        """Open matters reported from this number, newest first; of a merged ticket, the one that has its matter."""

    async def of_call(self, call_id: str) -> Sequence[Ticket]: ...

    async def move(
        self, ticket_id: str, to: Stage, actor: str, at: datetime, answer: str | None = None, seen: Stage | None = None
    ) -> Ticket:
        """A matter that is CLOSED owes no callback: an open one is cancelled, unless its person is on the line.

        `seen` is the stage that whoever decided had before them. A repeat of what has been done changes nothing.
        Raises: NotFound, TransitionRefused, ChangedMeanwhile.
        """

    async def correct(
        self, ticket_id: str, draft: TicketDraft, actor: str, at: datetime, fields: Collection[str] = CORRECTABLE
    ) -> Ticket:
        """Take over those `fields` that a caller may correct; who called and what was promised stay.

        Raises: NotFound.
        """

    async def set_urgency(
        self, ticket_id: str, urgency: str, actor: str, at: datetime, promise: Promise | None = None,
        seen: str | None = None, why: str = "",
    ) -> Ticket:  # fmt: skip
        """A person decides, and may say why; whoever waits about this matter takes the place that goes with it.

        Where the `promise` is another than before it stands from now on, and the ticket's history says so; the one
        that it replaces counts as neither kept nor broken. `seen` is the urgency that the person had before them.

        Raises: NotFound, ChangedMeanwhile.
        """

    async def add_message(self, ticket_id: str, recording: str, at: datetime) -> None:
        """Attach a recorded message (path of a WAV) to a ticket."""

    async def add_note(self, ticket_id: str, note: str, actor: str, at: datetime, key: str | None = None) -> bool:
        """A line of the ticket's story; False where the ticket has the note of that key. Raises: NotFound."""


class Queue(Protocol):
    async def enter(self, entry: QueueEntry) -> QueueEntry:
        """Take a place; a call or callback that has one keeps it (the entry returned is the one kept).

        The kept entry takes on the new crew, urgency, ticket and `not_before`: until then it is not offered.
        A call that has ended takes no place.
        """

    async def leave(self, entry_id: str, reason: str, at: datetime) -> None: ...

    async def waiting(self) -> Sequence[QueueEntry]:
        """All entries without a live offer, in no particular order."""

    async def refused_by(self, entry_id: str, agent_id: str) -> None:
        """Remember that this agent did not answer this entry."""

    async def of_call(self, call_id: str) -> QueueEntry | None:
        """The place this call holds, whether or not it is being offered."""

    async def of_callback(self, callback_id: str) -> QueueEntry | None:
        """The place this callback holds, whether or not it is being offered."""

    async def entry(self, entry_id: str) -> QueueEntry | None:
        """The entry, unless it has left the queue."""


class Agents(Protocol):
    async def enrol(self, agent: Agent) -> None:
        """Add an agent, or bring name, crews and phone up to date; state and kind of phone are left alone."""

    async def all(self) -> Sequence[Agent]: ...

    async def load(self, agent_id: str) -> Agent: ...

    async def change(self, agent_id: str, event: AgentEvent, at: datetime, reason: str = "") -> bool:
        """False, and nothing changes, when the agent is in a state that has no such event."""

    async def heartbeat(self, agent_id: str, at: datetime) -> None: ...

    async def choose_phone(self, agent_id: str, kind: PhoneKind) -> bool:
        """Where it is registered is not known yet. False, and nothing changes, unless the agent is not ready."""

    async def phones_registered(self, node: str, phones: Mapping[str, bool]) -> None:
        """Which phones are registered at a node, of those that it knows; what other nodes said stands."""


class Offers(Protocol):
    async def claim(self, offer: Offer, events: Sequence[NewEvent] = ()) -> bool:
        """Hold the entry out to the agent, and reserve the agent, in one step; False when either is taken."""

    async def advance(
        self,
        offer_id: str,
        event: OfferEvent,
        at: datetime,
        ending: str | None = None,
        agent: AgentEvent | None = None,
        reason: str = "",
        events: Sequence[NewEvent] = (),
    ) -> bool:
        """The offer's step, with all that `routing.rules` has follow from it; `agent`: what becomes of its agent.

        False, and nothing changes, when the offer is in a state that has no such event.
        """

    async def load(self, offer_id: str) -> Offer: ...

    async def live(self) -> Sequence[Offer]: ...

    async def of_call(self, call_id: str) -> Offer | None:
        """The live offer of this call, if any."""

    async def of_agent(self, agent_id: str) -> Offer | None: ...

    async def last_of_agent(self, agent_id: str) -> Offer | None: ...


class OutboundCalls(Protocol):
    async def store(self, callback: OutboundCall) -> OutboundCall:
        """Store before it is confirmed to the caller; an open one of the same ticket and purpose is updated."""

    async def load(self, outbound_call_id: str) -> OutboundCall: ...

    async def known(self, outbound_call_ids: Collection[str]) -> Mapping[str, OutboundCall]:
        """Those of the given ones that there are, by id, in one reading."""

    async def advance(
        self, outbound_call_id: str, event: OutboundCallEvent, at: datetime, due: datetime | None = None
    ) -> bool:
        """What is put back is not tried before it is `due`."""

    async def open(self) -> Sequence[OutboundCall]:
        """Those not done, failed or cancelled, oldest first."""

    async def to_attend(self, now: datetime) -> Sequence[OutboundCall]:
        """Of `open` those with which something is to be done: under way, offered to an agent or, without one, due."""

    async def of_ticket(self, ticket_id: str, purpose: Purpose = Purpose.CALLBACK) -> OutboundCall | None:
        """The open one of a ticket and purpose."""

    async def asked_alike(self, asked: Asked, since: datetime) -> AskedAlike:
        """How many like this one were asked for from then on, whatever has become of them."""

    async def owed_to(self, number: str) -> Sequence[OutboundCall]:
        """Open callbacks that would ring this number, oldest first."""

    async def resting(self, among: Collection[str] | None = None) -> frozenset[str]:
        """Open ones (of these) that are not to be dialled now: being dialled, or whose number is on the line."""

    async def attempts_of(self, outbound_call_id: str) -> Sequence[Attempt]:
        """In order."""

    async def served(self, outbound_call_id: str, attempt_id: str, at: datetime) -> bool:
        """Its flow has said what it was for, in the call that this attempt became; False where it is over."""

    async def take_over(self, callback_id: str, call_id: str, at: datetime) -> bool:
        """Who is owed it has called by themselves: as `connect`, without an attempt.

        What is being dialled is given up, and the call's own place with it; the call is about the callback's ticket,
        too. False, and nothing changes, where the callback is over or its person is on the line.
        """

    async def connect(self, attempt_id: str, call_id: str, at: datetime) -> bool:
        """The person confirmed: their call takes a callback's place in the queue and its live offer.

        The attempt is CONFIRMED and the outbound call CONNECTED, also where both had been given up meanwhile;
        or nothing at all changes.
        """

    async def claim_attempt(self, attempt: Attempt, events: Sequence[NewEvent] = ()) -> bool:
        """Exactly one winner per (outbound call, attempt number), and per slot; it becomes DIALLING."""

    async def advance_attempt(
        self,
        attempt_id: str,
        event: AttemptEvent,
        at: datetime,
        ending: str | None = None,
        events: Sequence[NewEvent] = (),
    ) -> bool: ...

    async def load_attempt(self, attempt_id: str) -> Attempt: ...

    async def open_attempts(self) -> Sequence[Attempt]:
        """Attempts neither confirmed nor failed nor lost."""


class WrapUps(Protocol):
    async def wrap_up(self, offer_id: str, disposition: str, note: str, agent_id: str, at: datetime) -> bool:
        """Record the disposition that ends after-call work, on the timeline too; False when it is there already.

        Without a note, what the agent had typed by then (see `Drafts`) is the note. Raises: NotFound.
        """

    async def add_note(
        self, offer_id: str, note: str, agent_id: str, at: datetime, disposition: str | None = None
    ) -> bool:
        """What was filled in arrives after the wrap-up was recorded without it: it is added, once.

        False when there is no such wrap-up of this agent yet, or when it needs no disposition any more.
        """


class Emergencies(Protocol):
    """Calls that need a person at once; see `routing.emergencies`."""

    async def open(self, emergency: Emergency) -> Emergency:
        """Record one; a call has at most one, and the one returned is the one kept. Raises: NotFound."""

    async def attach(self, emergency_id: str, ticket_id: str) -> bool:
        """Give it its ticket; False when it has one."""

    async def load(self, emergency_id: str) -> Emergency:
        """Raises: NotFound."""

    async def of_call(self, call_id: str) -> Emergency | None: ...

    async def of_channel(self, channel: str) -> Emergency | None:
        """Of the caller on this channel."""

    async def live(self) -> Sequence[Emergency]:
        """Those that have not ended, oldest first, with the phones that ring and the take under way."""

    async def advance(
        self, emergency_id: str, event: EmergencyEvent, at: datetime, taken_by: str = "",
        events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        """False, and nothing changes, when it is in a state that has no such event."""

    async def ring(self, ring: Ring) -> bool:
        """A phone rings; False when that is known."""

    async def ring_ended(self, channel: str, at: datetime) -> Ring | None:
        """That phone rings no more; None when it rang for no emergency, or that is known."""

    async def ask_take(self, take: Take) -> bool:
        """One take under way per emergency, and only while it rings; False where there is another."""

    async def advance_take(self, take_id: str, event: TakeEvent, at: datetime) -> bool: ...


class Records(Protocol):
    """All of the above over one database."""

    calls: Calls
    legs: Legs
    tickets: Tickets
    corrections: Corrections
    handling: Handling
    queue: Queue
    agents: Agents
    offers: Offers
    outbound_calls: OutboundCalls
    wrap_ups: WrapUps
    emergencies: Emergencies
    talks: Talks
    drafts: Drafts
    nodes: Nodes
    missed: MissedCalls
    waits: Waits
    floor: FloorRecords
    filters: SavedFilters


class News(Protocol):
    """What just changed, for whoever waits or watches. Losing it costs time, never truth."""

    async def publish(self, topic: str, **fields: str) -> None:
        """Announce e.g. `offer` with offer/call/agent ids; never raises."""

    async def position(self) -> str:
        """The id of the latest news ("0-0" when there is none, or when Redis is away): a snapshot's place."""

    def listen(self, after: str = "$") -> AsyncIterator[tuple[str, str, Mapping[str, str]]]:
        """(stream id, topic, fields) from now, or from a stream id on; survives a flushed or restarted Redis."""
