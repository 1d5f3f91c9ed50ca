"""Callers meet agents: every step is a claim or a conditional update, so any number of dispatchers may run."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from config.documents import WaitingRules
from routing.clocks import Clocks
from routing.lifecycle import AgentEvent
from routing.model import Agent, Offer, OfferState, QueueEntry
from routing.overdue import agent_overdue, lapse_of
from routing.policy import ALIKE, Skills, due, offerable, pair, routes
from routing.ports import Records
from routing.services.agents import AgentService
from routing.services.offers import OfferService
from routing.services.queue import QueueService

PAGE_GONE = "page gone"


class Dispatcher:
    """Pairs, offers, and heals what a dead process left behind."""

    def __init__(
        self, records: Records, queue: QueueService, offers: OfferService, agents: AgentService,
        rules: Callable[[], WaitingRules], clocks: Clocks, skills: Callable[[], Skills] = lambda: ALIKE,
    ) -> None:  # fmt: skip
        """`rules` and `skills` return those that are in force now."""
        self._records, self._queue, self._offers, self._agents = records, queue, offers, agents
        self._rules_now, self._clocks, self._skills_now = rules, clocks, skills

    @property
    def _rules(self) -> WaitingRules:
        return self._rules_now()

    async def tick(self) -> Sequence[Offer]:
        """End what is overdue, then offer whoever waits; harmless however often and wherever it runs.

        Returns the offers that were live at its beginning.
        """
        now = self._clocks.now()
        agents = await self._records.agents.all()
        offers = await self._records.offers.live()
        await self._heal_offers(offers, now)
        await self._heal_agents(agents, offers, now)
        await self._queue.lift_pressing(self._rules)
        await self._offer(now)
        return offers

    async def _heal_offers(self, offers: Sequence[Offer], now: datetime) -> None:
        ended = await self._records.calls.ended({offer.call_id for offer in offers if offer.call_id})
        for offer in offers:
            gone = offer.call_id in ended
            if offer.state is OfferState.ANSWERED:
                if gone:
                    await self._offers.talk_ended(offer.id)
                continue
            lapse = lapse_of(offer, now, self._rules, gone, gone or await self._waits(offer, now))
            if lapse:
                await self._offers.withdraw(offer.id, lapse)

    async def _waits(self, offer: Offer, now: datetime) -> bool:
        """Whether whoever is offered is there to be connected: neither gone nor busy choosing a callback."""
        entry = await self._records.queue.entry(offer.entry_id)
        return entry is not None and due(entry, now)

    async def _heal_agents(self, agents: Sequence[Agent], offers: Sequence[Offer], now: datetime) -> None:
        live = {offer.agent_id: offer for offer in offers}
        for agent in agents:
            event = agent_overdue(agent, live.get(agent.id), now, self._rules)
            if event is AgentEvent.WRAP_UP_EXPIRED:
                await self._agents.expire_wrap_up(agent)
            elif event:
                await self._agents.change(agent, event, PAGE_GONE if event is AgentEvent.PAGE_GONE else "")

    async def _offer(self, now: datetime) -> None:
        """Whoever is next is read only where somebody could take them, and no more of them than could be taken."""
        free = [agent for agent in await self._records.agents.all() if offerable(agent, now, self._rules)]
        if not free:
            return
        waiting = await self._still_there(await self._heads(free, now), now)
        rung_for = await self._rung_for() if any(entry.call_id is None for entry in waiting) else ()
        for entry, agent in pair(waiting, free, now, self._rules, rung_for, self._skills_now()):
            await self._offers.make(entry, agent)

    async def _rung_for(self) -> Collection[str]:
        """Agents for whom a callback rings that they are not kept for any more."""
        kept = {offer.id for offer in await self._records.offers.live() if offer.call_id is None}
        ringing = await self._records.outbound_calls.open_attempts()
        return {each.agent_id for each in ringing if each.agent_id and each.offer_id not in kept}

    async def _heads(self, free: Sequence[Agent], now: datetime) -> Sequence[QueueEntry]:
        """No agent is kept for a phone that is being rung already, or is busy in another call with us."""
        ways, resting = routes(free, self._rules), frozenset[str]()
        while True:
            waiting = await self._records.waits.heads(ways, now, len(free), resting)
            owed = {entry.callback_id for entry in waiting if entry.callback_id and not entry.call_id}
            more = await self._records.outbound_calls.resting(owed) - resting if owed else ()
            if not more:
                return waiting
            resting |= more

    async def _still_there(self, waiting: Sequence[QueueEntry], now: datetime) -> Sequence[QueueEntry]:
        """Whose call has ended all the same leaves the queue."""
        ended = await self._records.calls.ended({entry.call_id for entry in waiting if entry.call_id})
        for entry in waiting:
            if entry.call_id in ended:
                await self._records.queue.leave(entry.id, "call ended", now)
        return [entry for entry in waiting if entry.call_id not in ended]
