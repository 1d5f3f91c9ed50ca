"""Whom the line rings: callbacks as callers ask for them, and the calls that it makes of its own accord."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from config.documents import Site
from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.callback_times import LEAD
from routing.caps import WINDOW, Asked, over_the_cap
from routing.clocks import Clocks
from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import AttemptEvent, OutboundCallEvent
from routing.model import Call, Missing, NotFound, NotNow, OutboundCall, OutboundCallState, RoutingError
from routing.numbers import callable_number
from routing.ports import News, Records
from routing.purposes import Purpose
from routing.services.queue import QueueService
from routing.timeline import Notes, Timeline

FURTHEST = timedelta(days=30)
BY_CALLER = "caller"  # who changes what is owed to themselves need not say why
NOTHING: Mapping[str, str] = {}


class TooManyCalls(RoutingError):
    """One hour has no more calls to that number, or for that caller; the text names the cap."""


class OwedToAnother(RoutingError):
    """The ticket's one callback is promised to another caller."""


@dataclass(frozen=True)
class CallbackChange:
    """What a caller or a person makes of a callback, and how that is told."""

    event: OutboundCallEvent
    told_as: EventType
    action: Action
    needs_reason: bool = True


MOVED = CallbackChange(OutboundCallEvent.MOVED, EventType.CALLBACK_MOVED, Action.CALLBACK_MOVED, needs_reason=False)
CANCELLED = CallbackChange(OutboundCallEvent.CANCELLED, EventType.CALLBACK_CANCELLED, Action.CALLBACK_CANCELLED)
GIVEN_UP = CallbackChange(OutboundCallEvent.GIVEN_UP, EventType.CALLBACK_GIVEN_UP, Action.CALLBACK_GIVEN_UP)


class CallbackService:
    def __init__(
        self, records: Records, news: News, clocks: Clocks, queue: QueueService, audit: AuditNotes = NO_AUDIT
    ) -> None:
        self._records, self._news, self._clock, self._queue = records, news, clocks.now, queue
        self._wall, self._audit = clocks.wall, audit

    async def ask(
        self, call: Call, ticket_id: str, number: str, site: Site, timeline: Timeline, at: datetime | None = None
    ) -> OutboundCall:
        """A caller is rung instead of waiting, in the place that they have, and not before `at` where they chose that.

        Raises: NotCallable, OwedToAnother, TooManyCalls.
        """
        number = callable_number(number, site)
        try:
            asked = await self._asked(call, ticket_id, number, site)
            kept = await self._store(replace(asked, due=self._due(at)) if at else asked)
        except TooManyCalls as cap:
            timeline.note(EventType.CALLBACK_REFUSED, {"cap": str(cap)}, {"number": number})
            raise
        chosen = {"at": at.isoformat()} if at else {}
        timeline.note(EventType.CALLBACK_STORED, {"callback_id": kept.id, **chosen}, {"number": kept.number})
        return kept

    def _due(self, at: datetime) -> datetime:
        """A time on the wall's clock, by the line's."""
        return self._clock() + (at - self._wall())

    async def _asked(self, call: Call, ticket_id: str, number: str, site: Site) -> OutboundCall:
        """Raises: OwedToAnother, TooManyCalls."""
        owed = await self._records.outbound_calls.of_ticket(ticket_id)
        if owed is None:
            await self._refuse_too_many(Asked(number, call.caller.source), site)
        elif owed.number != number and owed.call_id != call.id and owed.id != call.outbound_call_id:
            raise OwedToAnother
        entry = await self._records.queue.of_call(call.id)
        since = entry.since if entry else self._clock()
        urgency = entry.urgency if entry else await self._queue.urgency_of(ticket_id)
        return OutboundCall(
            new_id(), ticket_id, number, entry.crew if entry else site.default_crew, urgency, since, since,
            call_id=call.id,
        )  # fmt: skip

    async def check(self, number: str, site: Site) -> str:
        """The number as it is dialled, where the line may ring it once more. Raises: NotCallable, TooManyCalls."""
        number = callable_number(number, site)
        await self._refuse_too_many(Asked(number, None, by_caller=False), site)
        return number

    async def owe(self, call: Call, ticket_id: str, number: str, site: Site, timeline: Timeline) -> OutboundCall:
        """Somebody at a desk has the caller of that call rung; they wait from now on, as everybody does.

        Raises: NotCallable, OwedToAnother, TooManyCalls, NotFound.
        """
        number = callable_number(number, site)
        owed = await self._records.outbound_calls.of_ticket(ticket_id)
        if owed and owed.number != number and owed.call_id != call.id:
            raise OwedToAnother
        now = self._clock()
        kept = await self.plan(Purpose.CALLBACK, "callback", number, now, ticket_id, site, call.id)
        timeline.note(EventType.CALLBACK_STORED, {"callback_id": kept.id}, {"number": kept.number})
        return kept

    async def plan(
        self, purpose: Purpose, flow: str, number: str, due: datetime, ticket_id: str, site: Site,
        call_id: str | None = None,
    ) -> OutboundCall:  # fmt: skip
        """Have somebody rung about a ticket from `due` on; `flow` serves them. One open call per ticket and purpose.

        `call_id`: the call that it goes back to. Raises: NotCallable, TooManyCalls, NotFound.
        """
        number = callable_number(number, site)
        ticket = await self._records.tickets.load(ticket_id)
        if await self._records.outbound_calls.of_ticket(ticket_id, purpose) is None:
            await self._refuse_too_many(Asked(number, None, by_caller=False), site)
        return await self._store(
            OutboundCall(
                new_id(), ticket_id, number, ticket.draft.crew, ticket.urgency, self._clock(), due, purpose, flow,
                call_id=call_id,
            )
        )  # fmt: skip

    async def _store(self, asked: OutboundCall) -> OutboundCall:
        kept = await self._records.outbound_calls.store(asked)
        told = {"call": asked.call_id} if asked.call_id else {}
        await self._news.publish("outbound", outbound_call=kept.id, purpose=kept.purpose, **told)
        return kept

    async def _refuse_too_many(self, asked: Asked, site: Site) -> None:
        """Raises: TooManyCalls."""
        alike = await self._records.outbound_calls.asked_alike(asked, self._clock() - WINDOW)
        if cap := over_the_cap(asked, alike, site.callback):
            raise TooManyCalls(cap)

    # what becomes of one that is owed: its caller says so, or a person at a desk

    async def owed_to(self, call: Call) -> OutboundCall | None:
        """The oldest callback that waits for the caller of that call, whose number is known to be theirs."""
        number = call.caller.number if call.caller.identifies else None
        owed = await self._records.outbound_calls.owed_to(number) if number else ()
        return next((each for each in owed if each.state is OutboundCallState.PENDING), None)

    def chosen_time(self, callback: OutboundCall) -> datetime | None:
        """When it is due on the wall's clock; None where that is as soon as its turn comes, or nearly so."""
        left = callback.due - self._clock()
        return self._wall() + left if left >= LEAD else None

    async def move(self, callback_id: str, at: datetime | None, actor: str) -> OutboundCall:
        """It is due then, by the wall's clock; None: as soon as its turn comes. Its place stays.

        Raises: NotFound, NotNow, Missing.
        """
        if at and not timedelta() < at - self._wall() <= FURTHEST:
            raise Missing("Choose a time that is still to come, within 30 days.")
        due, told = (self._due(at), {"at": at.isoformat()}) if at else (self._clock(), {"when": "turn"})
        return await self._change(callback_id, MOVED, actor, told, due=due)

    async def cancel(self, callback_id: str, reason: str, actor: str) -> OutboundCall:
        """Nobody is rung, and nobody wants it; a person says why. Raises: NotFound, NotNow, Missing."""
        return await self._change(callback_id, CANCELLED, actor, reason=reason)

    async def give_up(self, callback_id: str, reason: str, actor: str) -> OutboundCall:
        """Nobody is reached so: the caller is listed again, for whatever else can be done. Raises: as `cancel`."""
        return await self._change(callback_id, GIVEN_UP, actor, reason=reason)

    async def _change(
        self, callback_id: str, how: CallbackChange, actor: str, told: Mapping[str, str] = NOTHING, reason: str = "",
        due: datetime | None = None,
    ) -> OutboundCall:  # fmt: skip
        """In the story of the call that asked for it. What was typed is private, and no part of the audit."""
        reason, callback, now = reason.strip(), await self.callback(callback_id), self._clock()
        if how.needs_reason and not reason and actor != BY_CALLER:
            raise Missing("Say in a few words why.")
        if not await self._records.outbound_calls.advance(callback_id, how.event, now, due):
            raise _as_it_is(await self.callback(callback_id))
        if callback.call_id:
            notes = Notes(callback.call_id, self._clock, actor)
            notes.note(how.told_as, {"callback_id": callback_id, **told}, {"note": reason} if reason else None)
            await self._records.calls.append(notes.take())
        await self._news.publish("outbound", outbound_call=callback_id, purpose=callback.purpose)
        await self._audit.note(actor, how.action, callback_id, now, {"ticket": callback.ticket_id, **told})
        return await self.callback(callback_id)

    async def answered(self, attempt_id: str) -> None:
        """The phone was taken; whether by a person is still to be seen."""
        await self._records.outbound_calls.advance_attempt(attempt_id, AttemptEvent.ANSWERED, self._clock())

    async def confirm(self, call: Call, attempt_id: str, timeline: Timeline) -> bool:
        """A person has taken the phone; False where the outbound call is over, or another call's by now."""
        connected = await self._records.outbound_calls.connect(attempt_id, call.id, self._clock())
        timeline.note(EventType.CALLBACK_CONFIRMED, {"attempt": attempt_id, "connected": connected})
        return connected

    async def callback(self, callback_id: str) -> OutboundCall:
        """Raises: NotFound, also where we ring for another purpose."""
        found = await self._records.outbound_calls.load(callback_id)
        if found.purpose is not Purpose.CALLBACK:
            raise NotFound(f"callback {callback_id}")
        return found

    async def of_call(self, call: Call) -> OutboundCall | None:
        """The outbound call that this call is, if any."""
        return await self._records.outbound_calls.load(call.outbound_call_id) if call.outbound_call_id else None

    async def erase(self, outbound_call_id: str) -> None:
        """Its number is forgotten: nobody is rung."""
        await self._records.outbound_calls.advance(outbound_call_id, OutboundCallEvent.ERASED, self._clock())
        await self._news.publish("outbound", outbound_call=outbound_call_id)


def _as_it_is(callback: OutboundCall) -> NotNow:
    said = {
        OutboundCallState.PENDING: "This callback waits for its turn.",
        OutboundCallState.DIALLING: "This caller is being rung at this moment.",
        OutboundCallState.CONNECTED: "This caller is on the line at this moment.",
    }
    return NotNow(said.get(callback.state, "This callback is over."))
