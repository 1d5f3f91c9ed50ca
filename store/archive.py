"""Lists for people to look things up in, newest first; ids sort by time, so the last one seen is the place."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, func, or_, select

from routing.archive import CallQuery, TicketChange, TicketQuery
from routing.corrections import Correction
from routing.model import Attempt, Call, Event, OutboundCall, Ticket
from routing.purposes import Purpose
from routing.searching import Term
from routing.work_list import Cursor, Overview, Viewer
from store.columns import storable
from store.database import Database
from store.records_corrections import kept_corrections
from store.records_tickets import find_tickets
from store.rows import (
    attempt_of,
    call_of,
    event_of,
    outbound_call_of,
    select_calls,
    select_events,
    select_outbound_calls,
)
from store.tables import (
    OPEN_TICKET,
    call_private,
    call_tickets,
    calls,
    events,
    ticket_change_private,
    ticket_changes,
    ticket_private,
    tickets,
)
from store.tables_dispatch import attempts, outbound_calls
from store.tallies import Tallies
from store.work_list import URGENCY, count_overviews, in_order, in_overview

R = TypeVar("R")


class SqlArchive:
    """Implements `routing.archive.Archive`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tallies = Tallies(database)

    async def calls(self, query: CallQuery, limit: int, before: str | None = None) -> Sequence[Call]:
        exact = {calls.c.state: query.state, calls.c.ending: query.ending, calls.c.trace: query.trace}
        numbers = (call_private.c.number, call_private.c.raw)
        where = [*_exactly(exact), *(_fits(term, call_private.c, numbers) for term in _terms(query))]
        return await self._list(select_calls().where(*where), calls.c.id, limit, before, call_of)

    async def tickets(self, query: TicketQuery, limit: int, cursor: Cursor | None = None) -> Sequence[Ticket]:
        wanted = in_order(ids_of_tickets(query), query.order, limit, cursor)

        def work(connection: Connection) -> list[Ticket]:
            ids = list(connection.scalars(wanted))
            found = {ticket.id: ticket for ticket in find_tickets(connection, tickets.c.id.in_(ids))}
            return [found[id] for id in (reversed(ids) if cursor and cursor.back else ids)]

        return await self._database.read(work)

    async def overviews(self, viewer: Viewer) -> Mapping[Overview, int]:
        return await self._database.read(lambda connection: count_overviews(connection, viewer))

    async def callbacks(self, state: str | None, limit: int, before: str | None = None) -> Sequence[OutboundCall]:
        exact = {outbound_calls.c.purpose: Purpose.CALLBACK, outbound_calls.c.state: state}
        query = select_outbound_calls().where(*_exactly(exact))
        return await self._list(query, outbound_calls.c.id, limit, before, outbound_call_of)

    async def attempts(self, outbound_call_ids: Collection[str]) -> Mapping[str, Sequence[Attempt]]:
        if not outbound_call_ids:
            return {}
        query = select(attempts).where(attempts.c.outbound_call_id.in_(outbound_call_ids)).order_by(attempts.c.number)

        def work(connection: Connection) -> Mapping[str, Sequence[Attempt]]:
            found = defaultdict[str, list[Attempt]](list)
            for row in connection.execute(query):
                found[row.outbound_call_id].append(attempt_of(row))
            return found

        return await self._database.read(work)

    async def events(self, type: str | None, limit: int, before: str | None = None) -> Sequence[Event]:
        query = select_events().where(*_exactly({events.c.type: type}))
        return await self._list(query, events.c.id, limit, before, event_of)

    async def _list(
        self, query: Select[Any], key: Any, limit: int, before: str | None, record: Callable[[Row[Any]], R]
    ) -> list[R]:
        query = query.where(key < before) if before else query
        query = query.order_by(key.desc()).limit(limit)
        return await self._database.read(lambda connection: [record(row) for row in connection.execute(query)])

    async def calls_of_ticket(self, ticket_id: str) -> Sequence[Call]:
        """Also those of the tickets that are merged into it."""
        merged = select(tickets.c.id).where(tickets.c.merged_into == ticket_id)
        about = or_(call_tickets.c.ticket_id == ticket_id, call_tickets.c.ticket_id.in_(merged))
        linked = select(call_tickets.c.call_id).where(about)
        query = select_calls().where(calls.c.id.in_(linked)).order_by(calls.c.id)
        return await self._database.read(lambda connection: [call_of(row) for row in connection.execute(query)])

    async def ticket_history(self, ticket_id: str) -> Sequence[TicketChange]:
        change = ticket_changes.c
        note = func.coalesce(ticket_change_private.c.note, "")
        query = select(change.id, change.at, change.actor, change.what, change.to, note).outerjoin(
            ticket_change_private
        )
        query = query.where(change.ticket_id == ticket_id).order_by(change.id)

        def work(connection: Connection) -> list[TicketChange]:
            corrections = defaultdict[str, list[Correction]](list)
            for change_id, correction in kept_corrections(connection, ticket_id):
                corrections[change_id].append(correction)
            return [
                replace(TicketChange(*row), corrections=tuple(corrections[id]))
                for id, *row in connection.execute(query)
            ]

        return await self._database.read(work)

    async def tallies(self) -> Mapping[str, Mapping[str, int]]:
        """As they were a few seconds ago."""
        return await self._tallies.read()


def ids_of_tickets(query: TicketQuery) -> Select[Any]:
    """What is private is read only where something is looked for in it."""
    exact = {
        tickets.c.stage: query.stage, URGENCY: query.urgency, tickets.c.crew: query.crew,
        tickets.c.topic: query.topic, tickets.c.place: query.place, tickets.c.assignee: query.assignee,
    }  # fmt: skip
    where = _exactly(exact)
    if query.open_only or query.overview:
        where.append(OPEN_TICKET)
    if query.overview:
        where.append(in_overview(query.overview, query.viewer))
    ids, terms = select(tickets.c.id).where(*where), _terms(query)
    if not terms:
        return ids
    private = ticket_private.c
    numbers = (tickets.c.number, private.number, private.raw, private.callback_number)
    return ids.outerjoin(ticket_private).where(*(_fits(term, private, numbers, tickets.c) for term in terms))


def _exactly(wanted: Mapping[Any, str | None]) -> list[Any]:
    return [column == value for column, value in wanted.items() if value]


def _terms(query: CallQuery | TicketQuery) -> tuple[Term, ...]:
    return query.site_words.terms(storable(query.text))


def _fits(term: Term, private: Any, numbers: Sequence[Any], public: Any = None) -> Any:
    """As `routing.searching.fits`, in SQL. Plain substrings: a percent sign or an underscore is just that."""
    found = [private.searched.contains(term.word, autoescape=True)]
    found += [column.contains(number, autoescape=True) for number in term.numbers for column in numbers]
    found += [public.topic.in_(term.topics)] if term.topics and public is not None else []
    found += [public.place.in_(term.places)] if term.places and public is not None else []
    return or_(*found)
