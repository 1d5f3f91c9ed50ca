"""Who has a ticket, and stages taken back."""

from sqlalchemy import Connection, update

from routing.acts import Act, require_seen
from routing.effects import standing_transition
from routing.handling import (
    Assignment,
    assigned,
    is_owed_again,
    require_earlier,
    require_reopening,
    told_of_assignment,
)
from routing.lifecycle import TicketEvent
from routing.model import Promise, Stage, Ticket
from routing.rules import correcting
from store.applying import apply
from store.records_merging import SqlMerging
from store.records_tickets import merged_ids, note_promise, require_ticket
from store.tables import ticket_private, tickets
from store.ticket_acts import forget_stages, is_repeat, note_act, owe_again


class SqlHandling(SqlMerging):
    """Implements `routing.handling.Handling`."""

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
                apply(connection, correcting(before, now, general_crew, merged_ids(connection, ticket_id)))
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
