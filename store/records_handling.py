"""Who has a ticket, and stages taken back."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select, update

from routing.effects import standing_transition
from routing.handling import (
    ORDER,
    Act,
    Assignment,
    assigned,
    is_owed_again,
    require_earlier,
    require_reopening,
    require_seen,
    told_of_assignment,
)
from routing.lifecycle import TicketEvent
from routing.model import Promise, Stage, Ticket
from routing.rules import correcting
from store.applying import apply
from store.database import Database
from store.records_tickets import note_promise, require_ticket
from store.tables import promises, ticket_changes, ticket_private, ticket_stages, tickets
from store.ticket_history import note_change, note_privately


class SqlHandling:
    """Implements `routing.handling.Handling`."""

    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for

    async def assign(self, ticket_id: str, to: Assignment, act: Act, general_crew: str = "") -> Ticket:
        def work(connection: Connection) -> Ticket:
            before = require_ticket(connection, ticket_id, lock=True)
            if is_repeat(connection, ticket_id, act):
                return before
            require_seen(before, act)
            now = assigned(before, to)
            if now != before:
                change = update(tickets).where(tickets.c.id == ticket_id)
                connection.execute(change.values(crew=to.crew, assignee=to.person))
                apply(connection, correcting(before, now, general_crew))
                note_act(connection, ticket_id, act, told_of_assignment(before, now), self._kept_for)
            return now

        return await self._database.write(work)

    async def take_back(self, ticket_id: str, to: Stage, act: Act) -> Ticket:
        def work(connection: Connection) -> Ticket:
            before = require_ticket(connection, ticket_id, lock=True)
            if is_repeat(connection, ticket_id, act):
                return before
            require_seen(before, act)
            apply(connection, [standing_transition(before, require_earlier(before, to), act.at)])
            forget_stages(connection, ticket_id, to)
            if is_owed_again(before, to):
                owe_again(connection, ticket_id)
            note_act(connection, ticket_id, act, [("back", to)], self._kept_for)
            return require_ticket(connection, ticket_id)

        return await self._database.write(work)

    async def reopen(self, ticket_id: str, promise: Promise, act: Act) -> Ticket:
        def work(connection: Connection) -> Ticket:
            before = require_ticket(connection, ticket_id, lock=True)
            if is_repeat(connection, ticket_id, act):
                return before
            require_seen(before, act)
            require_reopening(before)
            apply(connection, [standing_transition(before, TicketEvent.REOPEN, act.at, reopened_at=act.at)])
            forget_stages(connection, ticket_id, Stage.RECORDED)
            private = update(ticket_private).where(ticket_private.c.ticket_id == ticket_id)
            connection.execute(private.values(answer=None))
            note_act(connection, ticket_id, act, [("reopened", "")], self._kept_for)
            note_promise(connection, before, promise, act.actor, act.at)
            return require_ticket(connection, ticket_id)

        return await self._database.write(work)


def is_repeat(connection: Connection, ticket_id: str, act: Act) -> bool:
    if act.key is None:
        return False
    query = select(func.count()).where(ticket_changes.c.ticket_id == ticket_id, ticket_changes.c.key == act.key)
    return bool(connection.execute(query).scalar_one())


def note_act(
    connection: Connection, ticket_id: str, act: Act, lines: Iterable[tuple[str, str]], kept_for: timedelta
) -> None:
    """The first line of the ticket's story has the key and the reason."""
    key, reason = act.key, act.reason
    for what, to in lines:
        change_id = note_change(connection, ticket_id, act.at, act.actor, what, to, key)
        if reason:
            note_privately(connection, change_id, reason, act.at + kept_for)
        key, reason = None, ""


def forget_stages(connection: Connection, ticket_id: str, after: Stage) -> None:
    """Those that it has not reached any more; the story tells that it had."""
    later = ORDER[ORDER.index(after) + 1 :]
    connection.execute(
        delete(ticket_stages).where(ticket_stages.c.ticket_id == ticket_id, ticket_stages.c.stage.in_(later))
    )


def owe_again(connection: Connection, ticket_id: str) -> None:
    """Its latest promise is neither kept nor broken any more."""
    latest = select(func.max(promises.c.id)).where(promises.c.ticket_id == ticket_id).scalar_subquery()
    connection.execute(update(promises).where(promises.c.id == latest).values(settled_at=None, kept=None))
