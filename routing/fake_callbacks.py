"""Callbacks and their attempts in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from routing.effects import Kind
from routing.fake_state import MemoryState, one
from routing.model import Attempt, Callback
from routing.rules import renewed_callback, resting, stored
from routing.transitions import CallbackTransitions


class MemoryCallbacks(CallbackTransitions):
    def __init__(self, state: MemoryState) -> None:
        self._state = self._applier = state

    async def store(self, callback: Callback) -> Callback:
        open_one = await self.of_ticket(callback.ticket_id)
        kept = renewed_callback(open_one, callback) if open_one else callback
        with self._state.transaction():
            self._state.callbacks[kept.id] = kept
            self._state.apply(stored(kept, callback))
        return kept

    async def load(self, callback_id: str) -> Callback:
        return one(self._state.callbacks, callback_id, "callback")

    async def known(self, callback_ids: Collection[str]) -> Mapping[str, Callback]:
        return {key: callback for key, callback in self._state.callbacks.items() if key in callback_ids}

    async def open(self) -> Sequence[Callback]:
        return self._state.live(Kind.CALLBACK)

    async def of_ticket(self, ticket_id: str) -> Callback | None:
        return next((callback for callback in await self.open() if callback.ticket_id == ticket_id), None)

    async def since(self, at: datetime) -> Sequence[Callback]:
        return [callback for callback in self._state.callbacks.values() if callback.since >= at]

    async def owed_to(self, number: str) -> Sequence[Callback]:
        return [callback for callback in await self.open() if callback.number == number]

    async def resting(self) -> frozenset[str]:
        calls = [call for call in self._state.calls.values() if call.ended_at is None and call.callback_id is None]
        return resting(await self.open(), [call.caller for call in calls])

    async def attempts_of(self, callback_id: str) -> Sequence[Attempt]:
        return [attempt for attempt in self._state.attempts.values() if attempt.callback_id == callback_id]

    async def load_attempt(self, attempt_id: str) -> Attempt:
        return one(self._state.attempts, attempt_id, "attempt")

    async def open_attempts(self) -> Sequence[Attempt]:
        return self._state.live(Kind.ATTEMPT)
