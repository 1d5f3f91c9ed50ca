"""Emergencies: one per call, moved by conditional steps, taken by one agent at a time."""

from dataclasses import replace

import pytest

from routing.emergencies import Emergency, EmergencyEvent, EmergencyState, Ring, Take, TakeEvent, TakeState
from routing.event_types import EventType
from routing.identity import new_id
from routing.model import Call, NotFound
from routing.ports import Records
from tests.contract.samples import NASTY, NOW, an_agent, an_event, later, opened_call, opened_ticket

TAKEN, LEFT = EmergencyState.TAKEN, EmergencyState.LEFT


def an_emergency(call: Call, channel: str = "1795918200.17") -> Emergency:
    return Emergency(new_id(), call.id, channel, NOW)


async def raised(records: Records) -> Emergency:
    return await records.emergencies.open(an_emergency(await opened_call(records)))


async def test_a_call_has_one_emergency_whoever_tells_of_it(records: Records) -> None:
    call = await opened_call(records)
    first = await records.emergencies.open(an_emergency(call))
    assert await records.emergencies.open(an_emergency(call)) == first
    assert await records.emergencies.live() == [first]
    assert await records.emergencies.of_call(call.id) == first
    assert await records.emergencies.of_channel(first.channel) == first
    assert await records.emergencies.of_channel("another") is None
    with pytest.raises(NotFound):
        await records.emergencies.open(replace(first, call_id=new_id()))


async def test_it_gets_its_ticket_once(records: Records) -> None:
    emergency, ticket = await raised(records), await opened_ticket(records)
    assert await records.emergencies.attach(emergency.id, ticket.id)
    assert not await records.emergencies.attach(emergency.id, (await opened_ticket(records)).id)
    assert (await records.emergencies.load(emergency.id)).ticket_id == ticket.id


async def test_it_is_taken_once_and_named_after_who_took_it_until_it_is_rung_again(records: Records) -> None:
    emergency = await raised(records)
    event = an_event(emergency.call_id, EventType.EMERGENCY_TAKEN)
    assert await records.emergencies.advance(emergency.id, EmergencyEvent.ANSWERED, later(3), NASTY, [event])
    assert not await records.emergencies.advance(emergency.id, EmergencyEvent.ANSWERED, later(4), "agent:bo", [event])
    (taken,) = await records.emergencies.live()
    assert (taken.state, taken.taken_at, taken.taken) == (TAKEN, later(3), True)
    assert taken.taken_by.startswith("Bobby")
    assert [event.type for event in await records.calls.timeline(emergency.call_id)] == ["emergency.taken"]
    assert await records.emergencies.advance(emergency.id, EmergencyEvent.RUNG_AGAIN, later(5))
    (again,) = await records.emergencies.live()
    assert (again.taken_by, again.taken_at) == ("", None)


async def test_one_that_nobody_took_stays_until_a_person_looks_after_it(records: Records) -> None:
    emergency = await raised(records)
    assert await records.emergencies.advance(emergency.id, EmergencyEvent.CALLER_LEFT, later(9))
    (left,) = await records.emergencies.live()
    assert (left.state, left.ended_at) == (LEFT, later(9))
    assert await records.emergencies.advance(emergency.id, EmergencyEvent.LOOKED_AFTER, later(20), "agent:anna")
    assert await records.emergencies.live() == []
    ended = await records.emergencies.load(emergency.id)
    assert (ended.taken_by, ended.taken_at, ended.ended_at) == ("agent:anna", later(20), later(9))


async def test_phones_ring_until_they_stop_or_one_is_taken(records: Records) -> None:
    emergency = await raised(records)
    rings = [Ring(emergency.id, f"1795918201.{n}", f"urgent{n}", later(n)) for n in (1, 2)]
    assert [await records.emergencies.ring(ring) for ring in (*rings, rings[0])] == [True, True, False]
    assert (await records.emergencies.load(emergency.id)).rings == tuple(rings)
    assert await records.emergencies.ring_ended("1795918201.1", later(5)) == replace(rings[0], ended_at=later(5))
    assert await records.emergencies.ring_ended("1795918201.1", later(6)) is None
    assert not await records.emergencies.ring(rings[0])  # told late, by another controller
    assert (await records.emergencies.load(emergency.id)).rings == (rings[1],)
    await records.emergencies.advance(emergency.id, EmergencyEvent.ANSWERED, later(7), "phone:urgent2")
    assert (await records.emergencies.load(emergency.id)).rings == ()


async def test_one_agent_takes_it_at_a_time_and_only_while_it_rings(records: Records) -> None:
    emergency = await raised(records)
    anna, bo = an_agent(), an_agent()
    for agent in (anna, bo):
        await records.agents.enrol(agent)
    take, other = (Take(new_id(), emergency.id, agent.id, NOW) for agent in (anna, bo))
    assert await records.emergencies.ask_take(take)
    assert not await records.emergencies.ask_take(other)
    assert (await records.emergencies.load(emergency.id)).take == take
    assert await records.emergencies.advance_take(take.id, TakeEvent.CLAIMED, later(1))
    assert not await records.emergencies.advance_take(take.id, TakeEvent.CLAIMED, later(2))
    assert (await records.emergencies.load(emergency.id)).take == replace(take, state=TakeState.SENT, at=later(1))
    assert await records.emergencies.advance_take(take.id, TakeEvent.FAILED, later(15))
    assert await records.emergencies.ask_take(other)
    await records.emergencies.advance_take(other.id, TakeEvent.FAILED, later(16))
    await records.emergencies.advance(emergency.id, EmergencyEvent.ANSWERED, later(17), "phone:urgent1")
    assert not await records.emergencies.ask_take(Take(new_id(), emergency.id, bo.id, later(18)))
