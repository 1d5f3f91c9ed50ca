"""The work list in SQL: as `routing.work_list` has it, with what the indexes of open tickets need to serve."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, literal, select, tuple_

from routing.missed import MissedKind, MissedState
from routing.model import URGENCY_ORDER
from routing.purposes import Purpose
from routing.work_list import SOON, Cursor, Order, Overview, Viewer, instant_of
from store.tables import OPEN_TICKET, UNSETTLED, promises, tickets
from store.tables_dispatch import OPEN_OUTBOUND_CALL, outbound_calls
from store.tables_missed import missed_calls

URGENCY = func.coalesce(tickets.c.urgency_set, tickets.c.urgency_suggested)
RANK = case({level: rank for rank, level in enumerate(URGENCY_ORDER)}, value=URGENCY)
ASCENDING: Mapping[Order, tuple[Any, ...]] = {
    Order.NEWEST: (tickets.c.id,),
    Order.OLDEST: (tickets.c.id,),
    Order.DUE: (tickets.c.due, tickets.c.id),
    Order.URGENCY: (RANK, tickets.c.due, tickets.c.id),
}


def in_order(query: Select[Any], order: Order, limit: int, cursor: Cursor | None) -> Select[Any]:
    """The rows from the cursor on; where it points back, those before it, nearest first."""
    columns = ASCENDING[order]
    descending = (order is Order.NEWEST) != (cursor is not None and cursor.back)
    if cursor:
        here, there = tuple_(*columns), tuple_(*_bound(columns, cursor, order))
        query = query.where(here < there if descending else here > there)
    return query.order_by(*(column.desc() if descending else column.asc() for column in columns)).limit(limit)


def _bound(columns: Sequence[Any], cursor: Cursor, order: Order) -> list[Any]:
    values: list[Any] = [*cursor.key, cursor.id]
    if order in (Order.DUE, Order.URGENCY):
        values[-2] = instant_of(values[-2])
    return [literal(value, column.type) for value, column in zip(values, columns, strict=True)]


def in_overview(overview: Overview, viewer: Viewer) -> Any:
    """As `routing.work_list.belongs`, of the tickets that are open."""
    owed = exists().where(promises.c.ticket_id == tickets.c.id, UNSETTLED).correlate(tickets)
    return {
        Overview.MINE: tickets.c.assignee == viewer.login,
        Overview.MY_CREWS: tickets.c.crew.in_(sorted(viewer.crews)),
        Overview.OVERDUE: and_(tickets.c.due < viewer.at, owed),
        Overview.DUE_SOON: and_(tickets.c.due >= viewer.at, tickets.c.due < viewer.at + SOON, owed),
        Overview.UNHEARD: tickets.c.id.in_(_unheard()),
        Overview.CALLBACKS: tickets.c.id.in_(_callbacks_due(viewer)),
        Overview.REOPENED: tickets.c.reopened_at.is_not(None),
    }[overview]


def _unheard() -> Select[Any]:
    unheard = (missed_calls.c.state == MissedState.OPEN, missed_calls.c.kind == MissedKind.MESSAGE_UNHEARD)
    return select(missed_calls.c.ticket_id).where(*unheard, missed_calls.c.ticket_id.is_not(None))


def _callbacks_due(viewer: Viewer) -> Select[Any]:
    due = (OPEN_OUTBOUND_CALL, outbound_calls.c.purpose == Purpose.CALLBACK, outbound_calls.c.due <= viewer.at)
    return select(outbound_calls.c.ticket_id).where(*due)


def count_overviews(connection: Connection, viewer: Viewer) -> dict[Overview, int]:
    """All of them in one reading of the open tickets."""
    counts = [func.count().filter(in_overview(each, viewer)) for each in Overview]
    row = connection.execute(select(*counts).select_from(tickets).where(OPEN_TICKET)).one()
    return {overview: int(count) for overview, count in zip(Overview, row, strict=True)}
