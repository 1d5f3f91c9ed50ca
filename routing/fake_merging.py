"""Tickets merged and linked, in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from routing.acts import Act, require_seen
from routing.archive import TicketChange
from routing.effects import Kind, standing_transition
from routing.fake_state import MemoryState, one
from routing.lifecycle import BACK_TO, TicketEvent
from routing.merging import (
    Merge,
    Said,
    both_ways,
    called_once,
    given_back,
    reached_by,
    require_merge,
    require_mergeable,
    stage_before_merge,
    taking_over,
)
from routing.model import OutboundCall, Stage, Ticket
from routing.rules import correcting, moving_urgency, waiting_with


class MemoryMerging:
    """Implements `routing.merging.Merging`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def merge(self, ticket_id: str, into_id: str, act: Act) -> Ticket:
        state = self._state
        ticket, into = one(state.tickets, ticket_id, "ticket"), one(state.tickets, into_id, "ticket")
        if is_repeat(state, ticket_id, act):
            return ticket
        require_seen(ticket, act)
        require_mergeable(ticket, into, bool(state.merged(ticket_id)))
        kept = taking_over(into, ticket)
        called_off, effects = called_once(self._owed(ticket_id), self._owed(into_id), act.at)
        with state.transaction():
            state.apply([standing_transition(ticket, TicketEvent.MERGE, act.at, merged_into=into_id), *effects])
            moved = state.tickets[ticket_id]
            state.tickets[ticket_id] = replace(moved, stages={**moved.stages, Stage.CLOSED: act.at})
            state.tickets[into_id] = kept
            merge = Merge(ticket_id, into_id, act.at, act.actor, Said.of(into), Said.of(kept), called_off)
            state.merges = {**state.merges, ticket_id: merge}
            state.apply([*correcting(into, kept, merged=state.merged(into_id)), *waiting_with(ticket, kept)])
            note_act(state, ticket_id, act, [("merged", into.number)])
            note_act(state, into_id, replace(act, key=None, reason=""), [("merged_in", ticket.number)])
        return state.tickets[ticket_id]

    async def undo_merge(self, ticket_id: str, act: Act) -> Ticket:
        state, ticket = self._state, one(self._state.tickets, ticket_id, "ticket")
        if is_repeat(state, ticket_id, act):
            return ticket
        require_seen(ticket, act)
        merge = require_merge(state.merges.get(ticket_id))
        into = state.tickets[merge.into_id]
        stage = stage_before_merge(ticket, into, merge)
        with state.transaction():
            state.apply([standing_transition(ticket, BACK_TO[stage], act.at, merged_into=None)])
            state.tickets[ticket_id] = replace(state.tickets[ticket_id], stages=reached_by(ticket, stage))
            state.merges = {key: each for key, each in state.merges.items() if key != ticket_id}
            others = [state.tickets[each] for each in state.merged(into.id)]
            state.tickets[into.id] = kept = given_back(into, merge, others)
            own = moving_urgency(replace(into, id=ticket_id), ticket)
            state.apply([*correcting(into, kept, merged=state.merged(into.id)), *own])
            note_act(state, ticket_id, act, [("unmerged", into.number)])
            note_act(state, into.id, replace(act, key=None, reason=""), [("unmerged", ticket.number)])
        return state.tickets[ticket_id]

    async def merged_into(self, ticket_id: str) -> Sequence[Ticket]:
        return [self._state.tickets[each] for each in sorted(self._state.merged(ticket_id))]

    async def link(self, ticket_id: str, other_id: str, act: Act) -> bool:
        return self._relate(ticket_id, other_id, act, "linked")

    async def unlink(self, ticket_id: str, other_id: str, act: Act) -> bool:
        return self._relate(ticket_id, other_id, act, "unlinked")

    def _relate(self, ticket_id: str, other_id: str, act: Act, what: str) -> bool:
        state, pair = self._state, both_ways(ticket_id, other_id)
        ticket, other = one(state.tickets, ticket_id, "ticket"), one(state.tickets, other_id, "ticket")
        if (pair in state.links) == (what == "linked"):
            return False
        with state.transaction():
            state.links = state.links ^ {pair}
            note_act(state, ticket_id, replace(act, key=None), [(what, other.number)])
            note_act(state, other_id, replace(act, key=None, reason=""), [(what, ticket.number)])
        return True

    async def linked(self, ticket_id: str) -> Sequence[Ticket]:
        others = {each for pair in self._state.links if ticket_id in pair for each in pair} - {ticket_id}
        return [self._state.tickets[each] for each in sorted(others)]

    def _owed(self, ticket_id: str) -> list[OutboundCall]:
        return [each for each in self._state.live(Kind.OUTBOUND_CALL) if each.ticket_id == ticket_id]


def is_repeat(state: MemoryState, ticket_id: str, act: Act) -> bool:
    return act.key is not None and (ticket_id, act.key) in state.note_keys


def note_act(state: MemoryState, ticket_id: str, act: Act, lines: Iterable[tuple[str, str]]) -> None:
    """The first line of the ticket's story has the reason."""
    told = [TicketChange(act.at, act.actor, what, to) for what, to in lines]
    told[:1] = [replace(each, note=act.reason) for each in told[:1]]
    state.notes = [*state.notes, *((ticket_id, each) for each in told)]
    state.note_keys |= {(ticket_id, act.key)} if act.key else set()
