"""Corrections in memory."""

from collections.abc import Sequence
from datetime import datetime

from routing.corrections import Correction, corrections_between, taken_over
from routing.fake_state import MemoryState, one
from routing.model import Ticket
from routing.rules import correcting


class MemoryCorrections:
    """Implements `routing.corrections.Corrections`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def make(
        self, amended: Ticket, actor: str, at: datetime, version: str, general_crew: str = "", why: str = ""
    ) -> Ticket:
        before = one(self._state.tickets, amended.id, "ticket")
        ticket = taken_over(before, amended, version)
        if ticket is not before:
            with self._state.transaction():
                self._state.tickets[ticket.id] = ticket
                self._state.corrections = [*self._state.corrections, *corrections_between(before, ticket, actor, at)]
                self._state.whys = {**self._state.whys, (ticket.id, at): why}
                self._state.apply(correcting(before, ticket, general_crew, self._state.merged(ticket.id)))
        return ticket

    async def of_ticket(self, ticket_id: str) -> Sequence[Correction]:
        return [each for each in self._state.corrections if each.ticket_id == ticket_id]
