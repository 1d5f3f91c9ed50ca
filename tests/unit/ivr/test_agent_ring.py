"""An agent's phone rings while its caller is still being told the rest, over records in memory and phones by script."""

import asyncio

import pytest

from ivr.actions import AgentAnswered, OfferReady
from ivr.agent_ring import AgentRing
from ivr.fake_phones import ScriptedPhones
from ivr.ports import NotRung
from routing.model import Agent, AgentState, Call, CallerId, Offer, OfferState, RecordsUnavailable
from routing.news_waiter import NewsWaiter
from routing.overdue import TOOK_EMERGENCY
from tests.unit.routing.world import World

pytestmark = pytest.mark.virtual_time
RING_S = 15


class Scene:
    """A waiting call, an agent whose desk shows it, and the agent's phone."""

    def __init__(self, *taken_after_s: float | None) -> None:
        self.world = World()
        self.phones = ScriptedPhones(list(taken_after_s) or [1.0])

    async def begin(self, agents: int = 1) -> AgentRing:
        self.agents = [await self.world.agent(f"agent{n}") for n in range(agents)]
        entry = await self.world.waiting()
        self.call: Call = await self.world.records.calls.load(entry.call_id or "")
        return AgentRing(self.call, self.world.offers, self.phones, NewsWaiter(self.world.news))

    async def shown(self, agent: Agent) -> Offer:
        await self.world.tick()
        offer = await self.world.offer_to(agent)
        await self.world.show(offer.id)
        return await self.world.records.offers.load(offer.id)

    async def state(self, agent: Agent) -> AgentState:
        return (await self.world.records.agents.load(agent.id)).state


async def test_the_phone_rings_once_the_desk_shows_the_call_and_is_answered_to_whoever_asks() -> None:
    scene = Scene(1.0)
    ring = await scene.begin()
    first = asyncio.create_task(ring.answer(RING_S))
    await asyncio.sleep(1)
    assert scene.phones.rung == []
    offer = await scene.shown(scene.agents[0])
    await asyncio.sleep(6)  # the news is lost, and it looks itself
    assert await first == await ring.answer(RING_S) == AgentAnswered(offer.id, "PJSIP/phone-agent0-00000001")
    assert scene.phones.rung == ["phone-agent0"]
    assert (await scene.world.records.offers.load(offer.id)).state is OfferState.RINGING  # nobody talks yet


async def test_the_ringing_outlives_the_prompt_that_is_spoken_meanwhile() -> None:
    scene = Scene(3.0)
    ring = await scene.begin()
    offer = await scene.shown(scene.agents[0])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await ring.answer(RING_S)
    assert await ring.answer(RING_S) == AgentAnswered(offer.id, "PJSIP/phone-agent0-00000001")
    assert scene.phones.rung == ["phone-agent0"]


async def test_a_phone_that_is_not_taken_makes_its_agent_unready_and_the_next_one_rings() -> None:
    scene = Scene(None, 1.0)
    ring = await scene.begin(agents=2)
    await scene.shown(scene.agents[0])
    answer = asyncio.create_task(ring.answer(RING_S))
    await asyncio.sleep(RING_S + 1)
    assert await scene.state(scene.agents[0]) is AgentState.NOT_READY
    offer = await scene.shown(scene.agents[1])
    assert await answer == AgentAnswered(offer.id, "PJSIP/phone-agent1-00000002")


async def test_whoever_is_put_through_no_more_leaves_a_free_agent_and_a_silent_phone() -> None:
    for taken_after_s in (5.0, 0.0):  # it rings; it was taken already
        scene = Scene(taken_after_s)
        ring = await scene.begin()
        offer = await scene.shown(scene.agents[0])
        ring.begin(RING_S)
        await asyncio.sleep(1)
        await ring.stop()
        assert scene.phones.put_down == [offer.id]
        assert await scene.state(scene.agents[0]) is AgentState.AVAILABLE
        assert (await scene.world.records.offers.load(offer.id)).state is OfferState.LAPSED


async def test_whoever_goes_to_the_agent_takes_nothing_back() -> None:
    scene = Scene(0.0)
    ring = await scene.begin()
    offer = await scene.shown(scene.agents[0])
    await ring.answer(RING_S)
    ring.handed_over()
    await ring.stop()
    assert scene.phones.put_down == []
    assert (await scene.world.records.offers.load(offer.id)).state is OfferState.RINGING


async def test_where_no_phone_can_be_rung_beside_the_call_the_dialplan_does_it() -> None:
    scene = Scene()
    scene.phones.ready = False
    ring = await scene.begin()
    offer = await scene.shown(scene.agents[0])
    assert await ring.answer(RING_S) == OfferReady(offer.id, "phone-agent0")
    assert (await scene.world.records.offers.load(offer.id)).state is OfferState.SEEN


async def test_what_another_session_rang_is_given_up_before_anybody_is_rung() -> None:
    scene = Scene(1.0)
    ring = await scene.begin()
    earlier = await scene.shown(scene.agents[0])
    assert await scene.world.offers.ringing(earlier.id)  # by a controller that died
    answer = asyncio.create_task(ring.answer(RING_S))
    await asyncio.sleep(0.1)
    assert scene.phones.put_down == [earlier.id]
    assert await scene.state(scene.agents[0]) is AgentState.AVAILABLE
    offer = await scene.shown(scene.agents[0])
    assert await answer == AgentAnswered(offer.id, "PJSIP/phone-agent0-00000001")


async def test_a_phone_that_asterisk_refuses_to_ring_costs_its_agent_nothing() -> None:
    class Refusing(ScriptedPhones):
        async def ring(self, offer_id: str, phone: str, caller: CallerId, ring_s: int) -> str | None:
            raise NotRung("no such phone")

    scene = Scene()
    scene.phones = Refusing()
    ring = await scene.begin()
    offer = await scene.shown(scene.agents[0])
    ring.begin(RING_S)
    await asyncio.sleep(1)
    assert (await scene.world.records.offers.load(offer.id)).state is OfferState.LAPSED
    assert await scene.state(scene.agents[0]) is AgentState.AVAILABLE
    await ring.stop()


async def test_a_fault_of_the_records_ends_neither_the_call_nor_the_ringing(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(1.0)
    ring = await scene.begin()
    offer = await scene.shown(scene.agents[0])
    ringing, faults = scene.world.offers.ringing, [RecordsUnavailable(), RecordsUnavailable()]

    async def failing(offer_id: str) -> bool:
        if faults:
            raise faults.pop()
        return await ringing(offer_id)

    monkeypatch.setattr(scene.world.offers, "ringing", failing)
    assert await ring.answer(RING_S) == AgentAnswered(offer.id, "PJSIP/phone-agent0-00000001")


async def test_an_offer_that_is_taken_back_rings_no_longer() -> None:
    scene = Scene(12.0, 1.0)
    ring = await scene.begin()
    offer = await scene.shown(scene.agents[0])
    answer = asyncio.create_task(ring.answer(RING_S))
    await asyncio.sleep(1)
    await scene.world.offers.withdraw(offer.id, TOOK_EMERGENCY)
    await asyncio.sleep(6)  # the news is lost, and it looks itself
    assert scene.phones.put_down == [offer.id]
    assert scene.phones.rung == ["phone-agent0"]
    other = await scene.shown(scene.agents[0])
    assert await answer == AgentAnswered(other.id, "PJSIP/phone-agent0-00000002")
