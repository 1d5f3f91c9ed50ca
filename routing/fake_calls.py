"""Calls and tickets in memory; they behave as the database's do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from routing.fake_state import MemoryState
from routing.identity import new_id
from routing.lifecycle import UNFINISHED_STAGES, next_stage
from routing.model import (
    CORRECTABLE,
    OPEN_CALLBACKS,
    Call,
    CallHistory,
    CallState,
    Event,
    NewEvent,
    NewOutcome,
    NotFound,
    Promise,
    Stage,
    Ticket,
    TicketDraft,
    corrected,
    is_moved,
    refuse_unseen,
)
from routing.spoken_numbers import spoken_number


class MemoryCalls:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def open(self, call: Call, events: Sequence[NewEvent] = ()) -> bool:
        if call.id in self._state.calls:
            return False
        self._state.calls[call.id] = call
        self._state.begun[call.id] = dict(call.dialogue)
        self._state.append(events)
        return True

    async def load(self, call_id: str) -> Call:
        return self._load(call_id)

    async def known(self, call_ids: Collection[str]) -> Mapping[str, Call]:
        return {call_id: self._state.calls[call_id] for call_id in call_ids if call_id in self._state.calls}

    async def save(
        self, call_id: str, dialogue: Mapping[str, Any], events: Sequence[NewEvent] = (),
        state: CallState | None = None, outcome: NewOutcome | None = None,
    ) -> None:  # fmt: skip
        self._state.calls[call_id] = replace(self._load(call_id), dialogue=dict(dialogue))
        if state is not None:
            self._state.save_call_state(call_id, state)
        if outcome is not None:
            self._state.outcomes.setdefault(call_id, []).append(outcome.told)
        self._state.append(events)

    async def append(self, events: Sequence[NewEvent]) -> None:
        self._state.append(events)

    async def end(self, call_id: str, ending: str, at: datetime, events: Sequence[NewEvent] = ()) -> bool:
        call = self._load(call_id)
        if call.ended_at is not None:
            return False
        self._state.calls[call_id] = replace(call, state=CallState.ENDED, ending=ending, ended_at=at)
        for entry in self._state.in_queue():
            if entry.call_id == call_id and entry.callback_id:
                self._state.entries[entry.id] = replace(entry, call_id=None)
            elif entry.call_id == call_id:
                self._state.depart(entry.id, "call ended", at)
        self._state.append(events)
        return True

    async def timeline(self, call_id: str) -> Sequence[Event]:
        return list(self._state.events.get(call_id, ()))

    async def history(self, call_id: str) -> CallHistory:
        self._load(call_id)
        return CallHistory(self._state.begun[call_id], tuple(self._state.outcomes.get(call_id, ())))

    async def live(self) -> Sequence[Call]:
        return [call for call in self._state.calls.values() if call.ended_at is None]

    async def ended(self, call_ids: Collection[str]) -> frozenset[str]:
        return frozenset(call_id for call_id in call_ids if self._load(call_id).ended_at is not None)

    def _load(self, call_id: str) -> Call:
        try:
            return self._state.calls[call_id]
        except KeyError:
            raise NotFound(f"call {call_id}") from None


class MemoryTickets:
    def __init__(self, state: MemoryState, site_id: str) -> None:
        self._state = state
        self._site_id = site_id

    async def open(self, draft: TicketDraft, call_id: str | None, at: datetime, key: str | None = None) -> Ticket:
        known = self._state.ticket_keys.get(key) if key else None
        if known:
            self._link(known, call_id)
            return self._state.tickets[known]
        number = spoken_number(len(self._state.tickets) + 1)
        ticket = Ticket(new_id(), number, self._site_id, at, Stage.RECORDED, draft, stages={Stage.RECORDED: at})
        self._state.tickets[ticket.id] = ticket
        if key:
            self._state.ticket_keys[key] = ticket.id
        self._link(ticket.id, call_id)
        return ticket

    async def join(self, ticket_id: str, call_id: str, at: datetime) -> None:
        self._load(ticket_id)
        self._link(ticket_id, call_id)

    async def load(self, ticket_id: str) -> Ticket:
        return self._load(ticket_id)

    async def known(self, ticket_ids: Collection[str]) -> Mapping[str, Ticket]:
        opened = self._state.tickets
        return {ticket_id: opened[ticket_id] for ticket_id in ticket_ids if ticket_id in opened}

    async def by_number(self, number: str) -> Ticket | None:
        return next((ticket for ticket in self._state.tickets.values() if ticket.number == number), None)

    async def open_at(self, topic: str, place: str) -> Sequence[Ticket]:
        return [
            ticket
            for ticket in self._state.tickets.values()
            if (ticket.draft.topic, ticket.draft.place) == (topic, place) and ticket.stage in UNFINISHED_STAGES
        ]

    async def of_caller(self, number: str) -> Sequence[Ticket]:
        theirs = [ticket for ticket in self._state.tickets.values() if ticket.draft.caller.number == number]
        return [ticket for ticket in reversed(theirs) if ticket.stage is not Stage.CLOSED]

    async def of_call(self, call_id: str) -> Sequence[Ticket]:
        return [self._state.tickets[ticket] for call, ticket in self._state.call_tickets if call == call_id]

    async def move(
        self, ticket_id: str, to: Stage, actor: str, at: datetime, answer: str | None = None, seen: Stage | None = None
    ) -> Ticket:
        ticket = self._load(ticket_id)
        if is_moved(ticket, to, answer, seen):
            return ticket
        stage = next_stage(ticket.stage, to, answer or ticket.answer)
        stages = {**ticket.stages, stage: at}
        if stage is Stage.CLOSED:
            self._state.cancel_owed(ticket_id, at, "ticket closed")
        return self._keep(replace(ticket, stage=stage, stages=stages, answer=answer or ticket.answer))

    async def correct(
        self, ticket_id: str, draft: TicketDraft, actor: str, at: datetime, fields: Collection[str] = CORRECTABLE
    ) -> Ticket:
        ticket = self._load(ticket_id)
        return self._keep(replace(ticket, draft=corrected(ticket.draft, draft, fields)))

    async def set_urgency(
        self, ticket_id: str, urgency: str, actor: str, at: datetime, promise: Promise | None = None,
        seen: str | None = None,
    ) -> Ticket:  # fmt: skip
        told = self._load(ticket_id)
        refuse_unseen(told, urgency, seen)
        draft = replace(told.draft, promise=promise or told.draft.promise)
        ticket = self._keep(replace(told, draft=draft, urgency_set=urgency))
        for entry in self._state.in_queue():
            if entry.ticket_id == ticket_id:
                self._state.entries[entry.id] = replace(entry, urgency=urgency)
        for callback in self._state.callbacks.values():
            if callback.ticket_id == ticket_id and callback.state in OPEN_CALLBACKS:
                self._state.callbacks[callback.id] = replace(callback, urgency=urgency)
        return ticket

    async def add_message(self, ticket_id: str, recording: str, at: datetime) -> None:
        self._load(ticket_id)
        messages = self._state.messages.setdefault(ticket_id, [])
        if recording not in messages:
            messages.append(recording)

    def _link(self, ticket_id: str, call_id: str | None) -> None:
        if call_id and (call_id, ticket_id) not in self._state.call_tickets:
            self._state.call_tickets.append((call_id, ticket_id))

    def _keep(self, ticket: Ticket) -> Ticket:
        self._state.tickets[ticket.id] = ticket
        return ticket

    def _load(self, ticket_id: str) -> Ticket:
        try:
            return self._state.tickets[ticket_id]
        except KeyError:
            raise NotFound(f"ticket {ticket_id}") from None
