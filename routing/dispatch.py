"""Callers meet agents: every step is a claim or a conditional update, so any number of dispatchers may run."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from config.documents import WaitingRules
from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import (
    AGENT_TRANSITIONS,
    OFFER_TRANSITIONS,
    AgentEvent,
    OfferEvent,
    leads_to,
)
from routing.model import (
    NO_DISPOSITION,
    Agent,
    NewEvent,
    Offer,
    OfferState,
    QueueEntry,
)
from routing.overdue import CALLER_LEFT, NO_ANSWER, Lapse, agent_overdue, lapse_of
from routing.policy import due, pair
from routing.ports import News, Records

Clock = Callable[[], datetime]
REASONS: Mapping[AgentEvent, str] = {
    AgentEvent.PAGE_GONE: "page gone",
    AgentEvent.WRAP_UP_EXPIRED: "after-call work ran out",
}


def utc_now() -> datetime:
    return datetime.now(UTC)


class Dispatcher:
    """Pairs, offers, and heals what a dead process left behind."""

    def __init__(self, records: Records, news: News, rules: Callable[[], WaitingRules], clock: Clock = utc_now) -> None:
        """`rules` returns those that are in force now."""
        self._records = records
        self._news = news
        self._rules_now = rules
        self._clock = clock

    @property
    def _rules(self) -> WaitingRules:
        return self._rules_now()

    async def tick(self, now: datetime | None = None) -> Sequence[Offer]:
        """End what is overdue, then offer whoever waits; harmless however often and wherever it runs.

        Returns the offers that were live at its beginning.
        """
        now = now or self._clock()
        agents = await self._records.agents.all()
        offers = await self._records.offers.live()
        await self._heal_offers(offers, now)
        await self._heal_agents(agents, offers, now)
        await self._offer(now)
        return offers

    async def _heal_offers(self, offers: Sequence[Offer], now: datetime) -> None:
        ended = await self._records.calls.ended({offer.call_id for offer in offers if offer.call_id})
        for offer in offers:
            gone = offer.call_id in ended
            if offer.state is OfferState.ANSWERED:
                if gone:
                    await self._end_talk(offer, now)
                continue
            lapse = lapse_of(offer, now, self._rules, gone, gone or await self._waits(offer, now))
            if lapse:
                await self._lapse(offer, lapse, now)

    async def _waits(self, offer: Offer, now: datetime) -> bool:
        """Whether whoever is offered is there to be connected: neither gone nor busy choosing a callback."""
        entry = await self._records.queue.entry(offer.entry_id)
        return entry is not None and due(entry, now)

    async def _heal_agents(self, agents: Sequence[Agent], offers: Sequence[Offer], now: datetime) -> None:
        live = {offer.agent_id: offer for offer in offers}
        for agent in agents:
            event = agent_overdue(agent, live.get(agent.id), now, self._rules)
            if event is AgentEvent.WRAP_UP_EXPIRED:
                await self._give_up_wrap_up(agent, now)
            elif event:
                await self._change(agent, event, now)

    async def _give_up_wrap_up(self, agent: Agent, now: datetime) -> None:
        offer = await self._records.offers.last_of_agent(agent.id)
        if offer:
            await self._records.wrap_ups.wrap_up(offer.id, NO_DISPOSITION, "", agent.id, now)
        await self._change(agent, AgentEvent.WRAP_UP_EXPIRED, now)

    async def _change(self, agent: Agent, event: AgentEvent, now: datetime) -> None:
        if await self._records.agents.change(agent.id, event, now, REASONS.get(event, "")):
            await self._news.publish("agent", agent=agent.id, state=leads_to(AGENT_TRANSITIONS, event))

    async def _offer(self, now: datetime) -> None:
        waiting = await self._records.queue.waiting()
        if not waiting:
            return
        ended = await self._records.calls.ended({entry.call_id for entry in waiting if entry.call_id})
        for entry in waiting:
            if entry.call_id in ended:
                await self._records.queue.leave(entry.id, "call ended", now)
        here = [entry for entry in waiting if entry.call_id not in ended]
        offerable = await self._without_resting(here)
        for entry, agent in pair(offerable, await self._records.agents.all(), now, self._rules):
            await self._claim(entry, agent, now)

    async def _without_resting(self, waiting: Sequence[QueueEntry]) -> Sequence[QueueEntry]:
        """No agent is kept for a phone that is being rung already, or is busy in another call with us."""
        if not any(entry.callback_id and not entry.call_id for entry in waiting):
            return waiting
        resting = await self._records.callbacks.resting()
        return [entry for entry in waiting if entry.call_id or entry.callback_id not in resting]

    async def _claim(self, entry: QueueEntry, agent: Agent, now: datetime) -> None:
        offer = Offer(
            new_id(), entry.id, agent.id, now,
            call_id=entry.call_id, callback_id=entry.callback_id, ticket_id=entry.ticket_id,
        )  # fmt: skip
        if await self._records.offers.claim(offer, _events(offer, EventType.OFFER_MADE, now)):
            await publish_offer(self._news, offer, OfferState.MADE)

    async def ringing(self, offer_id: str) -> bool:
        """The call leaves for the agent's phone."""
        return await self._advance(offer_id, OfferEvent.RANG, EventType.PHONE_RINGING, self._clock())

    async def answered(self, offer_id: str) -> bool:
        """The phone was taken; even a moment after we gave up on it, unless the caller is with another by then."""
        offer = await self._records.offers.load(offer_id)
        if offer.state is OfferState.LAPSED:
            await self._withdraw_rival(offer)
        return await self._advance(
            offer_id, OfferEvent.ANSWERED, EventType.AGENT_ANSWERED, self._clock(), AgentEvent.ANSWERED
        )

    async def _withdraw_rival(self, offer: Offer) -> None:
        """Another offer of the same caller, made since: the caller is in a talk and cannot be offered."""
        rival = await self._records.offers.of_call(offer.call_id) if offer.call_id else None
        if rival and rival.state in (OfferState.MADE, OfferState.SEEN):
            await self._lapse(rival, Lapse("answered by another", AgentEvent.RELEASED), self._clock())

    async def not_answered(self, offer_id: str, why: str = NO_ANSWER.why) -> bool:
        """The phone did not take it: the agent is not ready, the caller keeps their place."""
        offer = await self._records.offers.load(offer_id)
        return await self._lapse(offer, Lapse(why, AgentEvent.MISSED), self._clock())

    async def talk_ended(self, offer_id: str) -> bool:
        """Agent and caller have talked, and one has hung up: after-call work begins."""
        offer = await self._records.offers.load(offer_id)
        if offer.state is not OfferState.ANSWERED:  # the news of the answer was lost
            await self.answered(offer_id)
        return await self._end_talk(await self._records.offers.load(offer_id), self._clock())

    async def withdraw(self, offer_id: str, lapse: Lapse) -> bool:
        """Take an unanswered offer back; False when it is answered or over."""
        return await self._lapse(await self._records.offers.load(offer_id), lapse, self._clock())

    async def caller_left(self, call_id: str, lapse: Lapse = CALLER_LEFT) -> None:
        """The caller hung up, or is helped otherwise, at whatever point."""
        offer = await self._records.offers.of_call(call_id)
        if offer is None:
            await self._news.publish("queue", call=call_id)
        elif offer.state is OfferState.ANSWERED:
            await self._end_talk(offer, self._clock())
        else:
            await self._lapse(offer, lapse, self._clock())

    async def _end_talk(self, offer: Offer, now: datetime) -> bool:
        return await self._advance(
            offer.id, OfferEvent.TALK_ENDED, EventType.TALK_ENDED, now, AgentEvent.TALK_ENDED, "talked"
        )

    async def _lapse(self, offer: Offer, lapse: Lapse, now: datetime) -> bool:
        if lapse.agent is AgentEvent.MISSED:
            await self._records.queue.refused_by(offer.entry_id, offer.agent_id)
        reason = lapse.why if lapse.agent is AgentEvent.MISSED else ""
        return await self._advance(
            offer.id, OfferEvent.LAPSED, EventType.OFFER_LAPSED, now, lapse.agent, lapse.why, reason
        )

    async def _advance(
        self, offer_id: str, event: OfferEvent, named: EventType, now: datetime, agent: AgentEvent | None = None,
        ending: str | None = None, reason: str = "",
    ) -> bool:  # fmt: skip
        offer = await self._records.offers.load(offer_id)
        events = _events(offer, named, now, **({"why": ending} if ending else {}))
        won = await self._records.offers.advance(offer_id, event, now, ending, agent, reason, events)
        if won:
            await publish_offer(self._news, offer, leads_to(OFFER_TRANSITIONS, event))
        return won


async def show(records: Records, news: News, offer: Offer, agent: Agent, shown_at: datetime, now: datetime) -> bool:
    """The agent's desk shows the call: the phone may ring. False when the offer has lapsed meanwhile."""
    facts = {"offer": offer.id, "agent": agent.id, "shown_at": shown_at.isoformat()}
    seen = [
        NewEvent(call, EventType.OFFER_SEEN, now, f"agent:{agent.login}", payload=facts) for call in _call_of(offer)
    ]
    won = await records.offers.advance(offer.id, OfferEvent.SHOWN, now, events=seen)
    if won:
        await publish_offer(news, offer, OfferState.SEEN)
    return won


async def publish_offer(news: News, offer: Offer, state: OfferState) -> None:
    await news.publish(
        "offer", offer=offer.id, call=offer.call_id or "", agent=offer.agent_id,
        ticket=offer.ticket_id or "", callback=offer.callback_id or "", state=state,
    )  # fmt: skip


def _call_of(offer: Offer) -> list[str]:
    """A callback that is not on the line yet has none."""
    return [offer.call_id] if offer.call_id else []


def _events(offer: Offer, named: EventType, at: datetime, **payload: str) -> list[NewEvent]:
    """One line for the call's timeline."""
    facts = {"offer": offer.id, "agent": offer.agent_id, **payload}
    return [NewEvent(call_id, named, at, actor="system", payload=facts) for call_id in _call_of(offer)]
