"""Tickets, with their stages, promises, messages and history."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from routing.acts import is_moved, refuse_unseen
from routing.corrections import CORRECTABLE, corrected
from routing.effects import stage_transition
from routing.identity import new_id
from routing.lifecycle import UNFINISHED_STAGES, next_stage
from routing.model import (
    NotFound,
    Promise,
    Stage,
    Ticket,
    TicketDraft,
)
from routing.promise import is_settled_by
from routing.rules import closing_merged, moving_urgency
from routing.searching import searchable
from routing.ticket_numbers import is_ticket_number, nth_ticket_number
from store.applying import apply
from store.columns import storable
from store.database import Database
from store.portable import hold, insert_unless_there
from store.rows import select_tickets, ticket_of
from store.tables import (
    call_tickets,
    counters,
    messages,
    promises,
    ticket_change_private,
    ticket_changes,
    ticket_correction_private,
    ticket_corrections,
    ticket_private,
    ticket_stages,
    tickets,
)
from store.ticket_history import note_change, note_once, note_privately

NOBODY = ""  # in the place of a kind of caller
CORRECTED = ("topic", "crew", "urgency_suggested", "place", "asset", "confidence")


class SqlTickets:
    def __init__(self, database: Database, site_id: str, kept_for: timedelta) -> None:
        self._database = database
        self._site_id = site_id
        self._kept_for = kept_for

    async def open(self, draft: TicketDraft, call_id: str | None, at: datetime, key: str | None = None) -> Ticket:
        def work(connection: Connection) -> Ticket:
            known = find_tickets(connection, tickets.c.key == key) if key else []
            ticket = known[0] if known else self._insert(connection, draft, at, key)
            if call_id:
                _link(connection, ticket.id, call_id, at)
            return ticket

        return await self._database.write(work)

    def _insert(self, connection: Connection, draft: TicketDraft, at: datetime, key: str | None) -> Ticket:
        number = nth_ticket_number(_next(connection, "ticket"))
        ticket = Ticket(new_id(), number, self._site_id, at, Stage.RECORDED, draft, stages={Stage.RECORDED: at})
        connection.execute(insert(tickets), {**_row(ticket), "key": key})
        connection.execute(insert(ticket_private), {**_private(ticket), "purge_after": at + self._kept_for})
        promise = {"id": new_id(), "what": draft.promise.what, "by": draft.promise.by, "made_at": at}
        connection.execute(insert(promises), {**promise, "ticket_id": ticket.id})
        connection.execute(insert(ticket_stages), {"ticket_id": ticket.id, "stage": Stage.RECORDED, "at": at})
        note_change(connection, ticket.id, at, draft.intake.taken_by or "line", "opened", number)
        return ticket

    async def join(self, ticket_id: str, call_id: str, at: datetime) -> None:
        def work(connection: Connection) -> None:
            require_ticket(connection, ticket_id)
            if _link(connection, ticket_id, call_id, at):
                note_change(connection, ticket_id, at, "caller", "joined", call_id)

        await self._database.write(work)

    async def load(self, ticket_id: str) -> Ticket:
        return await self._database.read(lambda connection: require_ticket(connection, ticket_id))

    async def known(self, ticket_ids: Collection[str]) -> Mapping[str, Ticket]:
        found = await self._find(tickets.c.id.in_(ticket_ids)) if ticket_ids else []
        return {ticket.id: ticket for ticket in found}

    async def by_number(self, number: str) -> Ticket | None:
        if not is_ticket_number(number):
            return None
        found = await self._find(tickets.c.number == number)
        return found[0] if found else None

    async def open_at(self, topic: str, place: str) -> Sequence[Ticket]:
        here = (tickets.c.topic == topic, tickets.c.place == place, tickets.c.stage.in_(UNFINISHED_STAGES))
        return await self._find(*here)

    async def of_caller(self, number: str) -> Sequence[Ticket]:
        """Also those into which one of theirs is merged."""
        own = select(ticket_private.c.ticket_id).where(ticket_private.c.number == number)
        merged = select(tickets.c.merged_into).where(tickets.c.id.in_(own), tickets.c.merged_into.is_not(None))
        theirs = or_(tickets.c.id.in_(own), tickets.c.id.in_(merged))
        return (await self._find(theirs, tickets.c.stage != Stage.CLOSED))[::-1]

    async def of_call(self, call_id: str) -> Sequence[Ticket]:
        linked = select(call_tickets.c.ticket_id).where(call_tickets.c.call_id == call_id)
        return await self._find(tickets.c.id.in_(linked))

    async def _find(self, *where: Any) -> list[Ticket]:
        return await self._database.read(lambda connection: find_tickets(connection, *where))

    async def move(
        self, ticket_id: str, to: Stage, actor: str, at: datetime, answer: str | None = None, seen: Stage | None = None
    ) -> Ticket:
        def work(connection: Connection) -> Ticket:
            ticket = require_ticket(connection, ticket_id, lock=True)
            if is_moved(ticket, to, answer, seen):
                return ticket
            stage = next_stage(ticket.stage, to, answer or ticket.answer)
            apply(connection, [stage_transition(ticket, stage, at)])
            connection.execute(insert(ticket_stages).values(ticket_id=ticket_id, stage=stage, at=at))
            self._note_stage(connection, ticket_id, at, actor, stage, answer)
            if is_settled_by(ticket.draft.promise.what, stage):
                _settle(connection, ticket_id, at)
            if stage is Stage.CLOSED:
                keep_private(connection, ticket_id, at + self._kept_for)
                for merged in merged_ids(connection, ticket_id):
                    keep_private(connection, merged, at + self._kept_for)
                    apply(connection, closing_merged(merged, at))
            return require_ticket(connection, ticket_id)

        return await self._database.write(work)

    def _note_stage(
        self, connection: Connection, ticket_id: str, at: datetime, actor: str, stage: Stage, answer: str | None
    ) -> None:
        """What the caller was told is the matter's answer, and a note on this step of its history."""
        change_id = note_change(connection, ticket_id, at, actor, "stage", stage)
        if answer:
            private = update(ticket_private).where(ticket_private.c.ticket_id == ticket_id)
            connection.execute(private.values(answer=answer))
            note_privately(connection, change_id, answer, at + self._kept_for)

    async def correct(
        self, ticket_id: str, draft: TicketDraft, actor: str, at: datetime, fields: Collection[str] = CORRECTABLE
    ) -> Ticket:
        def work(connection: Connection) -> Ticket:
            before = require_ticket(connection, ticket_id, lock=True)
            ticket = replace(before, draft=corrected(before.draft, draft, fields))
            update_ticket(connection, ticket)
            change_id = note_change(connection, ticket_id, at, actor, "corrected", ticket.draft.topic)
            if ticket.draft.place:
                note_privately(connection, change_id, ticket.draft.place, at + self._kept_for)
            return ticket

        return await self._database.write(work)

    async def set_urgency(
        self, ticket_id: str, urgency: str, actor: str, at: datetime, promise: Promise | None = None,
        seen: str | None = None, why: str = "",
    ) -> Ticket:  # fmt: skip
        def work(connection: Connection) -> Ticket:
            before = require_ticket(connection, ticket_id, lock=True)
            refuse_unseen(before, urgency, seen)
            connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(urgency_set=urgency))
            promised = replace(before.draft, promise=promise or before.draft.promise)
            now = replace(before, draft=promised, urgency_set=urgency)
            apply(connection, moving_urgency(before, now, merged_ids(connection, ticket_id)))
            change_id = note_change(connection, ticket_id, at, actor, "urgency", urgency)
            if why:
                note_privately(connection, change_id, why, at + self._kept_for)
            note_promise(connection, before, promise or before.draft.promise, actor, at)
            return require_ticket(connection, ticket_id)

        return await self._database.write(work)

    async def add_message(self, ticket_id: str, recording: str, at: datetime) -> None:
        row = {"id": new_id(), "ticket_id": ticket_id, "recording": recording, "at": at}

        def work(connection: Connection) -> None:
            require_ticket(connection, ticket_id)
            if insert_unless_there(connection, messages, row):
                note_change(connection, ticket_id, at, "caller", "message", recording)

        await self._database.write(work)

    async def add_note(self, ticket_id: str, note: str, actor: str, at: datetime, key: str | None = None) -> bool:
        def work(connection: Connection) -> bool:
            require_ticket(connection, ticket_id)
            change_id = note_once(connection, ticket_id, at, actor, key)
            if change_id:
                note_privately(connection, change_id, note, at + self._kept_for)
            return change_id is not None

        return await self._database.write(work)


def find_tickets(connection: Connection, *where: Any) -> list[Ticket]:
    """Oldest first."""
    rows = connection.execute(select_tickets().where(*where).order_by(tickets.c.id)).all()
    query = select(ticket_stages).where(ticket_stages.c.ticket_id.in_([row.id for row in rows]))
    reached: dict[str, dict[Stage, datetime]] = {row.id: {} for row in rows}
    for stage in connection.execute(query) if rows else ():
        reached[stage.ticket_id][Stage(stage.stage)] = stage.at
    return [ticket_of(row, reached[row.id]) for row in rows]


def keep_private(connection: Connection, ticket_id: str, purge_after: datetime) -> None:
    """What is private is needed while the matter is open; the time to forget runs from its end."""
    its_changes = select(ticket_changes.c.id).where(ticket_changes.c.ticket_id == ticket_id)
    corrections = select(ticket_corrections.c.id).where(ticket_corrections.c.ticket_id == ticket_id)
    for private in (
        update(ticket_private).where(ticket_private.c.ticket_id == ticket_id),
        update(ticket_change_private).where(ticket_change_private.c.change_id.in_(its_changes)),
        update(ticket_correction_private).where(ticket_correction_private.c.correction_id.in_(corrections)),
    ):
        connection.execute(private.values(purge_after=purge_after))


def merged_ids(connection: Connection, ticket_id: str) -> list[str]:
    """Those that are merged into a ticket."""
    query = select(tickets.c.id).where(tickets.c.merged_into == ticket_id).order_by(tickets.c.id)
    return list(connection.scalars(query))


def require_ticket(connection: Connection, ticket_id: str, lock: bool = False) -> Ticket:
    """Raises: NotFound."""
    if lock:  # rows that refer to the ticket need not wait
        hold(connection, select(tickets.c.id).where(tickets.c.id == ticket_id))
    found = find_tickets(connection, tickets.c.id == ticket_id)
    if not found:
        raise NotFound(f"ticket {ticket_id}")
    return found[0]


def update_ticket(connection: Connection, ticket: Ticket) -> None:
    """What a correction may have changed of it."""
    known = {name: value for name, value in _row(ticket).items() if name in CORRECTED}
    connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(known))
    private = update(ticket_private).where(ticket_private.c.ticket_id == ticket.id)
    connection.execute(private.values(_private(ticket)))


def note_promise(connection: Connection, before: Ticket, promise: Promise, actor: str, at: datetime) -> None:
    """Where it is another than before it stands from now on, and the ticket's history says so."""
    if promise != before.draft.promise:
        _promise_anew(connection, before.id, promise, at)
        note_change(connection, before.id, at, actor, "promise", promise.by.isoformat())


def _link(connection: Connection, ticket_id: str, call_id: str, at: datetime) -> bool:
    return insert_unless_there(connection, call_tickets, {"call_id": call_id, "ticket_id": ticket_id, "at": at})


def _next(connection: Connection, name: str) -> int:
    """Count up; the row is locked until the ticket is committed, so no number is given twice."""
    insert_unless_there(connection, counters, {"name": name, "value": 0})
    change = update(counters).where(counters.c.name == name).values(value=counters.c.value + 1)
    return int(connection.execute(change.returning(counters.c.value)).scalar_one())


def _promise_anew(connection: Connection, ticket_id: str, promise: Promise, at: datetime) -> None:
    """The latest promise counts; what it replaces is settled without having been kept or broken."""
    before = update(promises).where(promises.c.ticket_id == ticket_id, promises.c.settled_at.is_(None))
    connection.execute(before.values(settled_at=at))
    row = {"id": new_id(), "ticket_id": ticket_id, "what": promise.what, "by": promise.by, "made_at": at}
    connection.execute(insert(promises).values(row))
    connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(due=promise.by))


def _settle(connection: Connection, ticket_id: str, at: datetime) -> None:
    owed = update(promises).where(promises.c.ticket_id == ticket_id, promises.c.settled_at.is_(None))
    connection.execute(owed.values(settled_at=at, kept=promises.c.by >= at))


def _row(ticket: Ticket) -> dict[str, Any]:
    draft, intake, caller = ticket.draft, ticket.draft.intake, ticket.draft.reporter
    return {
        "id": ticket.id, "site_id": ticket.site_id, "number": ticket.number, "opened_at": ticket.opened_at,
        "stage": ticket.stage, "topic": draft.topic, "crew": draft.crew, "urgency_suggested": draft.urgency,
        "place": draft.place, "asset": draft.asset, "confidence": draft.confidence,
        "withheld": caller.withheld, "shared": caller.shared,
        "caller_kind": caller.kind if intake.reporter else NOBODY, "caller_place": caller.place,
        "source": intake.source, "taken_by": intake.taken_by, "due": draft.promise.by,
    }  # fmt: skip


def _private(ticket: Ticket) -> dict[str, Any]:
    draft, caller = ticket.draft, ticket.draft.reporter
    return {
        "ticket_id": ticket.id, "words": draft.words, "why": list(draft.why), "place_text": draft.place_text,
        "raw": caller.raw, "number": caller.number, "name": caller.name, "contact": caller.contact,
        "callback_number": draft.callback_number, "answer": ticket.answer,
        "searched": storable(searchable(draft.words, caller.name, caller.contact, draft.place_text)),
    }  # fmt: skip
