"""Tickets merged into others, and tickets that are related."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from routing.acts import Act, require_seen
from routing.effects import standing_transition
from routing.lifecycle import BACK_TO, TicketEvent
from routing.merging import (
    Merge,
    Said,
    both_ways,
    called_once,
    given_back,
    require_merge,
    require_mergeable,
    stage_before_merge,
    taking_over,
)
from routing.model import OutboundCall, Promise, Stage, Ticket
from routing.promise import is_settled_by
from routing.rules import correcting, moving_urgency, waiting_with
from store.applying import apply
from store.database import Database
from store.outbound_call_rows import open_about
from store.portable import hold, insert_unless_there
from store.records_tickets import find_tickets, keep_private, merged_ids, note_promise, require_ticket
from store.tables import promises, ticket_stages, tickets
from store.tables_dispatch import outbound_calls
from store.tables_matters import ticket_links, ticket_merges
from store.ticket_acts import forget_stages, is_repeat, note_act, owe_again


class SqlMerging:
    """Implements `routing.merging.Merging`."""

    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for

    async def merge(self, ticket_id: str, into_id: str, act: Act) -> Ticket:
        def work(connection: Connection) -> Ticket:
            hold_both(connection, ticket_id, into_id)
            ticket, into = require_ticket(connection, ticket_id), require_ticket(connection, into_id)
            if not is_repeat(connection, ticket_id, act):
                require_seen(ticket, act)
                require_mergeable(ticket, into, bool(merged_ids(connection, ticket_id)))
                self._merge(connection, ticket, into, act)
            return require_ticket(connection, ticket_id)

        return await self._database.write(work)

    def _merge(self, connection: Connection, ticket: Ticket, into: Ticket, act: Act) -> None:
        kept = taking_over(into, ticket)
        called_off, effects = called_once(_owed(connection, ticket.id), _owed(connection, into.id), act.at)
        apply(connection, [standing_transition(ticket, TicketEvent.MERGE, act.at, merged_into=into.id), *effects])
        reached = {"ticket_id": ticket.id, "stage": Stage.CLOSED, "at": act.at}
        connection.execute(insert(ticket_stages), reached)
        owed = (promises.c.ticket_id == ticket.id) & promises.c.settled_at.is_(None)
        connection.execute(update(promises).where(owed).values(settled_at=act.at))  # neither kept nor broken
        keep_private(connection, ticket.id, act.at + self._kept_for)
        merge = Merge(ticket.id, into.id, act.at, act.actor, Said.of(into), Said.of(kept), called_off)
        connection.execute(insert(ticket_merges), _row(merge))
        self._says(connection, into, kept, act)
        apply(connection, waiting_with(ticket, kept))
        self._tell(connection, ticket, into, act, "merged", "merged_in")

    async def undo_merge(self, ticket_id: str, act: Act) -> Ticket:
        def work(connection: Connection) -> Ticket:
            merge = _merge_of(connection, ticket_id)
            hold_both(connection, ticket_id, merge.into_id if merge else ticket_id)
            ticket = require_ticket(connection, ticket_id)
            if not is_repeat(connection, ticket_id, act):
                require_seen(ticket, act)
                self._undo(connection, ticket, require_merge(merge), act)
            return require_ticket(connection, ticket_id)

        return await self._database.write(work)

    def _undo(self, connection: Connection, ticket: Ticket, merge: Merge, act: Act) -> None:
        into = require_ticket(connection, merge.into_id)
        stage = stage_before_merge(ticket, into, merge)
        apply(connection, [standing_transition(ticket, BACK_TO[stage], act.at, merged_into=None)])
        forget_stages(connection, ticket.id, stage)
        if not is_settled_by(ticket.draft.promise.what, stage):
            owe_again(connection, ticket.id)
        connection.execute(delete(ticket_merges).where(ticket_merges.c.ticket_id == ticket.id))
        others = find_tickets(connection, tickets.c.merged_into == into.id)
        self._says(connection, into, given_back(into, merge, others), act)
        apply(connection, moving_urgency(replace(into, id=ticket.id), ticket))
        self._tell(connection, ticket, into, act, "unmerged", "unmerged")

    def _says(self, connection: Connection, before: Ticket, now: Ticket, act: Act) -> None:
        """What the ticket that stays says from now on, and who waits about it."""
        change = update(tickets).where(tickets.c.id == before.id)
        connection.execute(change.values(urgency_set=now.urgency_set))
        apply(connection, correcting(before, now, merged=merged_ids(connection, before.id)))
        note_promise(connection, before, now.draft.promise, act.actor, act.at)

    def _tell(self, connection: Connection, one: Ticket, other: Ticket, act: Act, what: str, there: str) -> None:
        note_act(connection, one.id, act, [(what, other.number)], self._kept_for)
        note_act(connection, other.id, replace(act, key=None, reason=""), [(there, one.number)], self._kept_for)

    async def merged_into(self, ticket_id: str) -> Sequence[Ticket]:
        return await self._database.read(
            lambda connection: find_tickets(connection, tickets.c.merged_into == ticket_id)
        )

    async def link(self, ticket_id: str, other_id: str, act: Act) -> bool:
        def work(connection: Connection) -> bool:
            first, second = both_ways(ticket_id, other_id)
            one, other = require_ticket(connection, ticket_id), require_ticket(connection, other_id)
            row = {"ticket_id": first, "other_id": second, "at": act.at, "actor": act.actor}
            new = insert_unless_there(connection, ticket_links, row)
            if new:
                self._tell(connection, one, other, replace(act, key=None), "linked", "linked")
            return new

        return await self._database.write(work)

    async def unlink(self, ticket_id: str, other_id: str, act: Act) -> bool:
        def work(connection: Connection) -> bool:
            first, second = both_ways(ticket_id, other_id)
            one, other = require_ticket(connection, ticket_id), require_ticket(connection, other_id)
            pair = (ticket_links.c.ticket_id == first) & (ticket_links.c.other_id == second)
            gone = connection.execute(delete(ticket_links).where(pair)).rowcount > 0
            if gone:
                self._tell(connection, one, other, act, "unlinked", "unlinked")
            return gone

        return await self._database.write(work)

    async def linked(self, ticket_id: str) -> Sequence[Ticket]:
        links = ticket_links.c
        others = or_(
            tickets.c.id.in_(select(links.other_id).where(links.ticket_id == ticket_id)),
            tickets.c.id.in_(select(links.ticket_id).where(links.other_id == ticket_id)),
        )
        return await self._database.read(lambda connection: find_tickets(connection, others))


def hold_both(connection: Connection, *ticket_ids: str) -> None:
    """In one order, so that no two wait for each other."""
    hold(connection, select(tickets.c.id).where(tickets.c.id.in_(ticket_ids)).order_by(tickets.c.id))


def _owed(connection: Connection, ticket_id: str) -> list[OutboundCall]:
    return open_about(connection, outbound_calls.c.ticket_id == ticket_id)


def _row(merge: Merge) -> dict[str, Any]:
    before, after = merge.before, merge.after
    return {
        "ticket_id": merge.ticket_id, "into_id": merge.into_id, "at": merge.at, "actor": merge.actor,
        "what_before": before.promise.what, "by_before": before.promise.by, "urgency_set_before": before.urgency_set,
        "what_after": after.promise.what, "by_after": after.promise.by, "urgency_set_after": after.urgency_set,
        "called_off": merge.called_off,
    }  # fmt: skip


def _merge_of(connection: Connection, ticket_id: str) -> Merge | None:
    found: Row[Any] | None = connection.execute(
        select(ticket_merges).where(ticket_merges.c.ticket_id == ticket_id)
    ).first()
    if found is None:
        return None
    before = Said(Promise(found.what_before, found.by_before), found.urgency_set_before)
    after = Said(Promise(found.what_after, found.by_after), found.urgency_set_after)
    return Merge(ticket_id, found.into_id, found.at, found.actor, before, after, found.called_off)
