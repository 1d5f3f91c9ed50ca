"""Calls that the dialplan served before any controller did: their record, made from its facts."""

from dataclasses import dataclass, replace
from datetime import datetime

from config.in_force import EditionInForce
from ivr.facts import Facts
from ivr.state import State
from routing.event_types import EventType
from routing.identity import id_of
from routing.model import Call, NewEvent, NotFound
from routing.numbers import identify
from routing.ports import Records
from runtime.clock import line_time
from telephony.spool import DialplanCall


def dialplan_id(channel: str, at: datetime) -> str:
    """The id of a call that had none when the dialplan took it: the same, whoever comes to tell of it."""
    return id_of(channel, at)


@dataclass(frozen=True)
class DialplanCalls:
    records: Records
    in_force: EditionInForce

    async def record(self, told: DialplanCall) -> Call:
        """The record of the call, made now where there is none."""
        call_id = told.call_id or dialplan_id(told.key, told.at)
        try:
            return await self.records.calls.load(call_id)
        except NotFound:
            call = await self._new_call(call_id, told)
        started = NewEvent(
            call_id=call.id, type=EventType.CALL_STARTED, at=call.started_at, actor="system", leg=told.key,
            payload={"trace": told.trace, "dnis": told.dnis}, private={"number": call.caller.number or ""},
        )  # fmt: skip
        if not await self.records.calls.open(call, [started]):
            return await self.records.calls.load(call_id)
        return call

    async def _new_call(self, call_id: str, told: DialplanCall) -> Call:
        site = self.in_force.site
        state = State(flow="main", facts=Facts(channel=told.key))  # from its beginning, should a controller resume it
        call = Call(
            id=call_id, site_id=site.id, dnis=told.dnis, started_at=line_time(told.at), pins=self.in_force.pins,
            caller=identify(told.number or "", "", told.withheld, site, told.proof), dialogue=state.to_json(),
        )  # fmt: skip
        return await self._rung(call, told.attempt_id) if told.attempt_id else call

    async def _rung(self, call: Call, attempt_id: str) -> Call:
        """Whom we rang is known from their ticket; the channel's number is ours."""
        try:
            attempt = await self.records.outbound_calls.load_attempt(attempt_id)
            outbound = await self.records.outbound_calls.load(attempt.outbound_call_id)
            ticket = await self.records.tickets.load(outbound.ticket_id)
        except NotFound:
            return call
        dialogue = {**call.dialogue, "flow": outbound.flow, "ticket": ticket.id, "ticket_number": ticket.number}
        return replace(
            call, direction="outbound", outbound_call_id=outbound.id, attempt_id=attempt.id,
            caller=ticket.draft.caller, dialogue=dialogue,
        )  # fmt: skip
