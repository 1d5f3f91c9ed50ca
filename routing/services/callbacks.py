"""Whom the line rings: callbacks as callers ask for them, and the calls that it makes of its own accord."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from config.documents import Site
from routing.caps import WINDOW, Asked, over_the_cap
from routing.identity import new_id
from routing.lifecycle import OutboundCallEvent
from routing.matters import same_matter
from routing.model import UNPROVEN, Call, NotFound, OutboundCall, RoutingError
from routing.numbers import callable_number
from routing.ports import News, Records
from routing.purposes import Purpose


class TooManyCalls(RoutingError):
    """One hour has no more calls to that number, or for that caller; the text names the cap."""


class OwedToAnother(RoutingError):
    """The ticket's one callback is promised to another caller."""


@dataclass(frozen=True)
class Callbacks:
    records: Records
    news: News
    clock: Callable[[], datetime]

    async def ask(self, call: Call, ticket_id: str, number: str, site: Site) -> OutboundCall:
        """A caller is rung instead of waiting, in the place that they have.

        Raises: NotCallable, OwedToAnother, TooManyCalls.
        """
        number = callable_number(number, site)
        owed = await self.records.outbound_calls.of_ticket(ticket_id)
        if owed is None:
            await self._refuse_too_many(Asked(number, source_of(call)), site)
        elif owed.number != number and owed.call_id != call.id and owed.id != call.outbound_call_id:
            raise OwedToAnother
        entry = await self.records.queue.of_call(call.id)
        since = entry.since if entry else self.clock()
        urgency = entry.urgency if entry else await self._urgency_of(ticket_id)
        return await self._store(
            OutboundCall(
                new_id(), ticket_id, number, entry.crew if entry else site.default_crew, urgency, since, since,
                call_id=call.id,
            )
        )  # fmt: skip

    async def plan(
        self, purpose: Purpose, flow: str, number: str, due: datetime, ticket_id: str, site: Site
    ) -> OutboundCall:
        """Have somebody rung about a ticket from `due` on; `flow` serves them. One open call per ticket and purpose.

        Raises: NotCallable, TooManyCalls, NotFound.
        """
        number = callable_number(number, site)
        ticket = await self.records.tickets.load(ticket_id)
        if await self.records.outbound_calls.of_ticket(ticket_id, purpose) is None:
            await self._refuse_too_many(Asked(number, None, by_caller=False), site)
        return await self._store(
            OutboundCall(
                new_id(), ticket_id, number, ticket.draft.crew, ticket.urgency, self.clock(), due, purpose, flow
            )
        )  # fmt: skip

    async def _store(self, asked: OutboundCall) -> OutboundCall:
        kept = await self.records.outbound_calls.store(asked)
        told = {"call": asked.call_id} if asked.call_id else {}
        await self.news.tell("outbound", outbound_call=kept.id, purpose=kept.purpose, **told)
        return kept

    async def _refuse_too_many(self, asked: Asked, site: Site) -> None:
        """Raises: TooManyCalls."""
        recent = await self.records.outbound_calls.since(self.clock() - WINDOW)
        calls = await self.records.calls.known({each.call_id for each in recent if each.call_id})
        lately = [
            Asked(each.number, source_of(calls.get(each.call_id or "")), each.purpose is Purpose.CALLBACK)
            for each in recent
        ]
        if cap := over_the_cap(asked, lately, site.callback):
            raise TooManyCalls(cap)

    async def _urgency_of(self, ticket_id: str) -> str:
        return (await self.records.tickets.load(ticket_id)).urgency if ticket_id else "normal"

    async def confirm(self, call: Call, attempt_id: str) -> bool:
        """A person has taken the phone; False where the outbound call is over, or another call's by now."""
        return await self.records.outbound_calls.connect(attempt_id, call.id, self.clock())

    async def callback(self, callback_id: str) -> OutboundCall:
        """Raises: NotFound, also where we ring for another purpose."""
        found = await self.records.outbound_calls.load(callback_id)
        if found.purpose is not Purpose.CALLBACK:
            raise NotFound(f"callback {callback_id}")
        return found

    async def of_call(self, call: Call) -> OutboundCall | None:
        """The outbound call that this call is, if any."""
        return await self.records.outbound_calls.load(call.outbound_call_id) if call.outbound_call_id else None

    async def taken_over(
        self, call: Call, number: str, ticket_id: str | None, topics: Collection[str]
    ) -> OutboundCall | None:
        """Whoever is owed a call about this matter calls by themselves: in its place, and not rung as well."""
        told = (await self.records.tickets.load(ticket_id)).draft if ticket_id else None
        for owed in await self.records.outbound_calls.owed_to(number):
            ticket = await self.records.tickets.load(owed.ticket_id)
            if not same_matter(ticket.draft, told, topics):
                continue
            if await self.records.outbound_calls.take_over(owed.id, call.id, self.clock()):
                await self.news.tell("outbound", outbound_call=owed.id, purpose=owed.purpose, call=call.id)
                await self.news.tell("queue", call=call.id)
                return owed
        return None

    async def erase(self, outbound_call_id: str) -> None:
        """Its number is forgotten: nobody is rung."""
        await self.records.outbound_calls.advance(outbound_call_id, OutboundCallEvent.ERASED, self.clock())
        await self.news.tell("outbound", outbound_call=outbound_call_id)


def source_of(call: Call | None) -> str | None:
    """From where somebody calls; None where they do not say, or nothing proves what they say."""
    if call is None or call.caller.withheld or call.caller.kind == UNPROVEN:
        return None
    return call.caller.number or call.caller.raw
