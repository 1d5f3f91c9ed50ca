"""Callbacks while the phone rings: no agent is kept for nobody, and no more ring than agents are free."""

import pytest

from routing.lifecycle import AgentEvent
from routing.model import (
    AgentState,
    OutboundCallState,
)
from routing.retrying import AttemptResult
from tests.unit.routing.test_callbacks import on_the_line, shown, state
from tests.unit.routing.world import CALLBACK_RULES, RULES, World


@pytest.fixture
def world() -> World:
    return World()


async def test_no_agent_is_kept_while_nobody_takes_the_phone(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    world.passes(RULES.callback_hold_s + 1)
    await world.tick()
    assert await world.state(agent) is AgentState.AVAILABLE
    await world.tick()
    assert await world.state(agent) is AgentState.AVAILABLE  # nor kept again for the same ringing
    assert await state(world, callback) is OutboundCallState.DIALLING
    other = await world.waiting()
    await world.tick()
    assert (await world.offer_to(agent)).call_id == other.call_id


async def test_who_takes_the_phone_late_is_offered_before_everybody_else(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    world.passes(RULES.callback_hold_s + 1)
    await world.tick()
    await world.records.agents.change(agent.id, AgentEvent.WENT_NOT_READY, world.now)
    await world.waiting()
    call = await on_the_line(world, callback)
    await world.records.agents.change(agent.id, AgentEvent.WENT_AVAILABLE, world.now)
    await world.tick()
    assert (await world.offer_to(agent)).call_id == call.id


async def test_a_phone_that_is_on_the_line_is_not_rung(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    call = await world.call()  # from the same number, about something else
    await world.tick()
    assert await world.records.offers.of_agent(agent.id) is None
    await world.records.calls.end(call.id, "served", world.now)
    await world.tick()
    assert (await world.offer_to(agent)).callback_id == callback.id


async def test_who_calls_by_themselves_and_talks_is_not_rung_afterwards(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    call = await world.call()
    assert await world.records.outbound_calls.take_over(callback.id, call.id, world.now)
    await world.tick()
    offer = await world.offer_to(agent)
    assert offer.call_id == call.id
    await world.show(offer.id)
    await world.offers.ringing(offer.id)
    await world.offers.answered(offer.id)
    await world.offers.talk_ended(offer.id)
    await world.records.calls.end(call.id, "talked", world.now)
    assert await state(world, callback) is OutboundCallState.DONE
    world.passes(CALLBACK_RULES.spacing_s + 1)
    await world.tick()
    assert world.dialler.dialled == []


async def test_every_failed_attempt_is_told_in_the_story_of_the_matter(world: World) -> None:
    asked = await world.call()
    await world.records.calls.end(asked.id, "served", world.now)
    callback, agent = await world.callback(call_id=asked.id), await world.agent()
    await shown(world, agent)
    assert await world.desk.failed(world.dialler.dialled[-1].id, AttemptResult.BUSY, world.now)
    told = [event.type for event in await world.records.calls.timeline(asked.id)]
    assert told == ["callback.attempt", "callback.failed"]
    assert await state(world, callback) is OutboundCallState.PENDING


async def test_for_an_agent_one_callback_rings_at_a_time_and_a_caller_is_taken_meanwhile(world: World) -> None:
    agent = await world.agent()
    for number in ("204", "205"):
        await world.callback(number=number)
    await shown(world, agent)
    world.passes(RULES.callback_hold_s + 1)
    await world.tick()
    await world.tick()
    assert await world.state(agent) is AgentState.AVAILABLE
    assert len(world.dialler.dialled) == 1, "the second waits until the first rings no more"
    waiting = await world.waiting(since=world.now)
    await world.tick()
    assert (await world.offer_to(agent)).call_id == waiting.call_id
    await world.offers.caller_left(waiting.call_id or "")
    await world.records.queue.leave(waiting.id, "left", world.now)
    assert await world.desk.failed(world.dialler.dialled[0].id, AttemptResult.NO_ANSWER, world.now)
    await shown(world, agent)
    assert len(world.dialler.dialled) == 2


async def test_a_callback_that_rings_for_who_talks_by_now_keeps_one_of_the_free(world: World) -> None:
    agent = await world.agent()
    for number in ("204", "205", "206"):
        await world.callback(number=number)
    await shown(world, agent)
    world.passes(RULES.callback_hold_s + 1)
    await world.tick()
    await world.waiting(urgency="critical")
    await world.tick()
    bo = await world.agent("bo")
    await world.tick()
    assert await world.state(bo) is AgentState.AVAILABLE, "bo is there for whom anna had rung"
    chen = await world.agent("chen")
    await world.tick()
    states = {await world.state(each) for each in (bo, chen)}
    assert states == {AgentState.AVAILABLE, AgentState.RESERVED}
