"""The legs of a call, three ways."""

import pytest

from routing.identity import new_id
from routing.legs import CallLeg, LegKind
from routing.model import NotFound
from routing.ports import Records
from tests.contract.samples import NASTY, NOW, later, opened_call


def a_leg(call_id: str, channel: str = "1795918200.17", kind: LegKind = LegKind.CALLER) -> CallLeg:
    return CallLeg(new_id(), call_id, channel, kind, NOW)


async def test_a_call_has_its_legs_in_order_each_with_its_end(records: Records) -> None:
    call = await opened_call(records)
    caller, agent = a_leg(call.id), a_leg(call.id, "1795918207.19", LegKind.AGENT)
    assert await records.legs.open(caller)
    assert await records.legs.open(agent)
    assert await records.legs.end(agent.channel, "Normal Clearing", later(9))
    of_call = await records.legs.of_call(call.id)
    assert [(leg.channel, leg.kind, leg.ended_at, leg.cause) for leg in of_call] == [
        (caller.channel, LegKind.CALLER, None, None),
        (agent.channel, LegKind.AGENT, later(9), "Normal Clearing"),
    ]


async def test_a_resumed_call_goes_on_on_the_same_leg(records: Records) -> None:
    call = await opened_call(records)
    leg = a_leg(call.id)
    assert await records.legs.open(leg)
    assert not await records.legs.open(a_leg(call.id))
    assert await records.legs.of_call(call.id) == [leg]


async def test_the_first_end_stands(records: Records) -> None:
    call = await opened_call(records)
    leg = a_leg(call.id)
    await records.legs.open(leg)
    assert await records.legs.end(leg.channel, NASTY[:20], later(1))
    assert not await records.legs.end(leg.channel, "again", later(2))
    assert not await records.legs.end("no such channel", "", later(2))
    assert (await records.legs.of_call(call.id))[0].ended_at == later(1)
    hung_up = [event for event in await records.calls.timeline(call.id) if event.type == "leg.ended"]
    assert [(event.leg, event.at, event.payload) for event in hung_up] == [
        (leg.channel, later(1), {"kind": "caller", "cause": NASTY[:20]})
    ]


async def test_a_leg_belongs_to_a_call(records: Records) -> None:
    with pytest.raises(NotFound):
        await records.legs.open(a_leg(new_id()))
