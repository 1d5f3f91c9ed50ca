"""Calls and their timelines."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from routing.effects import call_transition
from routing.event_types import EventType
from routing.lifecycle import CallEvent
from routing.missed import ALWAYS_OPEN, MissedRules
from routing.model import Call, CallHistory, Event, NewEvent, NewOutcome, NotFound
from routing.rules import ending_call
from routing.searching import searchable
from store.applying import SqlApplier, apply
from store.columns import storable
from store.database import Database
from store.outcomes import append_outcome, history
from store.portable import insert_unless_there
from store.rows import call_of, event_of, select_calls, select_events
from store.tables import call_private, calls, events
from store.timeline import append_events, insert_events, reserve_seq

TRACE_EVENT = EventType.CALL_STARTED  # its payload may carry the test caller's mark
SAVE_DIALOGUE = (
    update(call_private)
    .where(call_private.c.call_id == bindparam("call"))
    .values(dialogue=bindparam("state", type_=call_private.c.dialogue.type))
)


class SqlCalls:
    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for
        self._applier = SqlApplier(database, kept_for)

    async def open(self, call: Call, events: Sequence[NewEvent] = ()) -> bool:
        def work(connection: Connection) -> bool:
            if not insert_unless_there(connection, calls, _row(call, events)):
                return False
            connection.execute(insert(call_private), {**_private(call), "purge_after": self._purge(call)})
            append_events(connection, events, self._kept_for)
            return True

        return await self._database.write(work)

    def _purge(self, call: Call) -> datetime:
        return call.started_at + self._kept_for

    async def load(self, call_id: str) -> Call:
        def work(connection: Connection) -> Call:
            row = connection.execute(select_calls().where(calls.c.id == call_id)).one_or_none()
            if row is None:
                raise NotFound(f"call {call_id}")
            return call_of(row)

        return await self._database.read(work)

    async def known(self, call_ids: Collection[str]) -> Mapping[str, Call]:
        query = select_calls().where(calls.c.id.in_(call_ids))
        if not call_ids:
            return {}
        found = await self._database.read(lambda connection: [call_of(row) for row in connection.execute(query)])
        return {call.id: call for call in found}

    async def save(
        self, call_id: str, dialogue: Mapping[str, Any], events: Sequence[NewEvent] = (),
        event: CallEvent | None = None, outcome: NewOutcome | None = None,
    ) -> None:  # fmt: skip
        mine = [event for event in events if event.call_id == call_id]
        others = [event for event in events if event.call_id != call_id]

        def work(connection: Connection) -> None:
            seq = reserve_seq(connection, call_id, len(mine))
            connection.execute(SAVE_DIALOGUE, {"call": call_id, "state": dict(dialogue)})
            apply(connection, [call_transition(call_id, event)] if event else [])
            if outcome:
                append_outcome(connection, call_id, outcome, self._kept_for)
            insert_events(connection, mine, seq, self._kept_for)
            append_events(connection, others, self._kept_for)

        await self._database.write(work)

    async def append(self, events: Sequence[NewEvent]) -> None:
        if events:
            await self._database.write(lambda connection: append_events(connection, events, self._kept_for))

    async def end(
        self, call_id: str, ending: str, at: datetime, events: Sequence[NewEvent] = (),
        rules: MissedRules = ALWAYS_OPEN,
    ) -> bool:  # fmt: skip
        if await self._applier.won(*ending_call(call_id, ending, at, events, rules), events=events):
            return True
        await self._database.read(lambda connection: _require(connection, call_id))
        return False

    async def timeline(self, call_id: str) -> Sequence[Event]:
        query = select_events().where(events.c.call_id == call_id).order_by(events.c.seq)
        return await self._database.read(lambda connection: [event_of(row) for row in connection.execute(query)])

    async def history(self, call_id: str) -> CallHistory:
        return await self._database.read(lambda connection: history(connection, call_id))

    async def live(self) -> Sequence[Call]:
        query = select_calls().where(calls.c.ended_at.is_(None)).order_by(calls.c.started_at)
        return await self._database.read(lambda connection: [call_of(row) for row in connection.execute(query)])

    async def of_attempt(self, attempt_id: str) -> Call | None:
        query = select_calls().where(calls.c.attempt_id == attempt_id)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else call_of(row)

    async def ended(self, call_ids: Collection[str]) -> frozenset[str]:
        query = select(calls.c.id).where(calls.c.id.in_(call_ids), calls.c.ended_at.is_not(None))
        if not call_ids:
            return frozenset()
        return await self._database.read(lambda connection: frozenset(connection.scalars(query)))


def _row(call: Call, new: Sequence[NewEvent]) -> dict[str, Any]:
    trace = next((event.payload.get("trace") for event in new if event.type == TRACE_EVENT), None)
    return {
        "id": call.id,
        "site_id": call.site_id,
        "dnis": call.dnis,
        "direction": call.direction,
        "language": call.language,
        "state": call.state,
        "withheld": call.caller.withheld,
        "shared": call.caller.shared,
        "caller_kind": call.caller.kind,
        "caller_place": call.caller.place,
        "pins": dict(call.pins),
        "trace": None if trace is None else str(trace),
        "started_at": call.started_at,
        "ended_at": call.ended_at,
        "ending": call.ending,
        "outbound_call_id": call.outbound_call_id,
        "attempt_id": call.attempt_id,
        "last_seq": 0,
        "node": call.node,
        "channel": call.channel,
    }


def _private(call: Call) -> dict[str, Any]:
    caller = call.caller
    known = {"raw": caller.raw, "number": caller.number, "name": caller.name, "contact": caller.contact}
    found_by = storable(searchable(caller.name, caller.contact))
    return {
        **known,
        "searched": found_by,
        "call_id": call.id,
        "dialogue": dict(call.dialogue),
        "begun": dict(call.dialogue),
    }


def _require(connection: Connection, call_id: str) -> None:
    if connection.execute(select(calls.c.id).where(calls.c.id == call_id)).one_or_none() is None:
        raise NotFound(f"call {call_id}")
