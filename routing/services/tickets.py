"""Tickets: opened, joined, corrected and moved on, by the line for its callers and by people at their desks."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from config.documents import Edition, Site
from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.clocks import Clocks
from routing.corrections import MatterFacts, amended, corrections_between
from routing.event_types import EventType
from routing.intakes import NewMatter, draft_by_hand
from routing.lifecycle import UNFINISHED_STAGES
from routing.model import Missing, Stage, Ticket, TicketDraft
from routing.numbers import callable_number
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

    async def take_in(self, matter: NewMatter, actor: str, edition: Edition, key: str) -> Ticket:
        """A ticket by hand; the one there is where this actor has opened one with that key.

        Raises: NotOffered, NotCallable.
        """
        at = self._clocks.now()
        draft = draft_by_hand(matter, actor, edition, self._clocks.wall())
        ticket = await self._records.tickets.open(draft, None, at, f"hand:{actor}:{key}")
        if ticket.opened_at == at:  # not a repeat
            await self._decided(ticket.id, Action.TICKET_TAKEN_IN, actor, matter.source, "source")
        return ticket

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
        self, ticket: Ticket, urgency: str, actor: str, edition: Edition, seen: str | None = None, why: str = ""
    ) -> Ticket:
        """The promise moves along, by the limits of this edition, while the matter is unfinished.

        Raises: ChangedMeanwhile.
        """
        promise = None
        if ticket.stage in UNFINISHED_STAGES and urgency != ticket.urgency:
            topic = topic_named(ticket.draft.topic, edition)
            promise = moved_promise(ticket, urgency, topic, self._clocks.wall(), edition.site)
        at, why = self._clocks.now(), why.strip()
        now = await self._records.tickets.set_urgency(ticket.id, urgency, actor, at, promise, seen, why)
        await self._decided(ticket.id, Action.URGENCY_SET, actor, urgency)
        return now

    async def set_right(
        self, ticket: Ticket, wanted: MatterFacts, actor: str, edition: Edition, version: str | None = None,
        why: str = "",
    ) -> Ticket:  # fmt: skip
        """What a person knows better; who waits about it is moved along, and what it said before is kept.

        `version`: of what the person had before them. Raises: NotOffered, NotCallable, Missing, CorrectedMeanwhile.
        """
        wanted = await self._allowed(ticket, wanted, edition.site)
        after = amended(ticket, wanted, edition, self._clocks.wall())
        version = version or MatterFacts.of(ticket).version
        general = edition.site.default_crew
        now = await self._records.corrections.make(after, actor, self._clocks.now(), version, general, why.strip())
        made = corrections_between(ticket, now, actor, self._clocks.now())
        if made:  # not where it was said already
            fields = " ".join(each.field for each in made)
            await self._decided(ticket.id, Action.TICKET_CORRECTED, actor, fields, "fields")
            await self._news.publish("queue", ticket=ticket.id)
        elif why.strip() and version == MatterFacts.of(ticket).version:  # not a repeat of what has been done
            await self.add_note(ticket, why, actor)
        return now

    async def _allowed(self, ticket: Ticket, wanted: MatterFacts, site: Site) -> MatterFacts:
        """Raises: NotCallable, Missing."""
        before, number = ticket.draft.callback_number, (wanted.callback_number or "").strip()
        if number and number != before:
            number = callable_number(number, site)
        if before and not number and await self._records.outbound_calls.of_ticket(ticket.id):
            raise Missing("Somebody waits to be called back about this ticket: it needs a number.")
        text = wanted.place_text
        if text and text != ticket.draft.place_text:
            text = _storable(text.strip())
        return replace(wanted, callback_number=number or None, place_text=text or None)

    async def add_note(self, ticket: Ticket, note: str, actor: str, key: str | None = None) -> None:
        """A line of the ticket's story; `key` makes a repeat change nothing. Raises: Missing."""
        if not note.strip():
            raise Missing("Write the note down first.")
        own = f"{actor}:{key}" if key else None
        if await self._records.tickets.add_note(ticket.id, note.strip(), actor, self._clocks.now(), own):
            await self._decided(ticket.id, Action.NOTE_ADDED, actor)

    async def _decided(self, ticket_id: str, action: Action, actor: str, to: str = "", name: str = "to") -> None:
        """The audit holds nothing that people write or callers say."""
        await self._tell(ticket_id)
        await self._audit.note(actor, action, ticket_id, self._clocks.now(), {name: to} if to else {})

    async def _tell(self, ticket_id: str, call_id: str = "") -> None:
        about = {"call": call_id} if call_id else {}
        await self._news.publish("ticket", ticket=ticket_id, **about)


def _note_opened(ticket: Ticket, timeline: Timeline) -> None:
    opened = {"ticket": ticket.number, "ticket_id": ticket.id, "topic": ticket.draft.topic}
    timeline.note(EventType.TICKET_OPENED, opened)
    promise = ticket.draft.promise
    promised = {"ticket_id": ticket.id, "what": promise.what, "by": promise.by.isoformat()}
    timeline.note(EventType.PROMISE_MADE, promised)


def _storable(text: str) -> str:
    """As every database keeps it, so that a repeat is known for one."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{REPLACEMENT CHARACTER}")
