"""Tickets given to somebody, taken a stage back, reopened: by people, and programs for them."""

from config.documents import Edition
from routing.acts import Act
from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.clocks import Clocks
from routing.handling import Assignment, promised_anew, require_offered
from routing.model import Missing, Stage, Ticket
from routing.ports import News, Records


class HandlingService:
    def __init__(self, records: Records, news: News, clocks: Clocks, audit: AuditNotes = NO_AUDIT) -> None:
        self._records, self._news, self._clocks, self._audit = records, news, clocks, audit

    def act(self, actor: str, seen: str | None = None, reason: str = "", key: str | None = None) -> Act:
        """One try, now; `key` is the actor's own."""
        return Act(actor, self._clocks.now(), seen or None, reason.strip(), f"{actor}:{key}" if key else None)

    async def assign(self, ticket: Ticket, to: Assignment, act: Act, edition: Edition) -> Ticket:
        """Raises: NotOffered, TransitionRefused, ChangedMeanwhile."""
        people = {agent.login for agent in await self._records.agents.all()}
        people |= {account.login for account in edition.site.agents}
        require_offered(to, ticket, edition, people)
        now = await self._records.handling.assign(ticket.id, to, act, edition.site.default_crew)
        await self._decided(ticket, now, Action.TICKET_ASSIGNED, act, to=to.person or to.crew)
        if now.draft.crew != ticket.draft.crew:
            await self._news.publish("queue", ticket=ticket.id)
        return now

    async def take_back(self, ticket: Ticket, to: Stage, act: Act) -> Ticket:
        """Raises: Missing, TransitionRefused, ChangedMeanwhile."""
        _require_reason(act, "Say why the ticket goes a stage back.")
        now = await self._records.handling.take_back(ticket.id, to, act)
        await self._decided(ticket, now, Action.STAGE_TAKEN_BACK, act, to=to)
        return now

    async def reopen(self, ticket: Ticket, act: Act, edition: Edition) -> Ticket:
        """Raises: Missing, TransitionRefused, ChangedMeanwhile."""
        _require_reason(act, "Say why the ticket is reopened.")
        promise = promised_anew(ticket, edition, self._clocks.wall())
        now = await self._records.handling.reopen(ticket.id, promise, act)
        await self._decided(ticket, now, Action.TICKET_REOPENED, act)
        return now

    async def _decided(self, before: Ticket, now: Ticket, action: Action, act: Act, **detail: str) -> None:
        """Not where nothing has changed; the audit holds nothing that people write."""
        if now != before:
            await self._news.publish("ticket", ticket=now.id)
            await self._audit.note(act.actor, action, now.id, act.at, detail)


def _require_reason(act: Act, sentence: str) -> None:
    """Raises: Missing."""
    if not act.reason:
        raise Missing(sentence)
