"""The phones of the agents that one call is offered to, rung one after the other while its caller is told the rest."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog

from ivr.actions import AgentAnswered, OfferReady
from ivr.ports import AgentPhones, NotRung
from routing.lifecycle import AgentEvent
from routing.model import Call, Offer, OfferState
from routing.news_waiter import NewsWaiter
from routing.overdue import Lapse
from routing.services.offers import OfferService

log = structlog.get_logger()
AGAIN_S = 1.0  # after a fault
POLL_S = 5.0  # news may be lost: the dispatcher rings for what it finds, and this often the call looks itself
GIVEN_UP = Lapse("the caller is not put through now", AgentEvent.RELEASED)
INTERRUPTED = Lapse("the line was interrupted", AgentEvent.RELEASED)


class AgentRing:
    """Goes on from one prompt to the next; whoever asks again waits for the same answer."""

    def __init__(self, call: Call, offers: OfferService, phones: AgentPhones, news_waiter: NewsWaiter) -> None:
        self._call, self._offers, self._phones, self._news_waiter = call, offers, phones, news_waiter
        self._ringing: asyncio.Task[AgentAnswered | OfferReady] | None = None
        self._offer: Offer | None = None  # whose phone rings, or was taken
        self._stopping: asyncio.Task[None] | None = None  # kept, as the loop holds no task by itself

    def begin(self, ring_s: int) -> "asyncio.Task[AgentAnswered | OfferReady]":
        """Ring each agent's phone so long, one after the other, unless that is being done already."""
        if self._ringing is None:
            self._ringing = asyncio.create_task(self._rung(ring_s))
        return self._ringing

    async def answer(self, ring_s: int) -> AgentAnswered | OfferReady:
        """Until an agent has taken the phone; OfferReady where the dialplan has to ring it."""
        return await asyncio.shield(self.begin(ring_s))

    def handed_over(self) -> None:
        """The caller goes to the agent who has answered, or to the dialplan that rings one: nothing is given up."""
        self._ringing = self._offer = None

    async def stop(self, why: Lapse = GIVEN_UP) -> None:
        """No phone rings for this call any more; its agent is free again."""
        ringing, self._ringing = self._ringing, None
        if ringing:
            await self._give_up(ringing, why)

    def stop_meanwhile(self, why: Lapse) -> None:
        """The same, for which nobody waits; what goes wrong with it is healed by the dispatcher's clock."""
        ringing, self._ringing = self._ringing, None
        if ringing:
            self._stopping = asyncio.create_task(self._give_up(ringing, why))
            self._stopping.add_done_callback(_looked_at)

    async def _give_up(self, ringing: "asyncio.Task[AgentAnswered | OfferReady]", why: Lapse) -> None:
        ringing.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await ringing
        if offer := self._offer:
            self._offer = None
            await self._phones.hang_up(offer.id)
            await self._offers.withdraw(offer.id, why)

    async def _rung(self, ring_s: int) -> AgentAnswered | OfferReady:
        """No fault of the records ends the call, whose caller is still being told something."""
        while True:
            try:
                await self._give_up_what_is_rung_for_nobody()
                if answer := await self._next_agent(ring_s):
                    return answer
            except Exception as error:
                log.warning("ringing an agent failed", call=self._call.id, why=type(error).__name__)
                await asyncio.sleep(AGAIN_S)

    async def _next_agent(self, ring_s: int) -> AgentAnswered | OfferReady | None:
        offer, phone = await self.shown()
        if not self._phones.ready:
            return OfferReady(offer.id, phone)
        if await self._offers.ringing(offer.id) and (channel := await self._taken(offer, phone, ring_s)):
            return AgentAnswered(offer.id, channel)
        return None

    async def _taken(self, offer: Offer, phone: str, ring_s: int) -> str | None:
        self._offer, channel = offer, None
        try:
            channel = await self._while_it_stands(offer, self._phones.ring(offer.id, phone, self._call.caller, ring_s))
        except NotRung as reason:
            log.warning("an agent's phone was not rung", offer=offer.id, why=str(reason))
            await self._offers.withdraw(offer.id, INTERRUPTED)
        if channel is None:
            if await self._stands(offer):
                await self._offers.not_answered(offer.id)
            self._offer = None
        return channel

    async def _while_it_stands(self, offer: Offer, ringing: Coroutine[Any, Any, str | None]) -> str | None:
        """What comes of the ringing; an offer that is taken back meanwhile, as when its agent goes, rings no longer."""
        taken, over = asyncio.create_task(ringing), asyncio.create_task(self._until_it_is_over(offer))
        try:
            await asyncio.wait((taken, over), return_when=asyncio.FIRST_COMPLETED)
            if not taken.done():
                await self._phones.hang_up(offer.id)
            return await taken
        finally:
            taken.cancel()
            over.cancel()

    async def _until_it_is_over(self, offer: Offer) -> None:
        with self._news_waiter.watch(("offer",), self._call.id) as news:
            while await self._stands(offer):
                await news.wait(POLL_S)

    async def _stands(self, offer: Offer) -> bool:
        now = await self._offers.live(self._call.id)
        return now is not None and now.id == offer.id and now.state is OfferState.RINGING

    async def _give_up_what_is_rung_for_nobody(self) -> None:
        """Another session ended while that phone rang, or ours failed: nobody would come for who takes it."""
        offer = await self._offers.live(self._call.id)
        if offer and offer.state is OfferState.RINGING:
            await self._phones.hang_up(offer.id)
            await self._offers.withdraw(offer.id, INTERRUPTED)

    async def shown(self) -> tuple[Offer, str]:
        """Until an agent's desk shows this call: the offer, and the phone to ring; woken by news, and by the clock."""
        with self._news_waiter.watch(("offer",), self._call.id) as news:
            while not (shown := await self._offers.shown(self._call.id)):
                await news.wait(POLL_S)
        return shown


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Whoever waits for it is told what went wrong; where nobody does, it is said here."""
    if not task.cancelled() and (error := task.exception()):
        log.warning("ringing an agent failed", why=type(error).__name__)
