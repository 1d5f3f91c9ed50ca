"""Accounts, pages and lists over the in-memory records."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Protocol, TypeVar

from argon2 import PasswordHasher

from routing.corrections import Correction
from routing.effects import Kind
from routing.fake import MemoryRecords
from routing.missed import MissedKind, MissedState
from routing.model import Attempt, Call, Event, NotFound, OutboundCall, Stage, Ticket
from routing.purposes import Purpose
from routing.searching import fits, searchable
from routing.work_list import Cursor, Order, Overview, Viewer, WaitsOn, belongs, place_in
from web.ports import Account, CallQuery, LoginTry, SessionEnd, TicketChange, TicketQuery


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Identified)
PASSWORD = "correct horse battery"
_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)  # quick, for tests


@dataclass
class MemoryAccounts:
    accounts: dict[str, Account] = field(default_factory=dict)
    sessions: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    tries: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    revoked: set[str] = field(default_factory=set)

    def add(self, login: str, role: str = "agent", agent_id: str | None = None, name: str = "") -> None:
        self.accounts[login] = Account(login, name or login.capitalize(), role, _HASH, agent_id)

    async def by_login(self, login: str) -> Account | None:
        return self.accounts.get(login)

    async def open_session(
        self, token_hash: str, login: str, at: datetime, expires_at: datetime, proven: str = ""
    ) -> None:
        if proven not in ("", self.accounts[login].password_hash):
            raise NotFound("no such account")
        self.sessions[token_hash] = (login, expires_at)

    async def of_session(self, token_hash: str, at: datetime) -> Account | None:
        login, expires_at = self.sessions.get(token_hash, ("", at))
        return self.accounts.get(login) if at < expires_at else None

    async def session_end(self, token_hash: str, at: datetime) -> SessionEnd:
        if token_hash in self.revoked:
            return SessionEnd.REVOKED
        _, expires_at = self.sessions.get(token_hash, ("", None))
        return SessionEnd.EXPIRED if expires_at and expires_at <= at else SessionEnd.UNKNOWN

    async def revoke_session(self, token_hash: str, at: datetime) -> None:
        self.sessions.pop(token_hash, None)
        self.revoked.add(token_hash)

    async def reserve_try(self, key: str, at: datetime, since: datetime) -> LoginTry:
        self.tries = {id: one for id, one in self.tries.items() if one[1] > since}
        others = [tried for known, tried in self.tries.values() if known == key]
        self.tries[mine := next(self.numbers)] = (key, at)
        await asyncio.sleep(0)  # as a database does, it lets others run
        return LoginTry(mine, others)

    async def withdraw_try(self, id: int) -> None:
        self.tries.pop(id, None)

    async def forget_tries(self, key: str) -> None:
        self.tries = {id: one for id, one in self.tries.items() if one[0] != key}

    async def choose_language(self, login: str, language: str | None) -> None:
        self.accounts[login] = replace(self.accounts[login], language=language or "en")

    async def set_password(self, login: str, password_hash: str, at: datetime, keep: str = "") -> None:
        self.accounts[login] = replace(self.accounts[login], password_hash=password_hash)
        for token_hash, (whose, _) in list(self.sessions.items()):
            if whose == login and token_hash != keep:
                del self.sessions[token_hash]


@dataclass
class MemoryPages:
    live_pages: dict[str, str] = field(default_factory=dict)

    async def take(self, agent_id: str, page: str, at: datetime) -> None:
        self.live_pages[agent_id] = page

    async def live(self, agent_id: str) -> str | None:
        return self.live_pages.get(agent_id)


@dataclass
class MemoryArchive:
    records: MemoryRecords

    async def calls(self, query: CallQuery, limit: int, before: str | None = None) -> Sequence[Call]:
        return _rows(self.records.state.calls.values(), lambda call: self._call_fits(call, query), limit, before)

    async def tickets(self, query: TicketQuery, limit: int, cursor: Cursor | None = None) -> Sequence[Ticket]:
        every = [each for each in self.records.state.tickets.values() if self._ticket_fits(each, query)]
        descending = (query.order is Order.NEWEST) != (cursor is not None and cursor.back)
        found = sorted(every, key=lambda each: _where(each, query.order), reverse=descending)
        if cursor:
            place = (cursor.key, cursor.id)
            found = [each for each in found if (_where(each, query.order) < place) == descending]
            found = [each for each in found if each.id != cursor.id][:limit]
        return found[:limit][::-1] if cursor and cursor.back else found[:limit]

    async def overviews(self, viewer: Viewer) -> Mapping[Overview, int]:
        every = self.records.state.tickets.values()
        return {each: sum(self._belongs(each, ticket, viewer) for ticket in every) for each in Overview}

    def _belongs(self, overview: Overview, ticket: Ticket, viewer: Viewer) -> bool:
        state = self.records.state
        unheard = any(
            (row.ticket_id, row.kind, row.state) == (ticket.id, MissedKind.MESSAGE_UNHEARD, MissedState.OPEN)
            for row in state.missed_calls.values()
        )
        owed = [row for row in state.live(Kind.OUTBOUND_CALL) if row.purpose is Purpose.CALLBACK]
        due = any(row.ticket_id == ticket.id and row.due <= viewer.at for row in owed)
        return belongs(overview, ticket, viewer, WaitsOn(unheard, due))

    def _ticket_fits(self, ticket: Ticket, query: TicketQuery) -> bool:
        seen = query.overview is None or self._belongs(query.overview, ticket, query.viewer)
        return seen and _ticket_fits(ticket, query)

    async def callbacks(self, state: str | None, limit: int, before: str | None = None) -> Sequence[OutboundCall]:
        callbacks = [row for row in self.records.state.outbound_calls.values() if row.purpose is Purpose.CALLBACK]
        return _rows(callbacks, lambda row: state in (None, row.state), limit, before)

    async def attempts(self, outbound_call_ids: Collection[str]) -> Mapping[str, Sequence[Attempt]]:
        found = defaultdict[str, list[Attempt]](list)
        for attempt in self.records.state.attempts.values():
            if attempt.outbound_call_id in outbound_call_ids:
                found[attempt.outbound_call_id].append(attempt)
        return found

    async def events(self, type: str | None, limit: int, before: str | None = None) -> Sequence[Event]:
        every = [event for events in self.records.state.events.values() for event in events]
        return _rows(every, lambda event: type in (None, event.type), limit, before)

    async def calls_of_ticket(self, ticket_id: str) -> Sequence[Call]:
        about = {ticket_id, *self.records.state.merged(ticket_id)}
        ids = sorted({call for call, ticket in self.records.state.call_tickets if ticket in about})
        return [self.records.state.calls[call] for call in ids]

    async def ticket_history(self, ticket_id: str) -> Sequence[TicketChange]:
        ticket = self.records.state.tickets[ticket_id]
        opened = TicketChange(ticket.opened_at, ticket.draft.intake.taken_by or "line", "opened", ticket.number)
        later = [(at, stage) for stage, at in ticket.stages.items() if stage is not Stage.RECORDED]
        stages = [opened, *(TicketChange(at, "agent:anna", "stage", stage) for at, stage in later)]
        recordings = self.records.state.messages.get(ticket_id, [])
        state = self.records.state
        made = defaultdict[datetime, list[Correction]](list)
        for each in state.corrections:
            if each.ticket_id == ticket_id:
                made[each.at].append(each)
        stages += [
            TicketChange(
                at, each[0].actor, "corrected", ticket.draft.topic, state.whys.get((ticket_id, at), ""), tuple(each)
            )
            for at, each in made.items()
        ]
        stages += [note for of, note in state.notes if of == ticket_id]
        return stages + [TicketChange(ticket.opened_at, "caller", "message", path) for path in recordings]

    async def tallies(self) -> Mapping[str, Mapping[str, int]]:
        endings = [call.ending or "none" for call in self.records.state.calls.values()]
        stages = [str(ticket.stage) for ticket in self.records.state.tickets.values()]
        return {
            name: {one: all_.count(one) for one in all_} for name, all_ in (("calls", endings), ("tickets", stages))
        }

    def _call_fits(self, call: Call, query: CallQuery) -> bool:
        started = next(iter(self.records.state.events.get(call.id, [])), None)
        return (
            all(
                fits(term, searchable(call.caller.name, call.caller.contact), [call.caller.number, call.caller.raw])
                for term in query.site_words.terms(query.text)
            )
            and query.state in (None, call.state)
            and query.ending in (None, call.ending)
            and (query.trace is None or (started is not None and started.payload.get("trace") == query.trace))
        )


def _ticket_fits(ticket: Ticket, query: TicketQuery) -> bool:
    draft = ticket.draft
    text = searchable(draft.words, draft.reporter.name, draft.reporter.contact, draft.place_text)
    numbers = (ticket.number, draft.reporter.number, draft.reporter.raw, draft.callback_number)
    wanted = (
        (query.stage, ticket.stage), (query.urgency, ticket.urgency), (query.crew, draft.crew),
        (query.topic, draft.topic), (query.place, draft.place), (query.assignee, ticket.assignee),
    )  # fmt: skip
    return (
        all(fits(term, text, numbers, draft.topic, draft.place or "") for term in query.site_words.terms(query.text))
        and all(want in (None, have) for want, have in wanted)
        and not (query.open_only and ticket.stage is Stage.CLOSED)
    )


def _where(ticket: Ticket, order: Order) -> tuple[tuple[int, ...], str]:
    place = place_in(order, ticket)
    return place.key, place.id


def _rows(rows: Iterable[R], fits: Callable[[R], bool], limit: int, before: str | None) -> list[R]:
    newest = sorted((row for row in rows if fits(row)), key=lambda row: row.id, reverse=True)
    return [row for row in newest if before is None or row.id < before][:limit]
