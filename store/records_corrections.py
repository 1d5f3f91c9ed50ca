"""What people correct of tickets: the ticket as it is now, and each field as it was before."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from routing.corrections import PRIVATE_FIELDS, Correction, corrections_between, taken_over
from routing.identity import new_id
from routing.model import Ticket
from routing.rules import correcting
from store.applying import apply
from store.database import Database
from store.records_tickets import merged_ids, note_promise, require_ticket, update_ticket
from store.tables import ticket_correction_private, ticket_corrections, tickets
from store.ticket_history import note_change, note_privately


class SqlCorrections:
    """Implements `routing.corrections.Corrections`."""

    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for

    async def make(
        self, amended: Ticket, actor: str, at: datetime, version: str, general_crew: str = "", why: str = ""
    ) -> Ticket:
        def work(connection: Connection) -> Ticket:
            before = require_ticket(connection, amended.id, lock=True)
            ticket = taken_over(before, amended, version)
            if ticket is before:
                return before
            update_ticket(connection, ticket)
            urgency = update(tickets).where(tickets.c.id == ticket.id).values(urgency_set=ticket.urgency_set)
            connection.execute(urgency)
            apply(connection, correcting(before, ticket, general_crew, merged_ids(connection, ticket.id)))
            self._keep(connection, corrections_between(before, ticket, actor, at), ticket.draft.topic, why)
            note_promise(connection, before, ticket.draft.promise, actor, at)
            return require_ticket(connection, ticket.id)

        return await self._database.write(work)

    def _keep(self, connection: Connection, made: Sequence[Correction], topic: str, why: str) -> None:
        """One line of the ticket's history, and the fields that hang on it."""
        first = made[0]
        change_id = note_change(connection, first.ticket_id, first.at, first.actor, "corrected", topic)
        if why:
            note_privately(connection, change_id, why, first.at + self._kept_for)
        for each in made:
            private, row = each.field in PRIVATE_FIELDS, {**vars(each), "id": new_id(), "change_id": change_id}
            told = {"before": each.before, "after": each.after}
            connection.execute(insert(ticket_corrections), row | (dict.fromkeys(told) if private else {}))
            if private:
                beside = {"correction_id": row["id"], "purge_after": each.at + self._kept_for}
                connection.execute(insert(ticket_correction_private), beside | told)

    async def of_ticket(self, ticket_id: str) -> Sequence[Correction]:
        def work(connection: Connection) -> list[Correction]:
            return [correction for _, correction in kept_corrections(connection, ticket_id)]

        return await self._database.read(work)


def kept_corrections(connection: Connection, ticket_id: str) -> list[tuple[str, Correction]]:
    """Each with the id of its line of the ticket's history, oldest first."""
    kept, private = ticket_corrections.c, ticket_correction_private.c
    before, after = func.coalesce(kept.before, private.before), func.coalesce(kept.after, private.after)
    query = select(kept.change_id, kept.ticket_id, kept.at, kept.actor, kept.field, before, after, kept.confidence)
    query = query.outerjoin(ticket_correction_private).where(kept.ticket_id == ticket_id).order_by(kept.id)
    return [(change_id, Correction(*row)) for change_id, *row in connection.execute(query)]
