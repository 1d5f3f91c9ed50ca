"""Nodes: heard of, and what lives at them."""

from routing.emergencies import Emergency, EmergencyEvent, Ring
from routing.identity import new_id
from routing.legs import CallLeg, LegKind
from routing.lifecycle import AttemptEvent
from routing.model import QueueEntry
from routing.nodes import BEFORE, Node
from routing.ports import Records
from tests.contract.samples import (
    NOW,
    a_callback,
    an_agent,
    an_attempt,
    later,
    opened_call,
    opened_ticket,
)

CHANNEL = "east-1795918200.17"


async def test_a_node_is_heard_of_each_time_that_it_beats(records: Records) -> None:
    assert await records.nodes.all() == []
    for at in (1, 6):
        await records.nodes.beat("east", later(at))
    await records.nodes.beat("west", later(2))
    assert await records.nodes.all() == [Node("east", 2, later(6)), Node("west", 1, later(2))]


async def test_where_anything_lives_is_a_node_though_it_was_never_heard_of(records: Records) -> None:
    call = await opened_call(records, node="a")
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    attempt = an_attempt(callback, node="b")
    await records.outbound_calls.claim_attempt(attempt)
    emergency = await records.emergencies.open(Emergency(new_id(), call.id, CHANNEL, NOW, node="c"))
    await records.agents.enrol(an_agent())
    await records.agents.phones_registered("d", {"agent1": True})
    assert await records.nodes.all() == [Node("a"), Node("b"), Node("c"), Node("d")]
    await records.calls.end(call.id, "lost", later(1))
    await records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.LOST, later(1))
    await records.emergencies.advance(emergency.id, EmergencyEvent.CALLER_LEFT, later(1))
    assert await records.nodes.all() == [Node("d")]


async def test_what_a_node_lists_lives_there_unless_it_is_over(records: Records) -> None:
    call, over, other = [await opened_call(records, channel=channel) for channel in (CHANNEL, CHANNEL, "elsewhere")]
    await records.calls.end(over.id, "served", later(1))
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    attempt = an_attempt(callback)
    await records.outbound_calls.claim_attempt(attempt)
    emergency = await records.emergencies.open(Emergency(new_id(), call.id, CHANNEL, NOW))
    await records.emergencies.ring(Ring(emergency.id, "ringing", "urgent1", NOW))
    await records.legs.open(CallLeg(new_id(), call.id, CHANNEL, LegKind.CALLER, NOW))
    await records.nodes.found("east", [CHANNEL, attempt.id, "ringing"])
    nodes = [(await records.calls.load(each.id)).node for each in (call, over, other)]
    assert nodes == ["east", BEFORE, BEFORE]
    assert (await records.outbound_calls.load_attempt(attempt.id)).node == "east"
    kept = await records.emergencies.load(emergency.id)
    assert (kept.node, [ring.node for ring in kept.rings]) == ("east", ["east"])
    assert [leg.node for leg in await records.legs.of_call(call.id)] == ["east"]
    await records.nodes.found("east", [])
    assert (await records.calls.load(other.id)).node == BEFORE


async def test_who_waits_waits_where_their_call_is(records: Records) -> None:
    call = await opened_call(records, node="east")
    await records.queue.enter(QueueEntry(new_id(), "technical", "normal", NOW, call_id=call.id))
    await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    assert {each.call_id: each.node for each in await records.queue.waiting()} == {call.id: "east", None: None}


async def test_a_node_that_is_gone_rings_nobody_and_is_forgotten_in_time(records: Records) -> None:
    agent = an_agent()
    await records.agents.enrol(agent)
    for node in ("east", "west"):
        await records.nodes.beat(node, later(10))
        await records.agents.phones_registered(node, {"agent1": True})
    await records.nodes.gone("west", before=later(10))
    assert (await records.agents.load(agent.id)).phone_nodes == {"east"}
    assert [node.name for node in await records.nodes.all()] == ["east", "west"]
    await records.nodes.gone("west", before=later(11))
    assert [node.name for node in await records.nodes.all()] == ["east"]
