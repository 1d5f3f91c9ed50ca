"""Tickets: opened, joined, corrected and moved on, by the line for its callers and by people at their desks."""

from collections.abc import Collection
from datetime import datetime

from config.documents import Edition
from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.clocks import Clocks
from routing.event_types import EventType
from routing.lifecycle import UNFINISHED_STAGES
from routing.model import Missing, Stage, Ticket, TicketDraft
from routing.ports import News, Records
from routing.promise import moved_promise
from routing.timeline import Timeline
from routing.topics import topic_named


class TicketService:
    def __init__(self, records: Records, news: News, clocks: Clocks, audit: AuditNotes = NO_AUDIT) -> None:
        """`audit`: where what people do is noted; a process in which nobody does anything has none."""
        self._records, self._news, self._clocks, self._audit = records, news, clocks, audit

    async def open(self, draft: TicketDraft, key: str, timeline: Timeline | None = None) -> Ticket:
        """Open the ticket of that key, or return the one there is; `timeline`: of the call that opens it."""
        call_id = timeline.call_id if timeline else None
        ticket = await self._records.tickets.open(draft, call_id, self._clocks.now(), key)
        if timeline:
            _note_opened(ticket, timeline)
        await self._tell(ticket.id, call_id or "")
        return ticket

    # of a call

    async def join(self, ticket_id: str, timeline: Timeline) -> None:
        """The call is about that matter, too. Raises: NotFound."""
        await self._records.tickets.join(ticket_id, timeline.call_id, self._clocks.now())
        timeline.note(EventType.TICKET_JOINED, {"ticket_id": ticket_id})
        await self._tell(ticket_id, timeline.call_id)

    async def correct(self, ticket_id: str, draft: TicketDraft, changed: Collection[str], timeline: Timeline) -> None:
        """The caller takes back what they told: those fields of the draft, of what may be corrected.

        Raises: NotFound.
        """
        ticket = await self._records.tickets.correct(ticket_id, draft, "caller", self._clocks.now(), changed)
        facts = {"ticket_id": ticket_id, "changed": sorted(changed)}
        timeline.note(EventType.TICKET_CORRECTED, {**facts, "topic": ticket.draft.topic, "place": ticket.draft.place})
        await self._tell(ticket_id, timeline.call_id)

    async def complete(self, ticket_id: str, draft: TicketDraft, changed: Collection[str]) -> None:
        """The line has come to know more than it wrote down at first. Raises: NotFound."""
        await self._records.tickets.correct(ticket_id, draft, "line", self._clocks.now(), changed)
        await self._tell(ticket_id)

    async def add_message(self, ticket_id: str, recording: str, at: datetime, call_id: str = "") -> None:
        """Attach a recorded message (path of a WAV), once. Raises: NotFound."""
        await self._records.tickets.add_message(ticket_id, recording, at)
        await self._tell(ticket_id, call_id)

    # by a person

    async def move(
        self, ticket: Ticket, to: Stage, answer: str | None, actor: str, seen: Stage | None = None
    ) -> Ticket:
        """To a later stage; a matter is closed only with the answer that the caller was given.

        Raises: Missing, TransitionRefused, ChangedMeanwhile.
        """
        given = (answer or "").strip() or ticket.answer
        if to is Stage.CLOSED and not given:
            raise Missing("To close this matter, write down the answer that the caller was given.")
        moved = await self._records.tickets.move(ticket.id, to, actor, self._clocks.now(), given, seen)
        await self._decided(ticket.id, Action.STAGE_SET, actor, to)
        return moved

    async def set_urgency(
        self, ticket: Ticket, urgency: str, actor: str, edition: Edition, seen: str | None = None
    ) -> Ticket:
        """The promise moves along, by the limits of this edition, while the matter is unfinished.

        Raises: ChangedMeanwhile.
        """
        promise = None
        if ticket.stage in UNFINISHED_STAGES and urgency != ticket.urgency:
            topic = topic_named(ticket.draft.topic, edition)
            promise = moved_promise(ticket, urgency, topic, self._clocks.wall(), edition.site)
        now = await self._records.tickets.set_urgency(ticket.id, urgency, actor, self._clocks.now(), promise, seen)
        await self._decided(ticket.id, Action.URGENCY_SET, actor, urgency)
        return now

    async def _decided(self, ticket_id: str, action: Action, actor: str, to: str) -> None:
        await self._tell(ticket_id)
        await self._audit.note(actor, action, ticket_id, self._clocks.now(), {"to": to})

    async def _tell(self, ticket_id: str, call_id: str = "") -> None:
        about = {"call": call_id} if call_id else {}
        await self._news.publish("ticket", ticket=ticket_id, **about)


def _note_opened(ticket: Ticket, timeline: Timeline) -> None:
    opened = {"ticket": ticket.number, "ticket_id": ticket.id, "topic": ticket.draft.topic}
    timeline.note(EventType.TICKET_OPENED, opened)
    promise = ticket.draft.promise
    promised = {"ticket_id": ticket.id, "what": promise.what, "by": promise.by.isoformat()}
    timeline.note(EventType.PROMISE_MADE, promised)
