"""Callbacks and their attempts in memory; they behave as the database's do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from routing.fake_state import MemoryState
from routing.identity import new_id
from routing.lifecycle import CONFIRMABLE, CONNECTABLE, OPEN_ATTEMPTS, CallEvent
from routing.model import (
    OPEN_CALLBACKS,
    UNPROVEN,
    Attempt,
    AttemptState,
    Callback,
    CallbackState,
    NewEvent,
    NotFound,
    WaitingCaller,
)


class MemoryCallbacks:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def store(self, callback: Callback) -> Callback:
        kept = await self.of_ticket(callback.ticket_id)
        if kept:
            since = min(kept.since, callback.since)
            callback = replace(kept, number=callback.number, since=since, not_before=callback.not_before)
        self._state.callbacks[callback.id] = callback
        for entry in self._state.in_queue():
            if callback.call_id and entry.call_id == callback.call_id and not entry.callback_id:
                self._state.depart(entry.id, "callback chosen", callback.since)
        self._take_place(callback)
        ticket = self._state.tickets[callback.ticket_id]
        draft = replace(ticket.draft, callback_number=callback.number)
        self._state.tickets[ticket.id] = replace(ticket, draft=draft)
        return callback

    def _take_place(self, callback: Callback) -> None:
        entry = self._entry(callback.id) or WaitingCaller(
            new_id(), callback.crew, callback.urgency, callback.since,
            callback_id=callback.id, ticket_id=callback.ticket_id,
        )  # fmt: skip
        self._state.entries[entry.id] = replace(entry, since=callback.since, not_before=callback.not_before)

    def _entry(self, callback_id: str) -> WaitingCaller | None:
        return next((entry for entry in self._state.in_queue() if entry.callback_id == callback_id), None)

    async def load(self, callback_id: str) -> Callback:
        try:
            return self._state.callbacks[callback_id]
        except KeyError:
            raise NotFound(f"callback {callback_id}") from None

    async def known(self, callback_ids: Collection[str]) -> Mapping[str, Callback]:
        stored = self._state.callbacks
        return {callback_id: stored[callback_id] for callback_id in callback_ids if callback_id in stored}

    async def advance(
        self, callback_id: str, expected: Sequence[CallbackState], to: CallbackState, at: datetime,
        not_before: datetime | None = None, events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        callback = self._state.callbacks.get(callback_id)
        if callback is None or callback.state not in expected:
            return False
        self._state.callbacks[callback_id] = callback = replace(callback, state=to, not_before=not_before)
        entry = self._entry(callback_id)
        if to not in OPEN_CALLBACKS and entry:
            self._state.depart(entry.id, f"callback {to}", at)
        if to is CallbackState.PENDING:
            self._take_place(callback)
            entry = self._entry(callback_id)
            assert entry is not None
            self._state.entries[entry.id] = replace(entry, call_id=None)
        self._state.append(events)
        return True

    async def open(self) -> Sequence[Callback]:
        return [callback for callback in self._state.callbacks.values() if callback.state in OPEN_CALLBACKS]

    async def of_ticket(self, ticket_id: str) -> Callback | None:
        return next((callback for callback in await self.open() if callback.ticket_id == ticket_id), None)

    async def since(self, at: datetime) -> Sequence[Callback]:
        return [callback for callback in self._state.callbacks.values() if callback.since >= at]

    async def owed_to(self, number: str) -> Sequence[Callback]:
        return [callback for callback in await self.open() if callback.number == number]

    async def resting(self) -> frozenset[str]:
        calls = [call for call in self._state.calls.values() if call.ended_at is None and call.callback_id is None]
        on_the_line = {call.caller.number for call in calls if call.caller.kind != UNPROVEN}
        return frozenset(
            callback.id
            for callback in await self.open()
            if callback.state is CallbackState.DIALLING
            or (callback.state is CallbackState.PENDING and callback.number in on_the_line)
        )

    async def attempts_of(self, callback_id: str) -> Sequence[Attempt]:
        return [attempt for attempt in self._state.attempts.values() if attempt.callback_id == callback_id]

    async def connect(self, attempt_id: str, call_id: str, at: datetime) -> bool:
        attempt = self._state.attempts.get(attempt_id)
        callback = self._state.callbacks.get(attempt.callback_id) if attempt else None
        if not attempt or not callback or attempt.state not in CONFIRMABLE or callback.state not in CONNECTABLE:
            return False
        self._state.attempts[attempt_id] = replace(attempt, state=AttemptState.CONFIRMED)
        self._hand_to(callback, call_id)
        return True

    async def take_over(self, callback_id: str, call_id: str, at: datetime) -> bool:
        callback = self._state.callbacks.get(callback_id)
        if callback is None or callback.state not in CONNECTABLE:
            return False
        self._state.give_up_attempts(callback_id, at)
        for entry in self._state.in_queue():
            if entry.call_id == call_id and entry.callback_id is None:
                self._state.depart(entry.id, "callback taken over", at)
        if (call_id, callback.ticket_id) not in self._state.call_tickets:
            self._state.call_tickets.append((call_id, callback.ticket_id))
        self._hand_to(callback, call_id)
        self._state.move_call(call_id, CallEvent.ENTERED_QUEUE)
        return True

    def _hand_to(self, callback: Callback, call_id: str) -> None:
        """The call takes the callback's place and its live offer."""
        self._state.callbacks[callback.id] = replace(callback, state=CallbackState.CONNECTED, not_before=None)
        entry = self._entry(callback.id)
        if entry:
            self._state.entries[entry.id] = replace(entry, call_id=call_id, not_before=None)
        for offer in self._state.live_offers():
            if offer.callback_id == callback.id:
                self._state.offers[offer.id] = replace(offer, call_id=call_id)

    async def claim_attempt(self, attempt: Attempt, events: Sequence[NewEvent] = ()) -> bool:
        callback = self._state.callbacks.get(attempt.callback_id)
        if callback is None or callback.state is not CallbackState.PENDING or callback.attempts != attempt.number - 1:
            return False
        self._state.attempts[attempt.id] = attempt
        self._state.callbacks[callback.id] = replace(
            callback, state=CallbackState.DIALLING, attempts=attempt.number, not_before=None
        )
        self._state.append(events)
        return True

    async def advance_attempt(
        self, attempt_id: str, expected: Sequence[AttemptState], to: AttemptState, at: datetime,
        ending: str | None = None, events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        attempt = self._state.attempts.get(attempt_id)
        if attempt is None or attempt.state not in expected:
            return False
        self._state.attempts[attempt_id] = replace(attempt, state=to, at=at, ending=ending)
        self._state.append(events)
        return True

    async def load_attempt(self, attempt_id: str) -> Attempt:
        try:
            return self._state.attempts[attempt_id]
        except KeyError:
            raise NotFound(f"attempt {attempt_id}") from None

    async def open_attempts(self) -> Sequence[Attempt]:
        return [attempt for attempt in self._state.attempts.values() if attempt.state in OPEN_ATTEMPTS]
