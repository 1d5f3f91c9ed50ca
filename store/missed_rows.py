"""Callers whom nobody reached, as rows: what the rules need to know of them, and who is on the list."""

from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from routing.effects import Effect, JudgeMissed, SettleMissed
from routing.missed import LISTED, TELLING, Listed, MissedCall, MissedKind, MissedState, ReachedCaller, is_theirs
from routing.missed_rules import judged, settling
from routing.model import Call, CallerId, OutboundCall, Stage
from routing.purposes import Purpose
from store.outbound_call_rows import find_outbound_call
from store.portable import hold
from store.rows import Found, call_of, event_of, outbound_call_of, select_calls, select_events, select_outbound_calls
from store.tables import call_private, call_tickets, calls, events, tickets
from store.tables_dispatch import outbound_calls
from store.tables_missed import missed_calls, missed_private


def select_missed() -> Select[Any]:
    return select(missed_calls, missed_private.c.reason).outerjoin(missed_private)


def missed_of(row: Found) -> MissedCall:
    return MissedCall(
        row.id, MissedKind(row.kind), row.waited_s, row.ticket_id, row.state_since, MissedState(row.state), row.by,
        row.reason or "",
    )  # fmt: skip


def missed_effects(connection: Connection, asked: JudgeMissed | SettleMissed) -> list[Effect]:
    """What becomes of those whom nobody has reached."""
    if isinstance(asked, JudgeMissed):
        return _judged(connection, asked)
    by = _reached(connection, asked)
    return [*settling(_listed(connection, asked, by), asked.at, by)]


def _judged(connection: Connection, asked: JudgeMissed) -> list[Effect]:
    call = call_of(connection.execute(select_calls().where(calls.c.id == asked.call_id)).one())
    if call.direction != "inbound":
        return []
    mine = (events.c.call_id == call.id, events.c.type.in_(TELLING))
    told = [event_of(row) for row in connection.execute(select_events().where(*mine).order_by(events.c.seq))]
    matters = _matters(connection, call.id)
    kept = connection.execute(select(missed_calls.c.state).where(missed_calls.c.id == call.id)).scalar()
    callbacks = _callbacks(connection, call, matters)
    first = next(iter(matters), None)
    return judged(asked, call, told, callbacks, first, MissedState(kept) if kept else None)


def _matters(connection: Connection, call_id: str) -> list[str]:
    """Ids of tickets, that which the call was about first before others."""
    linked = select(call_tickets.c.ticket_id).where(call_tickets.c.call_id == call_id)
    return list(connection.scalars(linked.order_by(call_tickets.c.at, call_tickets.c.ticket_id)))


def _callbacks(connection: Connection, call: Call, matters: list[str]) -> list[OutboundCall]:
    """Those that its caller is owed about its matters."""
    if not matters:
        return []
    about = (outbound_calls.c.ticket_id.in_(matters), outbound_calls.c.purpose == Purpose.CALLBACK)
    found = map(outbound_call_of, connection.execute(select_outbound_calls().where(*about)))
    return [each for each in found if is_theirs(each, call)]


def _reached(connection: Connection, asked: SettleMissed) -> ReachedCaller | None:
    if asked.outbound_call_id:
        rung = find_outbound_call(connection, asked.outbound_call_id)
        about = frozenset({rung.ticket_id})
        return ReachedCaller(CallerId(number=rung.number or None), about, rung.call_id, rung=True)
    if asked.call_id:
        caller = call_of(connection.execute(select_calls().where(calls.c.id == asked.call_id)).one()).caller
        return ReachedCaller(caller, frozenset(_matters(connection, asked.call_id)), asked.call_id)
    return None


def _listed(connection: Connection, asked: SettleMissed, by: ReachedCaller | None) -> list[Listed]:
    """Those on the list who may be meant: by a matter, by their number, or by the call itself."""
    about = list(by.ticket_ids) if by else [asked.ticket_id or ""]
    linked = select(call_tickets.c.call_id).where(call_tickets.c.ticket_id.in_(about))
    meant: list[ColumnElement[bool]] = [missed_calls.c.id.in_(linked)]
    if by and by.caller.number:
        theirs = select(call_private.c.call_id).where(call_private.c.number == by.caller.number)
        meant.append(missed_calls.c.id.in_(theirs))
    if by and by.call_id:
        meant.append(missed_calls.c.id == by.call_id)
    listed = (missed_calls.c.state.in_(LISTED), or_(*meant))
    hold(connection, select(missed_calls.c.id).where(*listed).order_by(missed_calls.c.id))
    states = dict(connection.execute(select(missed_calls.c.id, missed_calls.c.state).where(*listed)).all())
    return _told(connection, states) if states else []


def _told(connection: Connection, states: dict[str, str]) -> list[Listed]:
    matters, unanswered = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    linked = select(call_tickets.c.call_id, tickets.c.id, tickets.c.stage).join(tickets)
    for call_id, ticket_id, stage in connection.execute(linked.where(call_tickets.c.call_id.in_(states))):
        matters[call_id].add(ticket_id)
        if stage != Stage.CLOSED:
            unanswered[call_id].add(ticket_id)
    found = [call_of(row) for row in connection.execute(select_calls().where(calls.c.id.in_(states)))]
    return [
        Listed(
            call.id, MissedState(states[call.id]), call.caller, frozenset(matters[call.id]),
            frozenset(unanswered[call.id]),
        )
        for call in found
    ]  # fmt: skip


def count_open(connection: Connection) -> dict[MissedKind, int]:
    """How many of each kind nobody has done anything about."""
    query = select(missed_calls.c.kind, func.count()).where(missed_calls.c.state == MissedState.OPEN)
    return {MissedKind(kind): int(count) for kind, count in connection.execute(query.group_by(missed_calls.c.kind))}
