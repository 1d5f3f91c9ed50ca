"""The tickets of one call: what its dialogue knows becomes what they say."""

from collections.abc import Collection
from dataclasses import dataclass

from config.documents import Edition
from ivr.actions import OpenTicket
from ivr.drafting import draft_of, fields_of
from ivr.facts import Facts
from ivr.leaving import left_behind
from ivr.state import State
from routing.clocks import Clocks
from routing.model import Call, Intake, IntakeSource, Ticket, TicketDraft
from routing.services.tickets import TicketService
from routing.timeline import Timeline


@dataclass(frozen=True)
class CallTickets:
    call: Call
    edition: Edition
    tickets: TicketService
    timeline: Timeline
    clocks: Clocks

    async def open(self, facts: Facts, key: str, source: IntakeSource = IntakeSource.CALL) -> Ticket:
        """Open the ticket of that key of this call; the same one again when it is there already."""
        return await self.tickets.open(self._draft(facts, source), f"{self.call.id}:{key}", self.timeline)

    async def join(self, ticket_id: str) -> None:
        await self.tickets.join(ticket_id, self.timeline)

    async def correct(self, ticket_id: str, facts: Facts, changed: Collection[str]) -> None:
        """`changed`: the facts that the caller takes back."""
        await self.tickets.correct(ticket_id, self._draft(facts), fields_of(changed), self.timeline)

    async def record_left(self) -> None:
        """What the caller told and no ticket has yet; the call is over. A repeat changes nothing."""
        if "flow" not in self.call.dialogue:  # taken by the dialplan before the dialogue began
            return
        for action in left_behind(State.from_json(self.call.dialogue)):
            if isinstance(action, OpenTicket):
                await self.open(action.facts, action.key)
            else:
                await self.join(action.ticket)

    def _draft(self, facts: Facts, source: IntakeSource = IntakeSource.CALL) -> TicketDraft:
        return draft_of(facts, Intake(source, self.call.caller), self.edition, self.clocks.wall())
