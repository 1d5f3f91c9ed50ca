"""An emergency becomes a record that every desk shows, and a ticket with all that is known of the matter."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from config.documents import Edition
from config.in_force import EditionInForce
from ivr.drafting import KEY, draft_of, facts_of
from ivr.facts import Facts
from ivr.notebook import Notebook
from ivr.performing import Performer
from routing.dispatch import Dispatcher
from routing.emergency_desk import EmergencyDesk
from routing.model import CORRECTABLE, Call, CallerId, Ticket
from routing.news_waiter import NewsWaiter
from routing.ports import News, Records
from runtime.clock import now, wall_now

TICKET = "emergency"  # its key among those of its call


@dataclass(frozen=True)
class EmergencyReports:
    records: Records
    news: News
    news_waiter: NewsWaiter
    in_force: EditionInForce
    desk: EmergencyDesk

    @classmethod
    def of(cls, records: Records, news: News, news_waiter: NewsWaiter, in_force: EditionInForce) -> Self:
        dispatcher = Dispatcher(records, news, in_force.waiting, now)
        return cls(records, news, news_waiter, in_force, EmergencyDesk(records, news, dispatcher, now))

    async def report(self, call: Call, channel: str, at: datetime, facts: Facts | None = None) -> None:
        """Show it at every desk, then write its ticket; whoever reports it again completes what is there.

        `facts` are those of the dialogue, where they may be newer than the call's record.
        """
        emergency = await self.desk.raised(call.id, channel, at, call.callback_id)
        if emergency.ticket_id and facts is None:
            return
        caller, known = await self._known_before(call)
        known = (
            Facts(emergency=KEY)
            .updated(known)
            .updated(Facts.from_json(call.dialogue.get("facts", {})))
            .updated(facts or Facts())
        )
        notebook = Notebook(call.id, channel, now)
        edition = await self.in_force.of(call.pins)
        performer = self._performer(replace(call, caller=caller), notebook, edition)
        ticket = await performer.open_ticket(known, TICKET)
        if await self.records.emergencies.attach(emergency.id, ticket.id):
            await self.records.calls.append(notebook.take())
            await self.news.publish("emergency", emergency=emergency.id, call=call.id)
        elif facts is not None:
            await self._complete(ticket, known, edition)

    async def _known_before(self, call: Call) -> tuple[CallerId, Facts]:
        """Who calls, and what was known of the matter before this call: of a callback, what its ticket says."""
        if call.callback_id is None:
            return call.caller, Facts()
        callback = await self.records.callbacks.load(call.callback_id)
        ticket = await self.records.tickets.load(callback.ticket_id)
        return ticket.draft.caller, replace(facts_of(ticket.draft), callback_number=callback.number)

    async def _complete(self, ticket: Ticket, facts: Facts, edition: Edition) -> None:
        """The ticket was written before the dialogue's last facts were saved."""
        draft = draft_of(facts, ticket.draft.caller, edition, ticket.opened_at)
        differing = [name for name in CORRECTABLE if getattr(draft, name) != getattr(ticket.draft, name)]
        if differing:
            await self.records.tickets.correct(ticket.id, draft, "line", now(), differing)
            await self.news.publish("ticket", ticket=ticket.id)

    def _performer(self, call: Call, notebook: Notebook, edition: Edition) -> Performer:
        return Performer(
            call=call, records=self.records, news=self.news, news_waiter=self.news_waiter, edition=edition,
            notebook=notebook, clock=now, wall=wall_now, recordings=Path(),
        )  # fmt: skip
