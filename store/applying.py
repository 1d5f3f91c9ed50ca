"""Effects, applied to rows: each is a conditional statement, all that follows from a transition is in one transaction.

The order is call, outbound call, attempt, talk; whoever changes both a call and its place changes the call first. So no
two wait for each other.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, or_, select, update

from routing.effects import (
    ANY,
    LIVE,
    ONE_LIVE_PER,
    CallOffReached,
    Change,
    Effect,
    EndIfEmpty,
    Enter,
    Insert,
    JudgeMissed,
    Kind,
    LinkMatter,
    Lost,
    NoteHistory,
    NoteNumber,
    Renumber,
    SettleMissed,
    Transition,
)
from routing.model import CallerId, NewEvent, Offer, OfferState
from routing.rules import FOLLOWED_BY_ROW, emptied, following, reached
from routing.talks import Role
from store.database import Database
from store.missed_rows import missed_effects
from store.outbound_call_rows import find_outbound_call, open_about
from store.portable import hold, insert_unless_there, must_win
from store.queue_rows import NOT_LEFT, enter
from store.rows import attempt_of, emergency_of, offer_of, participant_of
from store.tables import call_private, call_tickets, calls, ticket_private, tickets
from store.tables_dispatch import (
    LIVE_OFFER,
    OPEN_OUTBOUND_CALL,
    agents,
    attempts,
    offers,
    outbound_call_private,
    outbound_calls,
    queue_entries,
)
from store.tables_emergencies import emergencies, emergency_rings, emergency_takes
from store.tables_floor import help_requests
from store.tables_missed import missed_calls
from store.tables_talks import PRESENT, talk_commands, talk_participants, talks
from store.ticket_history import note_change
from store.timeline import append_events

TABLES: Mapping[Kind, Table] = {
    Kind.CALL: calls,
    Kind.TICKET: tickets,
    Kind.PLACE: queue_entries,
    Kind.AGENT: agents,
    Kind.OFFER: offers,
    Kind.OUTBOUND_CALL: outbound_calls,
    Kind.ATTEMPT: attempts,
    Kind.EMERGENCY: emergencies,
    Kind.RING: emergency_rings,
    Kind.TAKE: emergency_takes,
    Kind.TALK: talks,
    Kind.PARTICIPANT: talk_participants,
    Kind.TALK_COMMAND: talk_commands,
    Kind.MISSED: missed_calls,
    Kind.HELP: help_requests,
}
CALL_FIRST = (Kind.OUTBOUND_CALL, Kind.ATTEMPT)  # of an offer, its agent comes before the call
# Said in so many words where only live rows can have a transition, so that the index of those serves.
LIVE_ROWS: Mapping[Kind, Any] = {Kind.OFFER: LIVE_OFFER, Kind.OUTBOUND_CALL: OPEN_OUTBOUND_CALL}
AFTER: Mapping[Kind, Callable[[Connection, Row[Any]], Any]] = {
    Kind.OFFER: lambda _, row: offer_of(row),
    Kind.OUTBOUND_CALL: lambda connection, row: find_outbound_call(connection, row.id),
    Kind.ATTEMPT: lambda _, row: attempt_of(row),
    Kind.EMERGENCY: lambda _, row: emergency_of(row),
    Kind.PARTICIPANT: lambda _, row: participant_of(row),
}


class SqlApplier:
    """Implements `routing.transitions.Applier`."""

    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for

    async def won(self, *effects: Effect, events: Sequence[NewEvent] = ()) -> bool:
        def work(connection: Connection) -> None:
            if any(isinstance(each, Change) and each.kind in CALL_FIRST for each in effects):
                _hold_calls(connection, events)
            apply(connection, effects)
            append_events(connection, events, self._kept_for)

        try:
            await self._database.write(work)
        except Lost:
            return False
        return True


def _hold_calls(connection: Connection, events: Sequence[NewEvent]) -> None:
    """Their timelines are written at the end."""
    if events:
        theirs = select(calls.c.id).where(calls.c.id.in_({event.call_id for event in events})).order_by(calls.c.id)
        hold(connection, theirs)


def apply(connection: Connection, effects: Sequence[Effect]) -> None:
    """Raises: Lost."""
    for effect in effects:
        match effect:
            case Transition():
                _move(connection, effect)
            case Change():
                connection.execute(_update(effect))
            case Insert(kind, row):
                columns = {name: value for name, value in vars(row).items() if name in TABLES[kind].c}
                must_win(insert_unless_there(connection, TABLES[kind], columns))
            case _:
                _apply_special(connection, effect)


def _apply_special(connection: Connection, effect: Effect) -> None:
    match effect:
        case Enter(entry):
            mine = select(outbound_calls.c.site_id).where(outbound_calls.c.id == entry.callback_id)
            enter(connection, entry, connection.execute(mine).scalar_one())
        case CallOffReached(offer):
            apply(connection, reached(effect, _caller(connection, offer), _owed_about(connection, offer)))
        case EndIfEmpty(talk_id, at):
            apply(connection, emptied(talk_id, _in_talk(connection, talk_id), at))
        case LinkMatter(call_id, outbound_call_id, at):
            mine = select(outbound_calls.c.ticket_id).where(outbound_calls.c.id == outbound_call_id)
            ticket_id = connection.execute(mine).scalar_one()
            insert_unless_there(connection, call_tickets, {"call_id": call_id, "ticket_id": ticket_id, "at": at})
        case NoteNumber() | Renumber():
            _number(connection, effect)
        case NoteHistory(ticket_id, at, what, to):
            note_change(connection, ticket_id, at, "line", what, to)
        case JudgeMissed() | SettleMissed():
            apply(connection, missed_effects(connection, effect))


def _number(connection: Connection, effect: NoteNumber | Renumber) -> None:
    if isinstance(effect, NoteNumber):
        ticket = update(ticket_private).where(ticket_private.c.ticket_id == effect.ticket_id)
        connection.execute(ticket.values(callback_number=effect.number))
        return
    owed = select(outbound_calls.c.id).where(outbound_calls.c.ticket_id == effect.ticket_id, OPEN_OUTBOUND_CALL)
    private = outbound_call_private.c.outbound_call_id.in_(owed)
    connection.execute(update(outbound_call_private).where(private).values(number=effect.number))


def _move(connection: Connection, asked: Transition) -> None:
    """Raises: Lost."""
    if asked.kind is Kind.ATTEMPT and asked.call_id:
        _hold_outbound_call(connection, asked)
    if asked.kind is Kind.PARTICIPANT:
        _hold_talks(connection, asked)
    if asked.kind in FOLLOWED_BY_ROW:
        rows = connection.execute(_update(asked).returning(*TABLES[asked.kind].c)).all()
        must_win(bool(rows) or not asked.required)
        for row in rows:
            apply(connection, following(asked, AFTER[asked.kind](connection, row)))
    else:
        taken = connection.execute(_update(asked)).rowcount > 0
        must_win(taken or not asked.required)
        apply(connection, following(asked, None) if taken else ())


def _hold_outbound_call(connection: Connection, asked: Transition) -> None:
    """Who calls it off changes its attempt after it."""
    tried = select(attempts.c.outbound_call_id).where(attempts.c.id == asked.where["id"])
    held = select(outbound_calls.c.id).where(outbound_calls.c.id.in_(tried))
    hold(connection, held)


def _hold_talks(connection: Connection, asked: Transition) -> None:
    """Of two who leave a talk at once, the second sees that the first has left."""
    theirs = select(talk_participants.c.talk_id).where(*_asked(asked), PRESENT)
    held = select(talks.c.id).where(talks.c.id.in_(theirs)).order_by(talks.c.id)
    hold(connection, held)


def _in_talk(connection: Connection, talk_id: str) -> list[Role]:
    there = select(talk_participants.c.role).where(talk_participants.c.talk_id == talk_id, PRESENT)
    return [Role(role) for role in connection.scalars(there)]


def _update(change: Change) -> Any:
    """The only statement that moves a row along its lifecycle."""
    table = TABLES[change.kind]
    return update(table).where(*_asked(change), *_as_expected(change)).values(dict(change.changes))


def _asked(change: Change) -> list[Any]:
    columns = TABLES[change.kind].c
    return [_equals(columns[name], value) for name, value in change.where.items()]


def _as_expected(change: Change) -> list[Any]:
    """Only rows in one of the states that the change is for."""
    if change.kind is Kind.PLACE:
        return [NOT_LEFT]
    if not change.among:
        return []
    columns = TABLES[change.kind].c
    expected = [(columns.stage if change.kind is Kind.TICKET else columns.state).in_(change.among)]
    if change.kind in LIVE_ROWS and set(change.among) <= set(LIVE[change.kind]):
        expected.append(LIVE_ROWS[change.kind])
    elif change.kind is Kind.OFFER:
        expected.append((offers.c.state != OfferState.LAPSED) | ~_rival())
    return expected


def _equals(column: Any, value: Any) -> Any:
    return column.is_not(None) if value is ANY else column == value


def _rival() -> Any:
    """Whether another offer is live in the place of one that has lapsed: only one may be."""
    other = offers.alias("other")
    # Written out, not bound: only so does the database see that the indexes of live offers serve.
    live = other.c.state.in_(bindparam("live", LIVE[Kind.OFFER], expanding=True, literal_execute=True))
    same = [other.c[name] == offers.c[name] for (name,) in ONE_LIVE_PER[Kind.OFFER]]
    return select(other.c.id).where(other.c.id != offers.c.id, live, or_(*same)).exists()


def _caller(connection: Connection, offer: Offer) -> CallerId:
    query = select(call_private.c.number, calls.c.caller_kind).join(calls, calls.c.id == call_private.c.call_id)
    row = connection.execute(query.where(call_private.c.call_id == offer.call_id)).first()
    return CallerId(number=row.number, kind=row.caller_kind) if row else CallerId()


def _owed_about(connection: Connection, offer: Offer) -> list[Any]:
    linked = select(call_tickets.c.ticket_id).where(call_tickets.c.call_id == offer.call_id)
    return open_about(
        connection, outbound_calls.c.ticket_id.in_(linked) | (outbound_calls.c.ticket_id == offer.ticket_id)
    )
