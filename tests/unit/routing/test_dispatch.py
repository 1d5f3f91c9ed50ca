"""Callers meet agents, and whatever dies half-way is healed by the next tick."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.identity import new_id
from routing.model import AgentState, CallState, OfferState, OutboundCallState
from routing.overdue import RING_SLACK_S, UNRUNG_S
from routing.retrying import AttemptResult
from tests.unit.routing.world import RULES, World


@pytest.fixture
def world() -> World:
    return World()


async def test_a_talk_from_the_offer_to_after_call_work(world: World) -> None:
    agent, entry = await world.agent(), await world.waiting()
    await world.tick()
    offer = await world.offer_to(agent)
    assert (offer.entry_id, offer.call_id, offer.state) == (entry.id, entry.call_id, OfferState.MADE)
    assert await world.state(agent) is AgentState.RESERVED
    assert await world.show(offer.id)
    assert await world.offers.ringing(offer.id)
    assert await world.offers.answered(offer.id)
    assert await world.state(agent) is AgentState.ON_CALL
    assert await world.offers.talk_ended(offer.id)
    assert await world.state(agent) is AgentState.AFTER_CALL_WORK
    assert await world.timeline(entry) == [
        "offer.made", "offer.seen", "phone.ringing", "agent.answered", "talk.ended",
    ]  # fmt: skip
    assert not await world.offers.talk_ended(offer.id)


async def test_offers_are_announced_to_the_desk(world: World) -> None:
    agent, entry = await world.agent(), await world.waiting()
    await world.tick()
    offer = await world.offer_to(agent)
    listening = world.news.listen("0-0")
    _, topic, fields = await anext(listening)
    assert topic == "offer"
    told = {"offer": offer.id, "call": entry.call_id, "agent": agent.id, "ticket": "", "callback": "", "state": "made"}
    assert fields == told


async def test_a_desk_that_does_not_show_the_call_loses_it_and_the_caller_keeps_the_place(world: World) -> None:
    frozen, entry = await world.agent("anna"), await world.waiting()
    await world.tick()
    other = await world.agent("bo")
    world.passes(RULES.pop_s + 0.1)
    await world.tick()
    agent = await world.records.agents.load(frozen.id)
    assert (agent.state, agent.reason) == (AgentState.NOT_READY, "desk did not show the call")
    offer = await world.offer_to(other)
    assert offer.entry_id == entry.id
    kept = await world.records.queue.entry(entry.id)
    assert kept is not None
    assert kept.since == entry.since


async def test_a_phone_that_is_not_taken_goes_to_the_next_agent(world: World) -> None:
    first, entry = await world.agent("anna"), await world.waiting()
    await world.tick()
    second = await world.agent("bo")
    offer = await world.offer_to(first)
    await world.show(offer.id)
    await world.offers.ringing(offer.id)
    assert await world.offers.not_answered(offer.id, "noanswer")
    assert await world.state(first) is AgentState.NOT_READY
    await world.tick()
    assert (await world.offer_to(second)).entry_id == entry.id


async def test_a_ringing_whose_end_nobody_told_us_of_ends_by_the_clock(world: World) -> None:
    agent, _ = await world.agent(), await world.waiting()
    await world.tick()
    offer = await world.offer_to(agent)
    await world.show(offer.id)
    await world.offers.ringing(offer.id)
    world.passes(RULES.ring_s + RING_SLACK_S - 1)
    await world.tick()
    assert (await world.records.offers.load(offer.id)).state is OfferState.RINGING
    world.passes(2)
    await world.tick()
    assert (await world.records.offers.load(offer.id)).state is OfferState.LAPSED
    assert await world.state(agent) is AgentState.NOT_READY


async def test_an_agent_is_not_blamed_when_the_phone_was_never_rung(world: World) -> None:
    agent, _ = await world.agent(), await world.waiting()
    await world.tick()
    offer = await world.offer_to(agent)
    await world.show(offer.id)
    world.passes(UNRUNG_S + 1)
    await world.dispatcher.tick()
    assert (await world.records.offers.load(offer.id)).ending == "phone was not rung"
    assert (await world.offer_to(agent)).id != offer.id


async def test_a_phone_taken_just_after_we_gave_up_still_counts(world: World) -> None:
    slow, entry = await world.agent("anna"), await world.waiting()
    await world.tick()
    offer = await world.offer_to(slow)
    await world.show(offer.id)
    await world.offers.ringing(offer.id)
    world.passes(RULES.ring_s + RING_SLACK_S + 1)
    other = await world.agent("bo")
    await world.tick()
    assert (await world.offer_to(other)).entry_id == entry.id
    assert await world.offers.answered(offer.id)
    assert await world.state(slow) is AgentState.ON_CALL
    assert await world.state(other) is AgentState.AVAILABLE
    assert await world.records.queue.entry(entry.id) is None
    assert (await world.records.calls.load(entry.call_id or "")).state is CallState.CONNECTED


async def test_a_caller_who_leaves_frees_the_agent(world: World) -> None:
    agent, entry = await world.agent(), await world.waiting()
    await world.tick()
    offer = await world.offer_to(agent)
    await world.records.calls.end(entry.call_id or "", "caller_hung_up", world.now)
    await world.offers.caller_left(entry.call_id or "")
    assert await world.state(agent) is AgentState.AVAILABLE
    assert (await world.records.offers.load(offer.id)).ending == "caller left"
    assert not await world.show(offer.id)


async def test_a_caller_who_leaves_during_the_talk_ends_it(world: World) -> None:
    agent, entry = await world.agent(), await world.waiting()
    await world.tick()
    offer = await world.offer_to(agent)
    await world.show(offer.id)
    await world.offers.answered(offer.id)
    await world.offers.caller_left(entry.call_id or "")
    assert (await world.records.offers.load(offer.id)).state is OfferState.ENDED
    assert await world.state(agent) is AgentState.AFTER_CALL_WORK


@pytest.mark.parametrize("got_to", [0, 1, 2, 3], ids=["made", "seen", "ringing", "answered"])
async def test_an_end_that_nobody_acted_on_is_found_by_the_tick(world: World, got_to: int) -> None:
    agent, entry = await world.agent(), await world.waiting()
    await world.tick()
    offer = await world.offer_to(agent)
    for step in (world.show, world.offers.ringing, world.offers.answered)[:got_to]:
        assert await step(offer.id)
    await world.records.calls.end(entry.call_id or "", "lost", world.now)
    await world.tick()
    assert await world.records.offers.live() == []
    assert await world.state(agent) is (AgentState.AFTER_CALL_WORK if got_to == 3 else AgentState.AVAILABLE)


async def test_an_offer_of_a_caller_who_chose_a_callback_is_withdrawn(world: World) -> None:
    agent, entry = await world.agent(), await world.waiting()
    await world.tick()
    await world.records.queue.leave(entry.id, "callback chosen", world.now)
    await world.tick()
    assert await world.state(agent) is AgentState.AVAILABLE


@pytest.mark.parametrize(
    ("stuck", "freed"),
    [(AgentState.RESERVED, AgentState.AVAILABLE), (AgentState.ON_CALL, AgentState.AFTER_CALL_WORK)],
)
async def test_an_agent_held_for_nothing_is_freed(world: World, stuck: AgentState, freed: AgentState) -> None:
    agent = await world.agent(state=stuck)
    world.passes(1)
    await world.tick()
    assert await world.state(agent) is stuck
    world.passes(5)
    await world.tick()
    assert await world.state(agent) is freed


async def test_a_page_that_falls_silent_is_not_ready(world: World) -> None:
    agent = await world.agent()
    world.now += timedelta(seconds=RULES.stale_page_s + 1)
    await world.waiting()
    await world.tick()
    gone = await world.records.agents.load(agent.id)
    assert (gone.state, gone.reason) == (AgentState.NOT_READY, "page gone")
    assert await world.records.offers.live() == []


async def test_a_phone_that_blinks_keeps_its_agent_available(world: World) -> None:
    agent = await world.agent(phone_nodes=frozenset())
    await world.waiting()
    await world.tick()
    assert await world.state(agent) is AgentState.AVAILABLE
    assert await world.records.offers.live() == []


async def test_after_call_work_has_a_limit_but_never_goes_unrecorded(world: World) -> None:
    agent, entry = await world.agent(), await world.waiting()
    await world.tick()
    offer = await world.offer_to(agent)
    await world.show(offer.id)
    await world.offers.talk_ended(offer.id)
    world.passes(RULES.wrap_up_limit_s + 1)
    await world.tick()
    assert world.records.state.wrap_ups[offer.id] == ("none given", "")
    idle = await world.records.agents.load(agent.id)
    assert (idle.state, idle.reason) == (AgentState.NOT_READY, "after-call work ran out")
    assert (await world.timeline(entry))[-1] == "wrap_up"


async def test_whoever_reached_a_person_is_not_called_back_as_well(world: World) -> None:
    agent = await world.agent()
    callback = await world.callback(due=world.now + timedelta(hours=1))
    await world.waiting(ticket_id=callback.ticket_id)
    await world.tick()
    offer = await world.offer_to(agent)
    await world.show(offer.id)
    await world.offers.answered(offer.id)
    assert (await world.records.outbound_calls.load(callback.id)).state is OutboundCallState.CANCELLED


async def test_urgency_comes_before_waiting_time(world: World) -> None:
    await world.waiting()
    world.passes(60)
    urgent = await world.waiting(urgency="critical")
    agent = await world.agent()
    await world.tick()
    assert (await world.offer_to(agent)).entry_id == urgent.id


async def test_a_call_that_ended_unnoticed_leaves_the_queue(world: World) -> None:
    entry = await world.waiting()
    state = world.records.state
    state.calls[entry.call_id or ""] = state.calls[entry.call_id or ""].__class__(
        **{**vars(state.calls[entry.call_id or ""]), "ended_at": world.now}
    )
    agent = await world.agent()
    await world.tick()
    assert await world.records.queue.waiting() == []
    assert await world.state(agent) is AgentState.AVAILABLE


async def test_who_talks_already_is_not_called_back_though_the_phone_rings(world: World) -> None:
    caller, anna = await world.callback(), await world.agent("anna")
    await world.tick()
    await world.show((await world.offer_to(anna)).id)
    await world.tick()
    attempt = world.dialler.dialled[0]
    bo = await world.agent("bo")
    await world.waiting(ticket_id=caller.ticket_id)
    await world.tick()
    talk = await world.offer_to(bo)
    await world.show(talk.id)
    await world.offers.answered(talk.id)
    assert (await world.records.outbound_calls.load(caller.id)).state is OutboundCallState.CANCELLED
    await world.desk.failed(attempt.id, AttemptResult.NO_ANSWER, world.now)
    world.passes(1_000)
    await world.tick()
    assert world.dialler.dialled == [attempt]
    assert await world.records.queue.waiting() == []
    assert await world.state(anna) is AgentState.AVAILABLE


async def test_who_is_choosing_a_callback_is_not_offered_and_keeps_the_place(world: World) -> None:
    entry, agent = await world.waiting(), await world.agent()
    await world.tick()
    offer = await world.offer_to(agent)
    await world.show(offer.id)
    await world.records.queue.enter(replace(entry, not_before=world.now + timedelta(seconds=180)))
    await world.tick()
    await world.tick()
    assert await world.state(agent) is AgentState.AVAILABLE
    assert await world.records.offers.live() == []
    world.passes(20)
    kept = await world.records.queue.enter(replace(entry, id=new_id(), since=world.now))
    assert (kept.id, kept.since, kept.not_before) == (entry.id, entry.since, None)
    await world.tick()
    assert (await world.offer_to(agent)).entry_id == entry.id


async def test_who_is_lost_while_choosing_is_offered_again_after_a_while(world: World) -> None:
    entry, agent = await world.waiting(), await world.agent()
    await world.records.queue.enter(replace(entry, not_before=world.now + timedelta(seconds=180)))
    world.passes(181)
    await world.tick()
    assert (await world.offer_to(agent)).entry_id == entry.id
