"""Calls and tickets in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from routing.acts import is_moved, refuse_unseen
from routing.archive import TicketChange
from routing.corrections import CORRECTABLE, corrected
from routing.effects import Insert, Kind, call_transition, stage_transition
from routing.fake_state import MemoryState, one
from routing.identity import new_id
from routing.lifecycle import UNFINISHED_STAGES, CallEvent, next_stage
from routing.missed import ALWAYS_OPEN, MissedRules
from routing.model import (
    Call,
    CallHistory,
    Event,
    NewEvent,
    NewOutcome,
    Promise,
    Stage,
    Ticket,
    TicketDraft,
)
from routing.rules import closing_merged, ending_call, moving_urgency
from routing.ticket_numbers import nth_ticket_number


class MemoryCalls:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def open(self, call: Call, events: Sequence[NewEvent] = ()) -> bool:
        won = await self._state.won(Insert(Kind.CALL, call), events=events)
        if won:
            self._state.begun[call.id] = dict(call.dialogue)
        return won

    async def load(self, call_id: str) -> Call:
        return one(self._state.calls, call_id, "call")

    async def known(self, call_ids: Collection[str]) -> Mapping[str, Call]:
        return {key: call for key, call in self._state.calls.items() if key in call_ids}

    async def save(
        self, call_id: str, dialogue: Mapping[str, Any], events: Sequence[NewEvent] = (),
        event: CallEvent | None = None, outcome: NewOutcome | None = None,
    ) -> None:  # fmt: skip
        with self._state.transaction():
            self._state.calls[call_id] = replace(await self.load(call_id), dialogue=dict(dialogue))
            self._state.apply([call_transition(call_id, event)] if event else [])
            if outcome is not None:
                self._state.outcomes[call_id] = [*self._state.outcomes.get(call_id, ()), outcome.content]
            self._state.append(events)

    async def append(self, events: Sequence[NewEvent]) -> None:
        with self._state.transaction():
            self._state.append(events)

    async def end(
        self, call_id: str, ending: str, at: datetime, events: Sequence[NewEvent] = (),
        rules: MissedRules = ALWAYS_OPEN,
    ) -> bool:  # fmt: skip
        await self.load(call_id)
        return await self._state.won(*ending_call(call_id, ending, at, events, rules), events=events)

    async def timeline(self, call_id: str) -> Sequence[Event]:
        return list(self._state.events.get(call_id, ()))

    async def history(self, call_id: str) -> CallHistory:
        await self.load(call_id)
        return CallHistory(self._state.begun[call_id], tuple(self._state.outcomes.get(call_id, ())))

    async def live(self) -> Sequence[Call]:
        return [call for call in self._state.calls.values() if call.ended_at is None]

    async def of_attempt(self, attempt_id: str) -> Call | None:
        return next((call for call in self._state.calls.values() if call.attempt_id == attempt_id), None)

    async def ended(self, call_ids: Collection[str]) -> frozenset[str]:
        return frozenset(call_id for call_id in call_ids if self._state.calls[call_id].ended_at is not None)


class MemoryTickets:
    def __init__(self, state: MemoryState, site_id: str) -> None:
        self._state = state
        self._site_id = site_id

    async def open(self, draft: TicketDraft, call_id: str | None, at: datetime, key: str | None = None) -> Ticket:
        known = self._state.ticket_keys.get(key) if key else None
        if known:
            self._state.link(call_id, known)
            return self._state.tickets[known]
        number = nth_ticket_number(len(self._state.tickets) + 1)
        ticket = Ticket(new_id(), number, self._site_id, at, Stage.RECORDED, draft, stages={Stage.RECORDED: at})
        self._state.tickets[ticket.id] = ticket
        if key:
            self._state.ticket_keys[key] = ticket.id
        self._state.link(call_id, ticket.id)
        return ticket

    async def join(self, ticket_id: str, call_id: str, at: datetime) -> None:
        await self.load(ticket_id)
        self._state.link(call_id, ticket_id)

    async def load(self, ticket_id: str) -> Ticket:
        return one(self._state.tickets, ticket_id, "ticket")

    async def known(self, ticket_ids: Collection[str]) -> Mapping[str, Ticket]:
        return {key: ticket for key, ticket in self._state.tickets.items() if key in ticket_ids}

    async def by_number(self, number: str) -> Ticket | None:
        return next((ticket for ticket in self._state.tickets.values() if ticket.number == number), None)

    async def open_at(self, topic: str, place: str) -> Sequence[Ticket]:
        return [
            ticket
            for ticket in self._state.tickets.values()
            if (ticket.draft.topic, ticket.draft.place) == (topic, place) and ticket.stage in UNFINISHED_STAGES
        ]

    async def of_caller(self, number: str) -> Sequence[Ticket]:
        every = self._state.tickets.values()
        theirs = [ticket for ticket in every if ticket.draft.reporter.number == number]
        about = {ticket.id for ticket in theirs} | {ticket.merged_into for ticket in theirs}
        return [ticket for ticket in reversed(every) if ticket.id in about and ticket.stage is not Stage.CLOSED]

    async def of_call(self, call_id: str) -> Sequence[Ticket]:
        return [self._state.tickets[ticket] for call, ticket in self._state.call_tickets if call == call_id]

    async def move(
        self, ticket_id: str, to: Stage, actor: str, at: datetime, answer: str | None = None, seen: Stage | None = None
    ) -> Ticket:
        ticket = await self.load(ticket_id)
        if is_moved(ticket, to, answer, seen):
            return ticket
        stage = next_stage(ticket.stage, to, answer or ticket.answer)
        with self._state.transaction():
            self._state.apply([stage_transition(ticket, stage, at)])
            if stage is Stage.CLOSED:
                for merged in self._state.merged(ticket_id):
                    self._state.apply(closing_merged(merged, at))
            moved = self._state.tickets[ticket_id]
            return self._keep(replace(moved, stages={**moved.stages, stage: at}, answer=answer or moved.answer))

    async def correct(
        self, ticket_id: str, draft: TicketDraft, actor: str, at: datetime, fields: Collection[str] = CORRECTABLE
    ) -> Ticket:
        ticket = await self.load(ticket_id)
        return self._keep(replace(ticket, draft=corrected(ticket.draft, draft, fields)))

    async def set_urgency(
        self, ticket_id: str, urgency: str, actor: str, at: datetime, promise: Promise | None = None,
        seen: str | None = None, why: str = "",
    ) -> Ticket:  # fmt: skip
        before = await self.load(ticket_id)
        refuse_unseen(before, urgency, seen)
        draft = replace(before.draft, promise=promise or before.draft.promise)
        ticket = self._keep(replace(before, draft=draft, urgency_set=urgency))
        self._state.apply(moving_urgency(before, ticket, self._state.merged(ticket_id)))
        told = TicketChange(at, actor, "urgency", urgency, note=why)
        self._state.notes = [*self._state.notes, (ticket_id, told)]
        return ticket

    async def add_message(self, ticket_id: str, recording: str, at: datetime) -> None:
        await self.load(ticket_id)
        messages = self._state.messages.setdefault(ticket_id, [])
        if recording not in messages:
            messages.append(recording)

    async def add_note(self, ticket_id: str, note: str, actor: str, at: datetime, key: str | None = None) -> bool:
        await self.load(ticket_id)
        if key and (ticket_id, key) in self._state.note_keys:
            return False
        self._state.note_keys |= {(ticket_id, key)} if key else set()
        self._state.notes = [*self._state.notes, (ticket_id, TicketChange(at, actor, "note", note=note))]
        return True

    def _keep(self, ticket: Ticket) -> Ticket:
        self._state.tickets[ticket.id] = ticket
        return ticket
