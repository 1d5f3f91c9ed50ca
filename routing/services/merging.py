"""One matter that was reported twice becomes one ticket; related ones are linked: by people, and programs for them."""

from routing.acts import Act
from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.model import Ticket
from routing.ports import News, Records


class MergingService:
    def __init__(self, records: Records, news: News, audit: AuditNotes = NO_AUDIT) -> None:
        self._records, self._news, self._audit = records, news, audit

    async def merge(self, ticket: Ticket, into: Ticket, act: Act) -> Ticket:
        """Raises: TransitionRefused, ChangedMeanwhile."""
        now = await self._records.handling.merge(ticket.id, into.id, act)
        if now != ticket:
            await self._decided(ticket, into, Action.TICKET_MERGED, act)
        return now

    async def undo(self, ticket: Ticket, act: Act) -> Ticket:
        """Raises: TransitionRefused, ChangedMeanwhile."""
        now = await self._records.handling.undo_merge(ticket.id, act)
        if now != ticket and ticket.merged_into:
            other = await self._records.tickets.load(ticket.merged_into)
            await self._decided(ticket, other, Action.MERGE_UNDONE, act)
        return now

    async def link(self, ticket: Ticket, other: Ticket, act: Act) -> None:
        """Raises: TransitionRefused."""
        if await self._records.handling.link(ticket.id, other.id, act):
            await self._decided(ticket, other, Action.TICKETS_LINKED, act)

    async def unlink(self, ticket: Ticket, other: Ticket, act: Act) -> None:
        """Raises: TransitionRefused."""
        if await self._records.handling.unlink(ticket.id, other.id, act):
            await self._decided(ticket, other, Action.LINK_REMOVED, act)

    async def _decided(self, ticket: Ticket, other: Ticket, action: Action, act: Act) -> None:
        for each in (ticket, other):
            await self._news.publish("ticket", ticket=each.id)
        await self._news.publish("queue", ticket=other.id)
        await self._audit.note(act.actor, action, ticket.id, act.at, {"other": other.id})
