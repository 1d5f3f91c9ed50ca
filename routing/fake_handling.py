"""Who has a ticket, and stages taken back, in memory."""

from collections.abc import Iterable
from dataclasses import replace

from routing.archive import TicketChange
from routing.effects import standing_transition
from routing.fake_state import MemoryState, one
from routing.handling import (
    Act,
    Assignment,
    assigned,
    begun_anew,
    reached_by,
    require_earlier,
    require_reopening,
    require_seen,
    told_of_assignment,
)
from routing.lifecycle import TicketEvent
from routing.model import Promise, Stage, Ticket
from routing.rules import correcting


class MemoryHandling:
    """Implements `routing.handling.Handling`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def assign(self, ticket_id: str, to: Assignment, act: Act, general_crew: str = "") -> Ticket:
        ticket = one(self._state.tickets, ticket_id, "ticket")
        if is_repeat(self._state, ticket_id, act):
            return ticket
        require_seen(ticket, act)
        after = assigned(ticket, to)
        if after != ticket:
            with self._state.transaction():
                self._state.tickets[ticket_id] = after
                self._state.apply(correcting(ticket, after, general_crew))
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


def is_repeat(state: MemoryState, ticket_id: str, act: Act) -> bool:
    return act.key is not None and (ticket_id, act.key) in state.note_keys


def note_act(state: MemoryState, ticket_id: str, act: Act, lines: Iterable[tuple[str, str]]) -> None:
    """The first line of the ticket's story has the reason."""
    told = [TicketChange(act.at, act.actor, what, to) for what, to in lines]
    told[:1] = [replace(each, note=act.reason) for each in told[:1]]
    state.notes = [*state.notes, *((ticket_id, each) for each in told)]
    state.note_keys |= {(ticket_id, act.key)} if act.key else set()
