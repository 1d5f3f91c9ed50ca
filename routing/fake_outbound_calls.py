"""Outbound calls and their attempts in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from routing.caps import OUTSIDE, Asked, AskedAlike
from routing.effects import Kind
from routing.fake_state import MemoryState, one
from routing.model import Attempt, OutboundCall, OutboundCallState
from routing.purposes import Purpose
from routing.rules import renewed_outbound_call, resting, stored
from routing.transitions import OutboundCallTransitions


class MemoryOutboundCalls(OutboundCallTransitions):
    def __init__(self, state: MemoryState) -> None:
        self._state = self._applier = state

    async def store(self, call: OutboundCall) -> OutboundCall:
        open_one = await self.of_ticket(call.ticket_id, call.purpose)
        kept = renewed_outbound_call(open_one, call) if open_one else call
        with self._state.transaction():
            self._state.outbound_calls[kept.id] = kept
            self._state.apply(stored(kept, call))
        return kept

    async def load(self, outbound_call_id: str) -> OutboundCall:
        return one(self._state.outbound_calls, outbound_call_id, "outbound call")

    async def known(self, outbound_call_ids: Collection[str]) -> Mapping[str, OutboundCall]:
        return {key: call for key, call in self._state.outbound_calls.items() if key in outbound_call_ids}

    async def open(self) -> Sequence[OutboundCall]:
        return self._state.live(Kind.OUTBOUND_CALL)

    async def to_attend(self, now: datetime) -> Sequence[OutboundCall]:
        offered = {offer.callback_id for offer in self._state.live(Kind.OFFER)}

        def needed(call: OutboundCall) -> bool:
            return call.id in offered if call.rule.for_agent else call.due <= now

        pending = OutboundCallState.PENDING
        return [call for call in await self.open() if call.state is not pending or needed(call)]

    async def of_ticket(self, ticket_id: str, purpose: Purpose = Purpose.CALLBACK) -> OutboundCall | None:
        about = (ticket_id, purpose)
        return next((call for call in await self.open() if (call.ticket_id, call.purpose) == about), None)

    async def asked_alike(self, asked: Asked, since: datetime) -> AskedAlike:
        lately = [call for call in self._state.outbound_calls.values() if call.since >= since]
        sources = [self._source(call) for call in lately if call.purpose is Purpose.CALLBACK]
        outside = sum(call.number.startswith(OUTSIDE) for call in lately)
        return AskedAlike(sum(call.number == asked.number for call in lately), sources.count(asked.caller), outside)

    def _source(self, call: OutboundCall) -> str | None:
        asked_in = self._state.calls.get(call.call_id or "")
        return asked_in.caller.source if asked_in else None

    async def owed_to(self, number: str) -> Sequence[OutboundCall]:
        callbacks = (call for call in await self.open() if call.purpose is Purpose.CALLBACK)
        return [callback for callback in callbacks if callback.number == number]

    async def resting(self, among: Collection[str] | None = None) -> frozenset[str]:
        calls = [call for call in self._state.calls.values() if call.ended_at is None and call.outbound_call_id is None]
        found = resting(await self.open(), [call.caller for call in calls])
        return found if among is None else found & frozenset(among)

    async def attempts_of(self, outbound_call_id: str) -> Sequence[Attempt]:
        return [attempt for attempt in self._state.attempts.values() if attempt.outbound_call_id == outbound_call_id]

    async def load_attempt(self, attempt_id: str) -> Attempt:
        return one(self._state.attempts, attempt_id, "attempt")

    async def open_attempts(self) -> Sequence[Attempt]:
        return self._state.live(Kind.ATTEMPT)
