"""Calls that no agent waits for: dialled when they are due, served by their flow, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.documents import CallbackRules
from routing.identity import new_id
from routing.lifecycle import AttemptEvent
from routing.model import AttemptState, Call, NotCallable, NotDialled, OutboundCall, OutboundCallState, Stage
from routing.outbound_desk import GRACE_S, UNCONFIRMED_S
from routing.purposes import Purpose
from routing.retrying import AttemptResult
from routing.services.callbacks import TooManyCalls
from tests.unit.ivr.site import edition
from tests.unit.routing.world import CALLBACK_RULES, World

SITE = edition().site.model_copy(update={"callback": CALLBACK_RULES})


@pytest.fixture
def world() -> World:
    return World()


async def planned(
    world: World, number: str = "204", purpose: Purpose = Purpose.SURVEY, in_s: float = 0
) -> OutboundCall:
    ticket, due = await world.ticket(), world.now + timedelta(seconds=in_s)
    return await world.services.callbacks.plan(purpose, "survey", number, due, ticket.id, SITE)


async def answered(world: World) -> Call:
    """Somebody takes the phone that was dialled last; their call begins."""
    attempt = world.dialler.dialled[-1]
    await world.phone_taken(attempt)
    theirs = {"outbound_call_id": attempt.outbound_call_id, "attempt_id": attempt.id}
    return await world.call(direction="outbound", **theirs)


async def state(world: World, call: OutboundCall) -> OutboundCallState:
    return (await world.records.outbound_calls.load(call.id)).state


async def test_it_is_dialled_when_it_is_due_and_closed_when_its_flow_has_served(world: World) -> None:
    survey = await planned(world, in_s=60)
    await world.tick()
    assert world.dialler.dialled == []
    assert await world.records.queue.waiting() == []
    world.passes(60)
    await world.tick()
    (attempt,) = world.dialler.dialled
    call = await answered(world)
    world.passes(UNCONFIRMED_S + GRACE_S)
    await world.tick()
    await world.records.calls.end(call.id, "served", world.now)
    await world.tick()
    assert await state(world, survey) is OutboundCallState.DONE
    assert (await world.records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.CONFIRMED
    world.passes(CALLBACK_RULES.spacing_s)
    await world.tick()
    assert world.dialler.dialled == [attempt]


async def test_it_needs_no_agent_and_takes_none(world: World) -> None:
    agent = await world.agent()
    await planned(world)
    await world.tick()
    assert await world.records.offers.of_agent(agent.id) is None
    assert len(world.dialler.dialled) == 1


async def test_who_hangs_up_at_once_is_rung_again_after_the_spacing_until_the_attempts_are_spent(world: World) -> None:
    survey = await planned(world)
    for number in range(1, CALLBACK_RULES.attempts + 1):
        await world.tick()
        assert len(world.dialler.dialled) == number
        call = await answered(world)
        await world.records.calls.end(call.id, "caller_hung_up", world.now)
        for _ in range(2):
            await world.tick()
        assert len(world.dialler.dialled) == number
        world.passes(CALLBACK_RULES.spacing_s)
    assert await state(world, survey) is OutboundCallState.FAILED


async def test_who_has_pressed_the_key_was_reached_however_the_call_ends(world: World) -> None:
    survey = await planned(world)
    await world.tick()
    call = await answered(world)
    assert await world.records.outbound_calls.connect(world.dialler.dialled[-1].id, call.id, world.now)
    await world.records.calls.end(call.id, "caller_hung_up", world.now)
    await world.tick()
    assert await state(world, survey) is OutboundCallState.DONE


async def test_so_many_are_under_way_at_once_as_are_allowed_whoever_ticks(world: World) -> None:
    world.rules = CallbackRules(dial_patterns=CALLBACK_RULES.dial_patterns, at_once=2)
    for number in ("201", "202", "203"):
        await planned(world, number)
        world.passes(1)
    for _ in range(3):
        await world.tick()
    assert len(world.dialler.dialled) == 2
    await world.desk.failed(world.dialler.dialled[0].id, AttemptResult.BUSY, world.now)
    await world.tick()
    assert len(world.dialler.dialled) == 3


async def test_who_has_pressed_the_key_is_under_way_until_they_hang_up(world: World) -> None:
    world.rules = CallbackRules(dial_patterns=CALLBACK_RULES.dial_patterns, at_once=2)
    await planned(world, "201")
    await world.tick()
    call = await answered(world)
    await planned(world, "202")
    await world.tick()
    assert await world.records.outbound_calls.connect(world.dialler.dialled[0].id, call.id, world.now)
    await planned(world, "203")
    for _ in range(2):
        await world.tick()
    assert len(world.dialler.dialled) == 2
    await world.records.calls.end(call.id, "served", world.now)
    for _ in range(2):
        await world.tick()
    assert len(world.dialler.dialled) == 3


async def test_a_slot_has_one_call(world: World) -> None:
    first, second = await planned(world, "201"), await planned(world, "202")
    await world.tick()
    attempt = world.dialler.dialled[0]
    rival = replace(attempt, id=new_id(), outbound_call_id=second.id)
    assert attempt.outbound_call_id == first.id
    await world.desk.failed(world.dialler.dialled[1].id, AttemptResult.BUSY, world.now)
    assert not await world.records.outbound_calls.claim_attempt(replace(rival, number=2))


async def test_one_phone_is_not_rung_for_two_at_once(world: World) -> None:
    await planned(world)
    await planned(world, purpose=Purpose.DELAY)
    for _ in range(2):
        await world.tick()
    assert len(world.dialler.dialled) == 1


async def test_a_phone_that_an_agent_is_kept_for_is_rung_for_nothing_else(world: World) -> None:
    agent, callback = await world.agent(), await world.callback()
    await world.tick()
    offer = await world.offer_to(agent)
    await planned(world)
    await world.tick()
    await world.show(offer.id)
    await world.tick()
    assert [attempt.outbound_call_id for attempt in world.dialler.dialled] == [callback.id]


async def test_a_phone_that_is_on_the_line_is_left_alone(world: World) -> None:
    await planned(world)
    call = await world.call()  # from the same number
    await world.tick()
    assert world.dialler.dialled == []
    await world.records.calls.end(call.id, "served", world.now)
    await world.tick()
    assert len(world.dialler.dialled) == 1


async def test_who_is_on_the_line_though_their_attempt_was_given_up_is_not_rung_again(world: World) -> None:
    survey = await planned(world)
    await world.tick()
    attempt = world.dialler.dialled[-1]
    await world.phone_taken(attempt)  # and the controller dies before it has recorded the call
    world.passes(UNCONFIRMED_S + 1)
    await world.tick()
    assert await state(world, survey) is OutboundCallState.PENDING
    call = await world.call(direction="outbound", outbound_call_id=survey.id, attempt_id=attempt.id)
    world.passes(CALLBACK_RULES.spacing_s)
    await world.tick()
    await world.records.calls.end(call.id, "served", world.now)
    await world.tick()
    assert await state(world, survey) is OutboundCallState.DONE
    assert world.dialler.dialled == [attempt]


async def test_what_may_have_been_sent_is_never_sent_again(world: World) -> None:
    await planned(world)
    world.dialler.failure = ConnectionResetError("the wire broke while sending")
    with pytest.raises(ConnectionResetError):
        await world.tick()
    await world.tick()
    (attempt,) = world.dialler.dialled
    await world.desk.recover(world.now + timedelta(seconds=GRACE_S + 1), {attempt.id})
    assert (await world.records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.SENT
    await world.desk.recover(world.now + timedelta(seconds=GRACE_S + 1), set())
    assert (await world.records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.LOST


async def test_the_channel_of_a_call_that_is_over_takes_nothing_from_its_success(world: World) -> None:
    survey = await planned(world)
    await world.tick()
    call = await answered(world)
    await world.records.calls.end(call.id, "served", world.now)
    await world.desk.recover(world.now + timedelta(seconds=GRACE_S + 1), set())  # before the tick has seen the end
    await world.tick()
    assert await state(world, survey) is OutboundCallState.DONE


async def test_a_call_that_was_called_off_while_its_person_was_there_gives_its_slot_back(world: World) -> None:
    delay = await planned(world, purpose=Purpose.DELAY)
    await world.tick()
    call = await answered(world)
    await world.records.tickets.move(delay.ticket_id, Stage.CLOSED, "anna", world.now, "done")
    await world.records.calls.end(call.id, "served", world.now)
    await world.desk.recover(world.now + timedelta(seconds=GRACE_S + 1), set())
    assert await world.records.outbound_calls.open_attempts() == []
    assert await state(world, delay) is OutboundCallState.CANCELLED


async def test_what_was_certainly_not_dialled_waits_for_its_spacing(world: World) -> None:
    survey = await planned(world)
    world.dialler.failure = NotDialled("no flow serves it")
    await world.tick()
    kept = await world.records.outbound_calls.load(survey.id)
    assert (kept.state, kept.due) == (
        OutboundCallState.PENDING, world.now + timedelta(seconds=CALLBACK_RULES.spacing_s),
    )  # fmt: skip


async def test_a_number_that_may_not_be_dialled_any_more_is_not(world: World) -> None:
    survey = await planned(world)
    world.rules = CallbackRules(dial_patterns=("9[0-9]+",))
    await world.tick()
    assert world.dialler.dialled == []
    assert await state(world, survey) is OutboundCallState.FAILED


async def test_a_closed_matter_is_not_delayed_but_may_be_asked_about(world: World) -> None:
    survey, delay = await planned(world), await planned(world, "205", Purpose.DELAY)
    for call in (survey, delay):
        await world.records.tickets.move(call.ticket_id, Stage.CLOSED, "anna", world.now, "done")
    assert await state(world, delay) is OutboundCallState.CANCELLED
    assert await state(world, survey) is OutboundCallState.PENDING


async def test_a_ticket_has_one_open_call_of_each_purpose(world: World) -> None:
    survey = await planned(world)
    again = replace(survey, id=new_id(), number="205")
    assert (await world.records.outbound_calls.store(again)).id == survey.id
    closing = replace(survey, id=new_id(), purpose=Purpose.CLOSING)
    assert (await world.records.outbound_calls.store(closing)).id == closing.id


async def test_nobody_is_rung_more_often_than_an_hour_has(world: World) -> None:
    for _ in range(CALLBACK_RULES.hourly_per_number):
        await planned(world)
    with pytest.raises(TooManyCalls, match="number"):
        await planned(world)
    with pytest.raises(NotCallable):
        await planned(world, "112")


async def test_a_call_for_which_no_caller_asked_does_not_count_against_those_who_withhold_theirs(world: World) -> None:
    for number in range(201, 201 + CALLBACK_RULES.hourly_withheld):
        await planned(world, str(number))
    assert await planned(world, "301")


async def test_a_failed_attempt_of_a_call_that_was_called_off_changes_nothing(world: World) -> None:
    delay = await planned(world, purpose=Purpose.DELAY)
    await world.tick()
    await world.records.tickets.move(delay.ticket_id, Stage.CLOSED, "anna", world.now, "done")
    attempt = world.dialler.dialled[-1]
    await world.records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.FAILED, world.now)
    await world.tick()
    assert await state(world, delay) is OutboundCallState.CANCELLED
