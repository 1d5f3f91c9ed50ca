"""From the caller's last word to a free agent: the phone rings while the rest is told, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr import fake_ears
from ivr.actions import HangUp, Join, Summon
from ivr.fake import Act, CallerHangsUp, CallerListens, CallerPresses, CallerWaits
from ivr.fake_phones import ScriptedPhones
from ivr.ports import HungUp
from routing.event_types import EventType
from routing.identity import new_id
from routing.model import Agent, AgentState, Event, OfferState
from tests.unit.ivr.test_session import START, CallScene, clock

pytestmark = pytest.mark.virtual_time
DRAIN = ("drain on ward four", fake_ears.ScriptedWait())


@asynccontextmanager
async def staffed(scene: CallScene) -> AsyncIterator[Agent]:
    """An agent who is free, with a desk that shows what it is offered."""
    agent = Agent(
        new_id(), "anna", "Anna", frozenset({"technical", "dispatch"}), "agent1", AgentState.AVAILABLE, START, START,
        phone_nodes=frozenset({scene.call.node}), page_seen_at=START,
    )  # fmt: skip
    await scene.records.agents.enrol(agent)
    desk = asyncio.create_task(at_desk(scene))
    yield agent
    desk.cancel()


async def at_desk(scene: CallScene) -> None:
    while True:
        for agent in await scene.records.agents.all():
            await scene.records.agents.heartbeat(agent.id, clock())
        await scene.services.dispatcher.tick()
        for offer in await scene.records.offers.live():
            if offer.state is OfferState.MADE:
                await scene.services.offers.show(offer, agent, clock())
                scene.news_waiter.ring("offer", offer.call_id)
        await asyncio.sleep(0.1)


def call(tmp_path: Path, phones: ScriptedPhones, caller: Sequence[Act] = ()) -> CallScene:
    scene = CallScene(tmp_path, caller, DRAIN)
    scene.phones.taken_after_s = phones.taken_after_s
    return scene


async def test_the_phone_rings_before_the_matter_is_said_back(tmp_path: Path) -> None:
    scene = call(tmp_path, ScriptedPhones([1.0]))
    async with staffed(scene):
        departure = await scene.run()
    assert isinstance(departure.action, Join)
    at = {event.type: event.at for event in await timeline(scene)}
    assert (at[EventType.PHONE_RINGING] - at[EventType.HEARD]).total_seconds() <= 0.5
    (ticket,) = await scene.records.tickets.of_call(scene.call.id)
    assert (ticket.draft.topic, ticket.draft.place) == ("plumbing", "ward-4")
    assert scene.phones.put_down == []


async def timeline(scene: CallScene) -> Sequence[Event]:
    await scene.records.calls.append(scene.notebook.take())
    return await scene.records.calls.timeline(scene.call.id)


async def test_an_agent_who_takes_the_phone_later_is_joined_out_of_the_music(tmp_path: Path) -> None:
    scene = call(tmp_path, ScriptedPhones([12.0]))
    async with staffed(scene):
        departure = await scene.run()
    assert isinstance(departure.action, Join)
    said = " ".join(text for text, _ in scene.voice.said)
    assert "Your ticket is" in said
    assert "Someone will see to it" in said


async def test_an_agent_who_does_not_take_it_leaves_the_caller_to_be_served_as_before(tmp_path: Path) -> None:
    scene = call(tmp_path, ScriptedPhones([None]), [CallerWaits(90_000), CallerHangsUp()])
    async with staffed(scene) as agent:
        with pytest.raises(HungUp):
            await scene.run()
    assert scene.phones.rung == ["agent1"]
    assert (await scene.records.agents.load(agent.id)).state is AgentState.NOT_READY
    assert await scene.records.queue.of_call(scene.call.id) is not None  # until the call is concluded


@pytest.mark.parametrize("act", [CallerPresses("9"), CallerHangsUp()])
async def test_no_phone_goes_on_ringing_for_who_has_gone_elsewhere(tmp_path: Path, act: Act) -> None:
    scene = call(tmp_path, ScriptedPhones([60.0]), [CallerListens(), CallerWaits(9_000), act])
    async with staffed(scene) as agent:
        try:
            departure = await scene.run()
            assert isinstance(departure.action, Summon)
        except HungUp:
            assert isinstance(act, CallerHangsUp)
        await asyncio.sleep(0.1)  # for which an emergency does not wait
        (offer_id,) = scene.phones.put_down
        assert (await scene.records.offers.load(offer_id)).agent_id == agent.id
        assert (await scene.records.offers.load(offer_id)).state is OfferState.LAPSED


async def test_with_nobody_free_the_line_asks_and_tells_as_ever(tmp_path: Path) -> None:
    scene = CallScene(
        tmp_path, [], ["drain on ward four", fake_ears.ScriptedSilence(), *[fake_ears.ScriptedWait()] * 2, "yes"]
    )
    departure = await scene.run()
    assert departure.action == HangUp("served")
    assert scene.phones.rung == []
