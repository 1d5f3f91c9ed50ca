"""Emergencies as they go: raised, rung, taken, over. Whoever tells of a step twice or late changes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from routing.dispatch import Dispatcher
from routing.emergencies import (
    EMERGENCY_TRANSITIONS,
    TALKED_S,
    Emergency,
    EmergencyEvent,
    EmergencyState,
    Ring,
    Take,
    TakeEvent,
    TakeState,
)
from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import AGENT_TRANSITIONS, AgentEvent, AttemptEvent, leads_to
from routing.model import Agent, AgentState, NewEvent, OfferState, RoutingError
from routing.overdue import BECAME_EMERGENCY, NO_ANSWER, TOOK_EMERGENCY
from routing.ports import News, Records

TAKE_LIMIT_S = 40  # a phone rings for less; later than that, its news was lost
UNRUNG_S = 5  # a phone that can be rung rings by then; or its controller died
IN_EMERGENCY = "emergency"  # why an agent is not ready: takes one
AFTER_EMERGENCY = "after emergency"  # and has taken one


class NotRung(RoutingError):
    """That phone cannot be rung for the caller now."""


class Phones(Protocol):
    async def ring_alone(self, channel: str, phone: str) -> None:
        """Have the caller on this channel ring one phone, and everybody again when it is not taken. Raises: NotRung."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class EmergencyDesk:
    """Any number may run: every step is a conditional update."""

    def __init__(
        self, records: Records, news: News, dispatcher: Dispatcher, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._records, self._news, self._dispatcher, self._clock = records, news, dispatcher, clock

    async def raised(self, call_id: str, channel: str, at: datetime, callback_id: str | None = None) -> Emergency:
        """A call became an emergency: shown first, then no agent is held for it as for an ordinary call.

        `callback_id`: the call is this callback, whose person is there. Raises: NotFound.
        """
        fresh = Emergency(new_id(), call_id, channel, at)
        kept = await self._records.emergencies.open(fresh)
        if kept.id == fresh.id:
            await self._publish(kept)
            await self._records.calls.append([_event(kept, EventType.EMERGENCY_SUMMONED, at)])
            await self._confirm(callback_id, call_id)
        if entry := await self._records.queue.of_call(call_id):
            await self._records.queue.leave(entry.id, "emergency", self._clock())
        await self._dispatcher.caller_left(call_id, BECAME_EMERGENCY)
        return kept

    async def _confirm(self, callback_id: str | None, call_id: str) -> None:
        """Whoever summons help has taken the callback's phone: its place and offer are this call's, and end with it."""
        attempts = await self._records.callbacks.attempts_of(callback_id) if callback_id else ()
        if not attempts:
            return
        await self._records.callbacks.advance_attempt(attempts[-1].id, AttemptEvent.ANSWERED, self._clock())
        await self._records.callbacks.connect(attempts[-1].id, call_id, self._clock())

    async def rung(self, channel: str, phone_channel: str, phone: str) -> None:
        """A phone rings for the caller on `channel`."""
        emergency = await self._records.emergencies.of_channel(channel)
        if emergency is None or emergency.state is EmergencyState.ENDED:
            return
        if await self._records.emergencies.ring(Ring(emergency.id, phone_channel, phone, self._clock())):
            await self._advance(emergency, EmergencyEvent.RUNG_AGAIN)
            await self._publish(emergency)

    async def rung_on(self, channel: str) -> None:
        """The caller on `channel` talks to nobody: whoever answered was gone at once, before the next phone rings."""
        if emergency := await self._records.emergencies.of_channel(channel):
            await self._advance(emergency, EmergencyEvent.RUNG_AGAIN)

    async def ring_ended(self, phone_channel: str) -> None:
        """That phone rings no more and was not taken."""
        ring = await self._records.emergencies.ring_ended(phone_channel, self._clock())
        if ring is None:
            return
        emergency = await self._records.emergencies.load(ring.emergency_id)
        if (take := emergency.take) and await self._rang_for(take, ring):
            await self._give_up(take, NO_ANSWER.why)
        await self._publish(emergency)

    async def _rang_for(self, take: Take, ring: Ring) -> bool:
        """Whether the ring is the taker's; their phone may have rung before, with those of the urgent group."""
        since = take.state is TakeState.SENT and ring.began_at >= take.at
        return since and await self._phone_of(take) == ring.phone

    async def answered(self, channel: str, phone: str) -> bool:
        """A person took the phone; False where the caller on `channel` has no emergency, or it is taken."""
        emergency = await self._records.emergencies.of_channel(channel)
        if emergency is None:
            return False
        agent = await self._agent_at(phone)
        by = f"agent:{agent.login}" if agent else f"phone:{phone}"
        if not await self._advance(emergency, EmergencyEvent.ANSWERED, by):
            return False
        if agent:
            await self._busy(agent)
        if emergency.take:
            await self._close(emergency.take, by)
        return True

    async def caller_gone(self, channel: str) -> None:
        """The caller's channel ended: what nobody has taken is left for a person to look after."""
        if emergency := await self._records.emergencies.of_channel(channel):
            await self._over(emergency, EmergencyEvent.CALLER_LEFT)

    async def call_ended(self, call_id: str, answered: bool) -> None:
        """The call has its ending, which may know of an answer of which the news was lost."""
        if emergency := await self._records.emergencies.of_call(call_id):
            await self._over(emergency, EmergencyEvent.ANSWERED_UNSEEN if answered else EmergencyEvent.CALLER_LEFT)

    # agents

    async def ask(self, emergency_id: str, agent: Agent) -> bool:
        """An agent takes it: a controller will have their phone ring; False when somebody else does or did.

        One whose caller is gone is looked after from now on. Raises: NotFound.
        """
        emergency = await self._records.emergencies.load(emergency_id)
        if emergency.state is EmergencyState.LEFT:
            return await self._advance(emergency, EmergencyEvent.LOOKED_AFTER, f"agent:{agent.login}")
        if not await self._records.emergencies.ask_take(Take(new_id(), emergency_id, agent.id, self._clock())):
            return False
        await self._busy(agent)
        await self._publish(emergency)
        return True

    async def tick(self, phones: Phones) -> None:
        """Carry out what agents asked for, each once, and end what was forgotten."""
        for emergency in await self._records.emergencies.live():
            take = emergency.take
            if take is None:
                continue
            if await self._is_stale(emergency, take):
                await self._give_up(take)
                await self._publish(emergency)
            elif take.state is TakeState.ASKED and await self._step(take, TakeEvent.CLAIMED):
                await self._carry_out(emergency, take, phones)

    async def _is_stale(self, emergency: Emergency, take: Take) -> bool:
        """Whether nothing will come of it any more, through no fault of the agent."""
        limit_s = TAKE_LIMIT_S
        if take.state is TakeState.SENT:
            phone = await self._phone_of(take)
            limit_s = TAKE_LIMIT_S if any(ring.phone == phone for ring in emergency.rings) else UNRUNG_S
        return self._clock() - take.at > timedelta(seconds=limit_s)

    async def _carry_out(self, emergency: Emergency, take: Take, phones: Phones) -> None:
        try:
            await phones.ring_alone(emergency.channel, await self._phone_of(take))
        except NotRung:
            await self._give_up(take)
        await self._publish(emergency)

    async def _give_up(self, take: Take, why: str = "") -> None:
        """Not taken: `why` where it is the agent's phone; otherwise they are available again."""
        if not await self._step(take, TakeEvent.FAILED):
            return
        agent = await self._records.agents.load(take.agent_id)
        if agent.state is AgentState.NOT_READY and agent.reason == IN_EMERGENCY:
            await self._change(agent, AgentEvent.EMERGENCY_MISSED if why else AgentEvent.EMERGENCY_GIVEN_UP, why)

    async def _close(self, take: Take, by: str) -> None:
        """Somebody took it: the agent who wanted to, or another."""
        agent = await self._records.agents.load(take.agent_id)
        if by == f"agent:{agent.login}":
            await self._step(take, TakeEvent.ANSWERED)
        else:
            await self._give_up(take)

    async def _busy(self, agent: Agent) -> None:
        """No other caller is offered to whoever takes an emergency."""
        offer = await self._records.offers.of_agent(agent.id)
        if offer and offer.state is not OfferState.ANSWERED:
            await self._dispatcher.withdraw(offer.id, TOOK_EMERGENCY)
        await self._change(agent, AgentEvent.TOOK_EMERGENCY, IN_EMERGENCY)

    async def _free(self, by: str) -> None:
        """Who has taken an emergency says themselves when they are ready for the next caller."""
        agents = await self._records.agents.all()
        for agent in agents:
            if by == f"agent:{agent.login}" and agent.reason == IN_EMERGENCY:
                await self._change(agent, AgentEvent.EMERGENCY_OVER, AFTER_EMERGENCY)

    async def _change(self, agent: Agent, event: AgentEvent, reason: str) -> None:
        if await self._records.agents.change(agent.id, event, self._clock(), reason):
            await self._news.publish("agent", agent=agent.id, state=leads_to(AGENT_TRANSITIONS, event))

    async def _agent_at(self, phone: str) -> Agent | None:
        return next((agent for agent in await self._records.agents.all() if agent.phone == phone), None)

    async def _phone_of(self, take: Take) -> str:
        return (await self._records.agents.load(take.agent_id)).phone or ""

    # steps

    async def _over(self, emergency: Emergency, unless_taken: EmergencyEvent) -> None:
        """A talk that was known is over; what was never taken ends as `unless_taken` says."""
        if emergency.state is EmergencyState.TAKEN:
            talked = talked_to_a_person(emergency, self._clock())
            await self._advance(emergency, EmergencyEvent.TALK_ENDED if talked else EmergencyEvent.GONE_AT_ONCE)
            await self._free(emergency.taken_by)
        elif not emergency.taken_by:  # else it was answered for a moment, which is known
            await self._advance(emergency, unless_taken)
        if emergency.take:
            await self._give_up(emergency.take)

    async def _step(self, take: Take, event: TakeEvent) -> bool:
        return await self._records.emergencies.advance_take(take.id, event, self._clock())

    async def _advance(self, emergency: Emergency, event: EmergencyEvent, by: str = "") -> bool:
        if (emergency.state, event) not in EMERGENCY_TRANSITIONS:
            return False
        at = self._clock()
        events = [_event(emergency, NOTED[event], at, by)] if event in NOTED else []
        won = await self._records.emergencies.advance(emergency.id, event, at, by, events)
        if won:
            await self._publish(emergency)
        return won

    async def _publish(self, emergency: Emergency) -> None:
        await self._news.publish("emergency", emergency=emergency.id, call=emergency.call_id)


def talked_to_a_person(emergency: Emergency, at: datetime) -> bool:
    """Whether who took it was there long enough, or is an agent."""
    long_enough = emergency.taken_at is None or at - emergency.taken_at >= timedelta(seconds=TALKED_S)
    return long_enough or emergency.taken_by.startswith("agent:")


NOTED = {
    EmergencyEvent.ANSWERED: EventType.EMERGENCY_TAKEN,
    EmergencyEvent.RUNG_AGAIN: EventType.EMERGENCY_RUNG_AGAIN,
    EmergencyEvent.CALLER_LEFT: EventType.EMERGENCY_LEFT,
    EmergencyEvent.GONE_AT_ONCE: EventType.EMERGENCY_LEFT,
    EmergencyEvent.LOOKED_AFTER: EventType.EMERGENCY_TAKEN,
}
"""Steps that the call's timeline tells."""


def _event(emergency: Emergency, named: EventType, at: datetime, by: str = "") -> NewEvent:
    actor = by if by.startswith("agent:") else "system"
    payload = {"emergency": emergency.id, **({"by": by} if by else {})}
    return NewEvent(emergency.call_id, named, at, actor, emergency.channel, payload)
