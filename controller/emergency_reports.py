"""An emergency becomes a record that every desk shows, and a ticket with all that is known of the matter."""

from dataclasses import dataclass, replace
from datetime import datetime

from config.documents import Edition
from config.in_force import EditionInForce
from ivr.call_tickets import CallTickets
from ivr.drafting import KEY, draft_of, facts_of
from ivr.facts import Facts
from ivr.leaving import unanswered_danger
from ivr.notebook import Notebook
from ivr.script import EMERGENCY_STEP
from ivr.state import State
from routing.corrections import CORRECTABLE
from routing.model import Call, CallerId, Ticket
from routing.services.emergencies import EmergencyService
from routing.services.line import LineServices

TICKET = "emergency"  # its key among those of its call


@dataclass(frozen=True)
class EmergencyReports:
    services: LineServices
    in_force: EditionInForce

    @property
    def emergencies(self) -> EmergencyService:
        return self.services.emergencies

    async def report(self, call: Call, channel: str, at: datetime, facts: Facts | None = None) -> None:
        """Show it at every desk, then write its ticket; whoever reports it again completes what is there.

        `facts` are those of the dialogue, where they may be newer than the call's record.
        """
        emergency = await self.emergencies.raised(call.id, channel, at, call.outbound_call_id, call.node)
        if emergency.ticket_id and facts is None:
            return
        caller, known = await self._known_before(call)
        known = (
            Facts(emergency=KEY)
            .updated(known)
            .updated(Facts.from_json(call.dialogue.get("facts", {})))
            .updated(facts or Facts())
        )
        notebook = Notebook(call.id, channel, self.services.clocks.now)
        edition = await self.in_force.of(call.pins)
        of_call = CallTickets(
            replace(call, caller=caller), edition, self.services.tickets, notebook, self.services.clocks
        )
        ticket = await of_call.open(known, TICKET)
        if not await self.emergencies.attach(emergency, ticket.id, notebook) and facts is not None:
            await self._complete(ticket, known, edition)

    async def report_left(self, call: Call, channel: str, at: datetime) -> bool:
        """The emergency of a caller who went before the line had summoned anybody; False where there was none."""
        if "flow" not in call.dialogue:  # taken by the dialplan before the dialogue began
            return False
        state = State.from_json(call.dialogue)
        facts = unanswered_danger(await self.in_force.of(call.pins), state)
        if facts is None and state.step != EMERGENCY_STEP:
            return False
        await self.report(call, channel, at, facts)
        return True

    async def _known_before(self, call: Call) -> tuple[CallerId, Facts]:
        """Who calls, and what was known of the matter before this call: of one of ours, what its ticket says."""
        if call.outbound_call_id is None:
            return call.caller, Facts()
        outbound = await self.services.records.outbound_calls.load(call.outbound_call_id)
        ticket = await self.services.records.tickets.load(outbound.ticket_id)
        return ticket.draft.reporter, replace(facts_of(ticket.draft), callback_number=outbound.number)

    async def _complete(self, ticket: Ticket, facts: Facts, edition: Edition) -> None:
        """The ticket was written before the dialogue's last facts were saved."""
        draft = draft_of(facts, ticket.draft.intake, edition, ticket.opened_at)
        differing = [name for name in CORRECTABLE if getattr(draft, name) != getattr(ticket.draft, name)]
        if differing:
            await self.services.tickets.complete(ticket.id, draft, differing)
