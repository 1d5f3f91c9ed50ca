"""What the in-memory records hold: plain dictionaries, changed without an await in between, hence atomic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from routing.emergencies import Emergency, Ring, Take
from routing.identity import new_id
from routing.legs import CallLeg
from routing.lifecycle import (
    CALL_TRANSITIONS,
    CALLBACK_TRANSITIONS,
    OPEN_ATTEMPTS,
    CallbackEvent,
    CallEvent,
    step,
)
from routing.model import (
    LIVE_OFFERS,
    UNPROVEN,
    Agent,
    Attempt,
    AttemptState,
    Call,
    Callback,
    CallState,
    Event,
    NewEvent,
    NotFound,
    Offer,
    Ticket,
    WaitingCaller,
)


@dataclass(frozen=True)
class Departure:
    reason: str
    at: datetime


@dataclass
class MemoryState:
    calls: dict[str, Call] = field(default_factory=dict)
    begun: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    outcomes: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    legs: dict[str, CallLeg] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    ticket_keys: dict[str, str] = field(default_factory=dict)
    call_tickets: list[tuple[str, str]] = field(default_factory=list)
    messages: dict[str, list[str]] = field(default_factory=dict)
    entries: dict[str, WaitingCaller] = field(default_factory=dict)
    departures: dict[str, Departure] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    drafts: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # (login, form) → typed by field
    offers: dict[str, Offer] = field(default_factory=dict)
    callbacks: dict[str, Callback] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    wrap_ups: dict[str, tuple[str, str]] = field(default_factory=dict)
    emergencies: dict[str, Emergency] = field(default_factory=dict)
    rings: dict[str, Ring] = field(default_factory=dict)
    rings_ended: set[str] = field(default_factory=set)
    takes: dict[str, Take] = field(default_factory=dict)

    def append(self, events: Sequence[NewEvent]) -> None:
        for event in events:
            if event.call_id not in self.calls:
                raise NotFound(f"call {event.call_id}")
        for event in events:
            timeline = self.events.setdefault(event.call_id, [])
            timeline.append(Event(**vars(event), id=new_id(), seq=len(timeline) + 1))

    def save_call_state(self, call_id: str, state: CallState) -> None:
        call = self.calls[call_id]
        if call.ended_at is None:
            self.calls[call_id] = replace(call, state=state)

    def move_call(self, call_id: str | None, event: CallEvent) -> None:
        """Let a call follow its queue entry or offer, where its lifecycle has a row for that."""
        call = self.calls.get(call_id or "")
        to = CALL_TRANSITIONS.get((call.state, event)) if call else None
        if call and to:
            self.calls[call.id] = replace(call, state=to)

    def in_queue(self) -> list[WaitingCaller]:
        return [entry for entry in self.entries.values() if entry.id not in self.departures]

    def depart(self, entry_id: str, reason: str, at: datetime) -> None:
        if entry_id in self.entries:
            self.departures.setdefault(entry_id, Departure(reason, at))

    def live_offers(self) -> list[Offer]:
        return [offer for offer in self.offers.values() if offer.state in LIVE_OFFERS]

    def cancel_owed(self, ticket_id: str, at: datetime, why: str) -> None:
        """Call off the ticket's open callback, unless its person is on the line."""
        self._cancel([each for each in self.callbacks.values() if each.ticket_id == ticket_id], at, why)

    def cancel_reached(self, offer: Offer, at: datetime) -> None:
        """Call off what is owed to who talks now, about any matter of this call."""
        call = self.calls.get(offer.call_id or "")
        proven = call.caller.number if call and call.caller.kind != UNPROVEN else None
        about = {ticket for known, ticket in self.call_tickets if known == offer.call_id} | {offer.ticket_id}
        theirs = [
            each
            for each in self.callbacks.values()
            if each.ticket_id in about and each.id != offer.callback_id
            if call and (each.call_id == call.id or each.number == proven)
        ]
        self._cancel(theirs, at, "reached meanwhile")

    def _cancel(self, owed: Sequence[Callback], at: datetime, why: str) -> None:
        sources, cancelled = step(CALLBACK_TRANSITIONS, CallbackEvent.CANCELLED)
        for callback in owed:
            if callback.state in sources:
                self.callbacks[callback.id] = replace(callback, state=cancelled, not_before=None)
                self._call_off(callback.id, f"callback {cancelled}", at, why)

    def give_up_attempts(self, callback_id: str, at: datetime) -> None:
        """Who is rung has called by themselves: what becomes of the ringing counts no more."""
        for attempt in list(self.attempts.values()):
            if attempt.callback_id == callback_id and attempt.state in OPEN_ATTEMPTS:
                self.attempts[attempt.id] = replace(
                    attempt, state=AttemptState.LOST, at=at, ending="called by themselves"
                )

    def _call_off(self, callback_id: str, reason: str, at: datetime, why: str) -> None:
        """It gives up its place, and an attempt that is claimed is not sent any more."""
        for entry in self.in_queue():
            if entry.callback_id == callback_id:
                self.depart(entry.id, reason, at)
        for attempt in list(self.attempts.values()):
            if attempt.callback_id == callback_id and attempt.state is AttemptState.CLAIMED:
                self.attempts[attempt.id] = replace(attempt, state=AttemptState.LOST, at=at, ending=why)
