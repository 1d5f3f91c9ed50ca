"""Calls that the dialplan served before any controller did: their record, made from its facts."""

from dataclasses import dataclass, replace
from datetime import datetime

from config.in_force import EditionInForce
from ivr.state import State
from routing.identity import id_of
from routing.model import Call, NotFound
from routing.nodes import BEFORE
from routing.numbers import identify
from routing.services.line import LineServices
from runtime.clock import line_time
from telephony.spool import DialplanCall


def dialplan_id(channel: str, at: datetime) -> str:
    """The id of a call that had none when the dialplan took it: the same, whoever comes to tell of it."""
    return id_of(channel, at)


@dataclass(frozen=True)
class DialplanCalls:
    services: LineServices
    in_force: EditionInForce
    node: str = BEFORE

    async def record(self, taken: DialplanCall) -> Call:
        """The record of the call, made now where there is none."""
        call_id = taken.call_id or dialplan_id(taken.key, taken.at)
        try:
            return await self.services.records.calls.load(call_id)
        except NotFound:
            call = await self._new_call(call_id, taken)
        if not await self.services.calls.begin(call, taken.key, taken.trace, "system"):
            return await self.services.records.calls.load(call_id)
        return call

    async def _new_call(self, call_id: str, taken: DialplanCall) -> Call:
        site = self.in_force.site
        state = State(flow="main")  # from its beginning, should a controller resume it
        call = Call(
            id=call_id, site_id=site.id, dnis=taken.dnis, started_at=line_time(taken.at), pins=self.in_force.pins,
            caller=identify(taken.number or "", "", taken.withheld, site, taken.proof), dialogue=state.to_json(),
            node=self.node, channel=taken.key,
        )  # fmt: skip
        return await self._rung(call, taken.attempt_id) if taken.attempt_id else call

    async def _rung(self, call: Call, attempt_id: str) -> Call:
        """Whom we rang is known from their ticket; the channel's number is ours."""
        try:
            attempt = await self.services.records.outbound_calls.load_attempt(attempt_id)
            outbound = await self.services.records.outbound_calls.load(attempt.outbound_call_id)
            ticket = await self.services.records.tickets.load(outbound.ticket_id)
        except NotFound:
            return call
        dialogue = {**call.dialogue, "flow": outbound.flow, "ticket": ticket.id, "ticket_number": ticket.number}
        return replace(
            call, direction="outbound", outbound_call_id=outbound.id, attempt_id=attempt.id,
            caller=ticket.draft.reporter, dialogue=dialogue,
        )  # fmt: skip
