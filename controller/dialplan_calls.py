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

    async def record(self, taken: DialplanCall) -> Call:
        """The record of the call, made now where there is none."""
        call_id = taken.call_id or dialplan_id(taken.key, taken.at)
        try:
            return await self.records.calls.load(call_id)
        except NotFound:
            call = await self._new_call(call_id, taken)
        started = NewEvent(
            call_id=call.id, type=EventType.CALL_STARTED, at=call.started_at, actor="system", leg=taken.key,
            payload={"trace": taken.trace, "dnis": taken.dnis}, private={"number": call.caller.number or ""},
        )  # fmt: skip
        if not await self.records.calls.open(call, [started]):
            return await self.records.calls.load(call_id)
        return call

    async def _new_call(self, call_id: str, taken: DialplanCall) -> Call:
        site = self.in_force.site
        state = State(flow="main", facts=Facts(channel=taken.key))  # from its beginning, should a controller resume it
        call = Call(
            id=call_id, site_id=site.id, dnis=taken.dnis, started_at=line_time(taken.at), pins=self.in_force.pins,
            caller=identify(taken.number or "", "", taken.withheld, site, taken.proof), dialogue=state.to_json(),
        )  # fmt: skip
        return await self._called_back(call, taken.attempt_id) if taken.attempt_id else call

    async def _called_back(self, call: Call, attempt_id: str) -> Call:
        """Who was called back is known from their ticket; the channel's number is ours."""
        try:
            attempt = await self.records.callbacks.load_attempt(attempt_id)
            callback = await self.records.callbacks.load(attempt.callback_id)
            ticket = await self.records.tickets.load(callback.ticket_id)
        except NotFound:
            return call
        dialogue = {**call.dialogue, "flow": "callback", "ticket": ticket.id, "ticket_number": ticket.number}
        return replace(
            call, direction="callback", callback_id=callback.id, caller=ticket.draft.caller, dialogue=dialogue
        )
