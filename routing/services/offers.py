"""Offers: a caller is held out to an agent, shown at the desk, rung, answered; each step once, whoever tells of it."""

from datetime import datetime

from routing.clocks import Clocks
from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import OFFER_TRANSITIONS, AgentEvent, OfferEvent, leads_to
from routing.model import Agent, NewEvent, NotFound, Offer, OfferState, QueueEntry
from routing.overdue import CALLER_LEFT, NO_ANSWER, Lapse
from routing.ports import News, Records

SYSTEM = "system"


class OfferService:
    def __init__(self, records: Records, news: News, clocks: Clocks) -> None:
        self._records, self._news, self._clocks = records, news, clocks

    async def make(self, entry: QueueEntry, agent: Agent) -> bool:
        """Hold the entry out to the agent; False when either is taken."""
        now = self._clocks.now()
        offer = Offer(
            new_id(), entry.id, agent.id, now,
            call_id=entry.call_id, callback_id=entry.callback_id, ticket_id=entry.ticket_id,
        )  # fmt: skip
        made = await self._records.offers.claim(offer, _events(offer, EventType.OFFER_MADE, now))
        if made:
            await publish_offer(self._news, offer, OfferState.MADE)
        return made

    async def show(self, offer: Offer, agent: Agent, shown_at: datetime) -> bool:
        """The agent's desk shows it: the phone may ring. False when it has lapsed meanwhile."""
        facts = {"shown_at": shown_at.isoformat()}
        actor = f"agent:{agent.login}"
        return await self._advance(offer, OfferEvent.SHOWN, EventType.OFFER_SEEN, actor=actor, facts=facts)

    async def shown(self, call_id: str) -> tuple[Offer, str] | None:
        """The offer of this call that its agent's desk shows, with the phone to ring."""
        offer = await self._records.offers.of_call(call_id)
        if offer is None or offer.state is not OfferState.SEEN:
            return None
        agent = await self._records.agents.load(offer.agent_id)
        return (offer, agent.phone) if agent.phone else None

    async def live(self, call_id: str) -> Offer | None:
        """The offer of this call that is neither answered and over nor lapsed."""
        return await self._records.offers.of_call(call_id)

    async def ringing(self, offer_id: str) -> bool:
        """The call leaves for the agent's phone."""
        offer = await self._records.offers.load(offer_id)
        return await self._advance(offer, OfferEvent.RANG, EventType.PHONE_RINGING)

    async def answered(self, offer_id: str) -> bool:
        """The phone was taken; even a moment after we gave up on it, unless the caller is with another by then."""
        offer = await self._records.offers.load(offer_id)
        if offer.state is OfferState.LAPSED:
            await self._withdraw_rival(offer)
        return await self._advance(offer, OfferEvent.ANSWERED, EventType.AGENT_ANSWERED, AgentEvent.ANSWERED)

    async def _withdraw_rival(self, offer: Offer) -> None:
        """Another offer of the same caller, made since: the caller is in a talk and cannot be offered."""
        rival = await self._records.offers.of_call(offer.call_id) if offer.call_id else None
        if rival and rival.state in (OfferState.MADE, OfferState.SEEN):
            await self.withdraw(rival.id, Lapse("answered by another", AgentEvent.RELEASED))

    async def not_answered(self, offer_id: str, why: str = NO_ANSWER.why) -> bool:
        """The phone did not take it: the agent is not ready, the caller keeps their place."""
        return await self.withdraw(offer_id, Lapse(why, AgentEvent.MISSED))

    async def dialled(self, offer_id: str, status: str) -> None:
        """The dial of the agent's phone is over, with Asterisk's `DIALSTATUS`."""
        if status == "ANSWER":
            await self.talk_ended(offer_id)
        else:
            await self.not_answered(offer_id, status.lower())

    async def talk_ended(self, offer_id: str) -> bool:
        """Agent and caller have talked, and one has hung up: after-call work begins."""
        offer = await self._records.offers.load(offer_id)
        if offer.state is not OfferState.ANSWERED:  # the news of the answer was lost
            await self.answered(offer_id)
        return await self._advance(offer, OfferEvent.TALK_ENDED, EventType.TALK_ENDED, AgentEvent.TALK_ENDED, "talked")

    async def withdraw(self, offer_id: str, lapse: Lapse) -> bool:
        """Take an unanswered offer back; False when it is answered or over."""
        offer, missed = await self._records.offers.load(offer_id), lapse.agent is AgentEvent.MISSED
        if missed:
            await self._records.queue.refused_by(offer.entry_id, offer.agent_id)
        reason = lapse.why if missed else ""
        return await self._advance(offer, OfferEvent.LAPSED, EventType.OFFER_LAPSED, lapse.agent, lapse.why, reason)

    async def caller_left(self, call_id: str, lapse: Lapse = CALLER_LEFT) -> None:
        """The caller hung up, or is helped otherwise, at whatever point."""
        offer = await self._records.offers.of_call(call_id)
        if offer is None:
            await self._news.publish("queue", call=call_id)
        elif offer.state is OfferState.ANSWERED:
            await self.talk_ended(offer.id)
        else:
            await self.withdraw(offer.id, lapse)

    async def _advance(
        self, offer: Offer, event: OfferEvent, named: EventType, agent: AgentEvent | None = None,
        ending: str | None = None, reason: str = "", actor: str = SYSTEM, facts: dict[str, str] | None = None,
    ) -> bool:  # fmt: skip
        now = self._clocks.now()
        facts = {**(facts or {}), **({"why": ending} if ending else {})}
        events = _events(offer, named, now, actor, **facts)
        won = await self._records.offers.advance(offer.id, event, now, ending, agent, reason, events)
        if won:
            await publish_offer(self._news, offer, leads_to(OFFER_TRANSITIONS, event))
        return won


async def own_offer(records: Records, agent: Agent, offer_id: str) -> Offer:
    """An offer of this very agent; anybody else's does not exist for them. Raises: NotFound."""
    offer = await records.offers.load(offer_id)
    if offer.agent_id != agent.id:
        raise NotFound
    return offer


async def publish_offer(news: News, offer: Offer, state: OfferState) -> None:
    await news.publish(
        "offer", offer=offer.id, call=offer.call_id or "", agent=offer.agent_id,
        ticket=offer.ticket_id or "", callback=offer.callback_id or "", state=state,
    )  # fmt: skip


def _events(offer: Offer, named: EventType, at: datetime, actor: str = SYSTEM, **payload: str) -> list[NewEvent]:
    """One line for the call's timeline; a callback that is not on the line yet has no call."""
    facts = {"offer": offer.id, "agent": offer.agent_id, **payload}
    return [NewEvent(offer.call_id, named, at, actor, payload=facts)] if offer.call_id else []
