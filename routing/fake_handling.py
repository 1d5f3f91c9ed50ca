"""Who has a ticket, and stages taken back, in memory."""

from dataclasses import replace

from routing.acts import Act, require_seen
from routing.effects import standing_transition
from routing.fake_merging import MemoryMerging, is_repeat, note_act
from routing.fake_state import one
from routing.handling import (
    Assignment,
    assigned,
    begun_anew,
    require_earlier,
    require_reopening,
    told_of_assignment,
)
from routing.lifecycle import TicketEvent
from routing.merging import reached_by
from routing.model import Promise, Stage, Ticket
from routing.rules import correcting


class MemoryHandling(MemoryMerging):
    """Implements `routing.handling.Handling`."""

    async def assign(self, ticket_id: str, to: Assignment, act: Act, general_crew: str = "") -> Ticket:
        ticket = one(self._state.tickets, ticket_id, "ticket")
        if is_repeat(self._state, ticket_id, act):
            return ticket
        require_seen(ticket, act)
        after = assigned(ticket, to)
        if after != ticket:
            with self._state.transaction():
                self._state.tickets[ticket_id] = after
                self._state.apply(correcting(ticket, after, general_crew, self._state.merged(ticket_id)))
                note_act(self._state, ticket_id, act, told_of_assignment(ticket, after))
        return after

    async def take_back(self, ticket_id: str, to: Stage, act: Act) -> Ticket:
        ticket = one(self._state.tickets, ticket_id, "ticket")
        if is_repeat(self._state, ticket_id, act):
            return ticket
        require_seen(ticket, act)
        with self._state.transaction():
            self._state.apply([standing_transition(ticket, require_earlier(ticket, to), act.at)])
            note_act(self._state, ticket_id, act, [("back", to)])
            moved = replace(self._state.tickets[ticket_id], stages=reached_by(ticket, to))
            self._state.tickets[ticket_id] = moved
        return moved

    async def reopen(self, ticket_id: str, promise: Promise, act: Act) -> Ticket:
        ticket = one(self._state.tickets, ticket_id, "ticket")
        if is_repeat(self._state, ticket_id, act):
            return ticket
        require_seen(ticket, act)
        require_reopening(ticket)
        with self._state.transaction():
            self._state.apply([standing_transition(ticket, TicketEvent.REOPEN, act.at, reopened_at=act.at)])
            note_act(self._state, ticket_id, act, [("reopened", "")])
            self._state.tickets[ticket_id] = now = begun_anew(self._state.tickets[ticket_id], promise)
        return now
