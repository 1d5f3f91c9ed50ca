"""What the in-memory records hold: dictionaries of rows, to which effects are applied; no rule is kept here."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from routing.archive import TicketChange
from routing.corrections import Correction
from routing.effects import (
    ANY,
    LIVE,
    ONE_LIVE_PER,
    CallOffReached,
    Change,
    Effect,
    EndIfEmpty,
    Enter,
    Insert,
    JudgeMissed,
    Kind,
    LinkMatter,
    Lost,
    NoteNumber,
    Renumber,
    SettleMissed,
    Transition,
)
from routing.emergencies import Emergency, Ring, Take
from routing.help_requests import HelpRequest
from routing.identity import new_id
from routing.legs import CallLeg
from routing.merging import Merge
from routing.missed import Listed, MissedCall, ReachedCaller, is_theirs
from routing.missed_rules import judged, settling
from routing.model import (
    Agent,
    Attempt,
    Call,
    CallerId,
    Event,
    NewEvent,
    NotFound,
    Offer,
    OutboundCall,
    QueueEntry,
    Stage,
    Ticket,
)
from routing.nodes import Node
from routing.notices import Notice
from routing.purposes import Purpose
from routing.rules import emptied, following, reached, renewed_place
from routing.talks import IN_TALK, Participant, Talk, TalkCommand
from routing.wall_links import WallLink
from routing.work_list import SavedFilter

R = TypeVar("R")
Row = Any  # of one of the kinds


@dataclass(frozen=True)
class Place(QueueEntry):
    """A place in the queue, as a row."""

    left_at: datetime | None = None
    left_reason: str | None = None


@dataclass
class MemoryState:
    """A row's key is its id, a ring's its channel."""

    calls: dict[str, Call] = field(default_factory=dict)
    begun: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    outcomes: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    legs: dict[str, CallLeg] = field(default_factory=dict)
    events: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    ticket_keys: dict[str, str] = field(default_factory=dict)
    call_tickets: list[tuple[str, str]] = field(default_factory=list)
    messages: dict[str, list[str]] = field(default_factory=dict)
    corrections: list[Correction] = field(default_factory=list)
    whys: dict[tuple[str, datetime], str] = field(default_factory=dict)  # of a ticket's correction at that time
    notes: list[tuple[str, TicketChange]] = field(default_factory=list)  # with the ticket's id
    note_keys: set[tuple[str, str]] = field(default_factory=set)  # (ticket's id, key)
    places: dict[str, Place] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    drafts: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # (login, form) → typed by field
    offers: dict[str, Offer] = field(default_factory=dict)
    outbound_calls: dict[str, OutboundCall] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    wrap_ups: dict[str, tuple[str, str]] = field(default_factory=dict)
    emergencies: dict[str, Emergency] = field(default_factory=dict)
    rings: dict[str, Ring] = field(default_factory=dict)
    takes: dict[str, Take] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    talks: dict[str, Talk] = field(default_factory=dict)
    participants: dict[str, Participant] = field(default_factory=dict)
    talk_commands: dict[str, TalkCommand] = field(default_factory=dict)
    missed_calls: dict[str, MissedCall] = field(default_factory=dict)
    help_requests: dict[str, HelpRequest] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    dismissals: set[tuple[str, str]] = field(default_factory=set)  # (notice, login)
    wall_links: dict[str, WallLink] = field(default_factory=dict)  # by the hash of their token
    merges: dict[str, Merge] = field(default_factory=dict)  # by the ticket that is merged
    links: set[tuple[str, str]] = field(default_factory=set)
    filters: dict[str, list[SavedFilter]] = field(default_factory=dict)  # by login

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing: there is no await within, and what fails is undone."""
        before = {each.name: copy(getattr(self, each.name)) for each in fields(self)}
        try:
            yield
        except Exception:
            vars(self).update(before)
            raise

    async def won(self, *effects: Effect, events: Sequence[NewEvent] = ()) -> bool:
        """Implements `routing.transitions.Applier`."""
        try:
            with self.transaction():
                self.apply(effects)
                self.append(events)
        except Lost:
            return False
        return True

    def append(self, events: Sequence[NewEvent]) -> None:
        """Raises: NotFound."""
        for event in events:
            one(self.calls, event.call_id, "call")
            earlier = self.events.get(event.call_id, ())
            self.events[event.call_id] = (*earlier, Event(**vars(event), id=new_id(), seq=len(earlier) + 1))

    def apply(self, effects: Sequence[Effect]) -> None:
        """Raises: Lost."""
        for effect in effects:
            match effect:
                case Transition():
                    self._move(effect)
                case Change():
                    self._alter(effect)
                case Insert(kind, row):
                    self.insert(kind, row)
                case _:
                    self._apply_special(effect)

    def _apply_special(self, effect: Effect) -> None:
        match effect:
            case Enter(entry):
                self.enter(entry)
            case CallOffReached(offer):
                self.apply(reached(effect, self.calls[offer.call_id or ""].caller, self._owed_about(offer)))
            case EndIfEmpty(talk_id, at):
                self.apply(emptied(talk_id, [each.role for each in self.in_talk(talk_id)], at))
            case LinkMatter(call_id, outbound_call_id):
                self.link(call_id, self.outbound_calls[outbound_call_id].ticket_id)
            case NoteNumber() | Renumber():
                self._number(effect)
            case JudgeMissed():
                self.apply(self._judged(effect))
            case SettleMissed(at):
                self.apply(settling(self._listed(), at, self._reached(effect)))

    def _number(self, effect: NoteNumber | Renumber) -> None:
        if isinstance(effect, NoteNumber):
            ticket = self.tickets[effect.ticket_id]
            draft = replace(ticket.draft, callback_number=effect.number)
            self.tickets[ticket.id] = replace(ticket, draft=draft)
            return
        owed = [each for each in self.live(Kind.OUTBOUND_CALL) if each.ticket_id == effect.ticket_id]
        self.outbound_calls.update({each.id: replace(each, number=effect.number) for each in owed})

    def _judged(self, asked: JudgeMissed) -> Sequence[Effect]:
        call, kept = self.calls[asked.call_id], self.missed_calls.get(asked.call_id)
        about = self._matters(call.id)
        owed = [each for each in self.outbound_calls.values() if each.purpose is Purpose.CALLBACK]
        theirs = [
            each for each in owed if is_theirs(each, call) and (each.call_id == call.id or each.ticket_id in about)
        ]
        told = self.events.get(call.id, ())
        return judged(asked, call, told, theirs, next(iter(about), None), kept.state if kept else None)

    def _matters(self, call_id: str | None) -> list[str]:
        return [ticket for call, ticket in self.call_tickets if call == call_id]

    def _listed(self) -> list[Listed]:
        return [self._told(row) for row in self.missed_calls.values()]

    def _told(self, row: MissedCall) -> Listed:
        matters = frozenset(self._matters(row.id))
        unanswered = frozenset(each for each in matters if self.tickets[each].stage is not Stage.CLOSED)
        return Listed(row.id, row.state, self.calls[row.id].caller, matters, unanswered)

    def _reached(self, asked: SettleMissed) -> ReachedCaller | None:
        if asked.outbound_call_id:
            rung = self.outbound_calls[asked.outbound_call_id]
            about = frozenset({rung.ticket_id})
            return ReachedCaller(CallerId(number=rung.number), about, rung.call_id, rung=True)
        if asked.call_id:
            matters = frozenset(self._matters(asked.call_id))
            return ReachedCaller(self.calls[asked.call_id].caller, matters, asked.call_id)
        return None

    def _move(self, asked: Transition) -> None:
        rows = self._alter(asked)
        if asked.required and not rows:
            raise Lost
        for row in rows:
            self.apply(following(asked, row))

    def _alter(self, change: Change) -> list[Row]:
        """The rows that it altered, as they are now."""
        rows: dict[str, Row] = getattr(self, change.kind)
        altered = {key: replace(row, **change.changes) for key, row in rows.items() if _fits(change, row)}
        kept = {key: row for key, row in altered.items() if not self._rival(change.kind, row)}
        rows.update(kept)
        return list(kept.values())

    def insert(self, kind: Kind, row: Row) -> None:
        """Raises: Lost, where it is there, or another live row has what only one may have."""
        rows, key = getattr(self, kind), row.channel if kind is Kind.RING else row.id
        if key in rows or self._rival(kind, row):
            raise Lost
        rows[key] = row

    def _rival(self, kind: Kind, row: Row) -> bool:
        others = (other for other in getattr(self, kind).values() if _live(kind, other)) if _live(kind, row) else ()
        return any(_both_have(kind, row, other) for other in others if other.id != row.id)

    def enter(self, entry: QueueEntry) -> QueueEntry:
        """Take a place, or keep the one that the call or callback has; none for a call that has ended."""
        call = self.calls.get(entry.call_id or "")
        if call and call.ended_at:
            return entry
        kept = next((each for each in self.in_queue() if _both_have(Kind.PLACE, entry, each)), None)
        entry = replace(entry, promise_by=self._promised(entry))
        if kept is None:
            entry = replace(entry, contacts=entry.contacts or self._contacts_before(entry))
        entry = renewed_place(kept, entry) if kept else replace(entry, node=call.node if call else None)
        self.places[entry.id] = Place(**vars(entry))
        return entry

    def _promised(self, entry: QueueEntry) -> datetime | None:
        ticket = self.tickets.get(entry.ticket_id or "")
        return ticket.draft.promise.by if ticket else None

    def _contacts_before(self, entry: QueueEntry) -> int:
        owed = self.outbound_calls.get(entry.callback_id or "")
        asked_in = owed.call_id if owed else None
        places = [each.contacts for each in self.places.values() if asked_in and each.call_id == asked_in]
        return max(places, default=0)

    def in_queue(self) -> list[QueueEntry]:
        known = [each.name for each in fields(QueueEntry)]
        rows = [row for row in self.places.values() if row.left_at is None]
        entries = [QueueEntry(**{name: getattr(row, name) for name in known}) for row in rows]
        return [self._looked_up(entry) for entry in entries]

    def _looked_up(self, entry: QueueEntry) -> QueueEntry:
        call = self._call_of(entry)
        about = [each for each in self.offers.values() if entry.ticket_id and each.ticket_id == entry.ticket_id]
        talked = [(each.answered_at, each.agent_id) for each in about if each.answered_at]
        last = max(talked)[1] if talked else None
        return replace(entry, node=call.node if call else None, last_agent=last)

    def _call_of(self, entry: QueueEntry) -> Call | None:
        return self.calls.get(entry.call_id) if entry.call_id else None

    def in_talk(self, talk_id: str) -> list[Participant]:
        return [each for each in self.participants.values() if each.talk_id == talk_id and each.state in IN_TALK]

    def merged(self, ticket_id: str) -> list[str]:
        """Those that are merged into a ticket."""
        return [merge.ticket_id for merge in self.merges.values() if merge.into_id == ticket_id]

    def link(self, call_id: str | None, ticket_id: str) -> None:
        if call_id and (call_id, ticket_id) not in self.call_tickets:
            self.call_tickets.append((call_id, ticket_id))

    def _owed_about(self, offer: Offer) -> list[OutboundCall]:
        about = {ticket for call, ticket in self.call_tickets if call == offer.call_id} | {offer.ticket_id}
        return [each for each in self.live(Kind.OUTBOUND_CALL) if each.ticket_id in about]

    def live(self, kind: Kind) -> list[Row]:
        return [row for row in getattr(self, kind).values() if _live(kind, row)]


def _fits(change: Change, row: Row) -> bool:
    if change.kind is Kind.PLACE and row.left_at:
        return False
    state = row.stage if change.kind is Kind.TICKET else getattr(row, "state", None)
    return (not change.among or state in change.among) and all(
        getattr(row, name) is not None if value is ANY else getattr(row, name) == value
        for name, value in change.where.items()
    )


def _live(kind: Kind, row: Row) -> bool:
    return row.left_at is None if kind is Kind.PLACE else kind in LIVE and row.state in LIVE[kind]


def _both_have(kind: Kind, row: Row, other: Row) -> bool:
    keys = ([(getattr(row, name), getattr(other, name)) for name in columns] for columns in ONE_LIVE_PER.get(kind, ()))
    return any(all(mine is not None and mine == theirs for mine, theirs in key) for key in keys)


def one(rows: Mapping[str, R], key: str, what: str) -> R:
    """Raises: NotFound."""
    try:
        return rows[key]
    except KeyError:
        raise NotFound(f"{what} {key}") from None
