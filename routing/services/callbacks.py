"""Whom the line rings: callbacks as callers ask for them, and the calls that it makes of its own accord."""

from datetime import datetime

from config.documents import Site
from routing.caps import WINDOW, Asked, over_the_cap
from routing.clocks import Clocks
from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import AttemptEvent, OutboundCallEvent
from routing.model import Call, NotFound, OutboundCall, RoutingError
from routing.numbers import callable_number
from routing.ports import News, Records
from routing.purposes import Purpose
from routing.services.queue import QueueService
from routing.timeline import Timeline


class TooManyCalls(RoutingError):
    """One hour has no more calls to that number, or for that caller; the text names the cap."""


class OwedToAnother(RoutingError):
    """The ticket's one callback is promised to another caller."""


class CallbackService:
    def __init__(self, records: Records, news: News, clocks: Clocks, queue: QueueService) -> None:
        self._records, self._news, self._clock, self._queue = records, news, clocks.now, queue

    async def ask(self, call: Call, ticket_id: str, number: str, site: Site, timeline: Timeline) -> OutboundCall:
        """A caller is rung instead of waiting, in the place that they have.

        Raises: NotCallable, OwedToAnother, TooManyCalls.
        """
        number = callable_number(number, site)
        try:
            kept = await self._store(await self._asked(call, ticket_id, number, site))
        except TooManyCalls as cap:
            timeline.note(EventType.CALLBACK_REFUSED, {"cap": str(cap)}, {"number": number})
            raise
        timeline.note(EventType.CALLBACK_STORED, {"callback_id": kept.id}, {"number": kept.number})
        return kept

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
