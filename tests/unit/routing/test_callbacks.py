"""Callbacks: in their fair place, once per attempt, and never forgotten."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from routing.fake_dispatch import MemoryOffers
from routing.identity import new_id
from routing.lifecycle import AttemptEvent
from routing.model import (
    Agent,
    AgentState,
    Attempt,
    AttemptState,
    Call,
    NotDialled,
    Offer,
    OutboundCall,
    OutboundCallState,
    Stage,
)
from routing.outbound_desk import GRACE_S, UNCONFIRMED_S, UNHEARD_S
from routing.overdue import RING_SLACK_S
from routing.retrying import MOST_NUMBERS, AttemptResult
from tests.unit.routing.world import CALLBACK_RULES, NODE, RULES, World


@pytest.fixture
def world() -> World:
    return World()


async def shown(world: World, agent: Agent) -> None:
    """An agent is offered the callback and their desk shows it."""
    await world.tick()
    await world.show((await world.offer_to(agent)).id)
    await world.tick()


async def on_the_line(world: World, callback: OutboundCall, confirmed: bool = True) -> Call:
    """The person takes the phone, and presses the key."""
    attempt = world.dialler.dialled[-1]
    await world.phone_taken(attempt)
    call = await world.call(direction="outbound", outbound_call_id=callback.id, attempt_id=attempt.id)
    if confirmed:
        assert await world.records.outbound_calls.connect(attempt.id, call.id, world.now)
    return call


async def state(world: World, callback: OutboundCall) -> OutboundCallState:
    return (await world.records.outbound_calls.load(callback.id)).state


async def attempt_state(world: World, attempt: Attempt) -> AttemptState:
    return (await world.records.outbound_calls.load_attempt(attempt.id)).state


async def test_from_the_promise_to_the_talk(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await world.tick()
    assert world.dialler.dialled == []  # not before a desk shows it
    await shown(world, agent)
    attempt = world.dialler.dialled[0]
    assert (attempt.outbound_call_id, attempt.number) == (callback.id, 1)
    assert await attempt_state(world, attempt) is AttemptState.SENT
    call = await on_the_line(world, callback)
    offer = await world.records.offers.of_call(call.id)
    assert offer is not None
    assert offer.agent_id == agent.id
    await world.offers.ringing(offer.id)
    await world.offers.answered(offer.id)
    await world.offers.talk_ended(offer.id)
    assert await state(world, callback) is OutboundCallState.DONE
    await world.tick()
    assert len(world.dialler.dialled) == 1
    assert await world.state(agent) is AgentState.AFTER_CALL_WORK


async def test_ticks_of_many_controllers_dial_once(world: World) -> None:
    await world.callback()
    await shown(world, await world.agent())
    for _ in range(5):
        await world.tick()
    assert len(world.dialler.dialled) == 1


async def test_a_failed_attempt_waits_and_keeps_its_place(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    assert await world.desk.failed(world.dialler.dialled[0].id, AttemptResult.BUSY, world.now)
    assert not await world.desk.failed(world.dialler.dialled[0].id, AttemptResult.BUSY, world.now)
    assert await world.state(agent) is AgentState.AVAILABLE
    entry = (await world.records.queue.waiting())[0]
    assert entry.since == callback.since
    assert entry.not_before == world.now + timedelta(seconds=CALLBACK_RULES.spacing_s)
    await world.tick()
    assert await world.records.offers.live() == []
    world.passes(CALLBACK_RULES.spacing_s)
    await shown(world, agent)
    assert [attempt.number for attempt in world.dialler.dialled] == [1, 2]


async def test_attempts_have_a_limit_and_then_a_person_looks(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    for _ in range(CALLBACK_RULES.attempts):
        await shown(world, agent)
        await world.desk.failed(world.dialler.dialled[-1].id, AttemptResult.NO_ANSWER, world.now)
        world.passes(CALLBACK_RULES.spacing_s)
    await world.tick()
    assert await state(world, callback) is OutboundCallState.FAILED
    assert len(world.dialler.dialled) == CALLBACK_RULES.attempts
    assert await world.records.queue.waiting() == []


async def test_what_was_certainly_not_dialled_does_not_count_but_has_an_end(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    world.dialler.failure = NotDialled("Asterisk is not there")
    for _ in range(CALLBACK_RULES.attempts):
        await shown(world, agent)
        assert await attempt_state(world, world.dialler.dialled[-1]) is AttemptState.LOST
        assert await state(world, callback) is OutboundCallState.PENDING
        assert await world.state(agent) is AgentState.AVAILABLE
        world.passes(CALLBACK_RULES.spacing_s)
    for _ in range(CALLBACK_RULES.attempts * (MOST_NUMBERS - 1)):
        await shown(world, agent)
        world.passes(CALLBACK_RULES.spacing_s)
    assert await state(world, callback) is OutboundCallState.FAILED


async def test_what_may_have_been_dialled_is_never_dialled_again(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    world.dialler.failure = ConnectionResetError("the wire broke while sending")
    await world.tick()
    await world.show((await world.offer_to(agent)).id)
    with pytest.raises(ConnectionResetError):
        await world.tick()
    attempt = world.dialler.dialled[0]
    await world.tick()
    assert world.dialler.dialled == [attempt]
    await world.desk.recover(world.now + timedelta(seconds=GRACE_S + 1), {attempt.id})
    assert await attempt_state(world, attempt) is AttemptState.SENT  # its channel lives: left alone
    await world.desk.recover(world.now + timedelta(seconds=1), set())
    assert await attempt_state(world, attempt) is AttemptState.SENT  # its channel may be about to appear
    await world.desk.recover(world.now + timedelta(seconds=GRACE_S + 1), set())
    assert await attempt_state(world, attempt) is AttemptState.LOST
    assert await state(world, callback) is OutboundCallState.PENDING


async def test_a_controller_that_dies_before_sending_loses_only_time(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await world.tick()
    offer = await world.offer_to(agent)
    await world.show(offer.id)
    claimed = Attempt(new_id(), callback.id, 1, AttemptState.CLAIMED, world.now, offer.id, node=NODE)
    assert await world.records.outbound_calls.claim_attempt(claimed)
    world.passes(GRACE_S + 1)
    await world.desk.recover(world.now, set())
    assert await world.records.outbound_calls.open_attempts() == []
    world.passes(CALLBACK_RULES.spacing_s)
    await shown(world, agent)
    assert [attempt.number for attempt in world.dialler.dialled] == [2]


async def test_a_controller_that_dies_between_attempt_and_callback_is_healed(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    attempt = world.dialler.dialled[0]
    await world.records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.FAILED, world.now)
    await world.tick()
    assert await state(world, callback) is OutboundCallState.PENDING


async def test_an_attempt_without_a_word_from_asterisk_is_lost(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    world.passes(CALLBACK_RULES.ring_s + UNHEARD_S + 1)
    await world.tick()
    assert await attempt_state(world, world.dialler.dialled[0]) is AttemptState.LOST
    assert await state(world, callback) is OutboundCallState.PENDING


async def test_an_answering_machine_is_not_a_person(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    call = await on_the_line(world, callback, confirmed=False)
    world.passes(UNCONFIRMED_S + 1)
    await world.tick()
    assert await state(world, callback) is OutboundCallState.DIALLING  # still being asked for the key
    await world.records.calls.end(call.id, "nobody confirmed", world.now)
    await world.tick()
    assert await state(world, callback) is OutboundCallState.PENDING
    assert await world.state(agent) is AgentState.AVAILABLE


async def test_who_says_that_they_are_not_meant_is_not_rung_again(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    attempt = world.dialler.dialled[0]
    call = await on_the_line(world, callback, confirmed=False)
    await world.records.calls.end(call.id, "wrong_number", world.now)
    world.passes(UNCONFIRMED_S + 1)
    await world.tick()
    assert (await world.records.outbound_calls.load_attempt(attempt.id)).ending == AttemptResult.WRONG_NUMBER
    assert await state(world, callback) is OutboundCallState.FAILED


async def test_a_person_who_hangs_up_before_the_agent_answers_is_called_again(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    call = await on_the_line(world, callback)
    await world.records.calls.end(call.id, "caller_hung_up", world.now)
    await world.offers.caller_left(call.id)
    await world.tick()
    assert await state(world, callback) is OutboundCallState.PENDING
    assert await world.state(agent) is AgentState.AVAILABLE
    assert (await world.records.queue.waiting())[0].call_id is None


@pytest.mark.parametrize("confirmed", [True, False])
async def test_who_is_gone_once_the_matter_is_closed_is_not_rung_again(world: World, confirmed: bool) -> None:
    """Also where their call waited for an agent as it was closed; who stays on the line is talked to all the same."""
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    call = await on_the_line(world, callback, confirmed)
    await world.records.tickets.move(callback.ticket_id, Stage.CLOSED, "anna", world.now, "done")
    assert (await state(world, callback) is OutboundCallState.CONNECTED) == confirmed
    await world.records.calls.end(call.id, "caller_hung_up", world.now)
    await world.offers.caller_left(call.id)
    world.passes(UNCONFIRMED_S + 1)
    await world.tick()
    assert await state(world, callback) is OutboundCallState.CANCELLED
    assert await world.records.queue.waiting() == []


async def test_a_person_on_the_line_goes_to_the_next_agent_in_the_same_place(world: World) -> None:
    callback, first = await world.callback(), await world.agent("anna")
    await shown(world, first)
    call = await on_the_line(world, callback)
    offer = await world.records.offers.of_call(call.id)
    assert offer is not None
    await world.offers.ringing(offer.id)
    await world.offers.not_answered(offer.id, "noanswer")
    second = await world.agent("bo")
    await world.tick()
    again = await world.offer_to(second)
    assert (again.call_id, again.callback_id) == (call.id, callback.id)
    await world.show(again.id)
    await world.tick()
    assert len(world.dialler.dialled) == 1  # the person is there: nobody dials


async def test_a_number_outside_the_dial_patterns_is_never_dialled(world: World) -> None:
    callback, agent = await world.callback(number="+88213000000"), await world.agent()
    await shown(world, agent)
    assert world.dialler.dialled == []
    assert await state(world, callback) is OutboundCallState.FAILED
    assert await world.state(agent) is AgentState.AVAILABLE


async def test_an_offer_before_its_time_is_withdrawn(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await world.tick()
    await world.show((await world.offer_to(agent)).id)
    await world.records.outbound_calls.store(replace(callback, due=world.now + timedelta(seconds=60)))
    await world.tick()
    assert world.dialler.dialled == []
    assert await world.state(agent) is AgentState.AVAILABLE


async def test_a_waiting_caller_is_not_overtaken_by_a_later_callback(world: World) -> None:
    caller = await world.waiting()
    world.passes(30)
    await world.callback()
    agent = await world.agent()
    await world.tick()
    assert (await world.offer_to(agent)).entry_id == caller.id


async def test_a_talk_that_was_found_late_ends_a_callback_that_had_been_put_back(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    call = await on_the_line(world, callback)
    offer = await world.offer_to(agent)
    await world.offers.ringing(offer.id)
    world.passes(RULES.ring_s + RING_SLACK_S + 1)
    await world.tick()
    await world.records.calls.end(call.id, "talked", world.now)
    await world.tick()
    assert await state(world, callback) is OutboundCallState.PENDING
    assert await world.offers.talk_ended(offer.id)
    assert await state(world, callback) is OutboundCallState.DONE


class OffersThatAreOld(MemoryOffers):
    """A tick's view of what is offered is a moment old: the others tick right after it."""

    def __init__(self, world: World) -> None:
        super().__init__(world.records.state)
        self.world, self.looked = world, False

    async def live(self) -> Sequence[Offer]:
        found = await super().live()
        if not self.looked:
            self.looked = True
            await self.world.dispatcher.tick()
        return found


async def test_a_person_who_is_offered_just_as_we_look_keeps_their_place(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    await on_the_line(world, callback)
    await world.offers.not_answered((await world.offer_to(agent)).id)
    other = await world.agent("bo")
    world.records.offers = OffersThatAreOld(world)
    await world.desk.tick(world.now)
    assert (await world.offer_to(other)).callback_id == callback.id
    assert await state(world, callback) is OutboundCallState.CONNECTED


async def test_a_person_who_gives_their_place_up_is_not_called_again(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    call = await on_the_line(world, callback)
    entry = await world.records.queue.of_call(call.id)
    assert entry is not None
    await world.records.queue.leave(entry.id, "emergency", world.now)
    await world.offers.caller_left(call.id)
    await world.tick()
    assert await state(world, callback) is OutboundCallState.DONE


async def test_a_person_who_is_there_after_all_is_served_and_not_called_again(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    attempt = world.dialler.dialled[0]
    world.passes(CALLBACK_RULES.ring_s + UNHEARD_S + 1)
    await world.tick()
    assert await attempt_state(world, attempt) is AttemptState.LOST
    call = await world.call(direction="outbound", outbound_call_id=callback.id)
    assert await world.records.outbound_calls.connect(attempt.id, call.id, world.now)
    await world.tick()
    offer = await world.offer_to(agent)
    assert (offer.call_id, offer.callback_id) == (call.id, callback.id)
    world.passes(CALLBACK_RULES.spacing_s)
    await world.show(offer.id)
    await world.offers.answered(offer.id)
    await world.offers.talk_ended(offer.id)
    await world.tick()
    assert await state(world, callback) is OutboundCallState.DONE
    assert world.dialler.dialled == [attempt]


async def test_an_attempt_that_fails_late_takes_nothing_from_the_person_on_the_line(world: World) -> None:
    callback, agent = await world.callback(), await world.agent()
    await shown(world, agent)
    first = world.dialler.dialled[0]
    await world.desk.failed(first.id, AttemptResult.BUSY, world.now)
    world.passes(CALLBACK_RULES.spacing_s)
    await shown(world, agent)
    call = await world.call(direction="outbound", outbound_call_id=callback.id)
    assert await world.records.outbound_calls.connect(first.id, call.id, world.now)
    await world.desk.failed(world.dialler.dialled[1].id, AttemptResult.BUSY, world.now)
    assert await state(world, callback) is OutboundCallState.CONNECTED
    assert (await world.offer_to(agent)).call_id == call.id
