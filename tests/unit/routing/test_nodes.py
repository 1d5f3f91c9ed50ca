"""Which nodes are silent, counted by who watches; and who dials, recovers and takes what is whose."""

from routing.model import AttemptState
from routing.nodes import GAP_S, Node, NodeWatch, alive, heard
from routing.outbound_desk import GRACE_S, OutboundDesk
from routing.purposes import Purpose
from tests.contract.samples import NOW, later
from tests.unit.routing.world import CALLBACK_RULES, NODE, World


def watched(watch: NodeWatch, *looks: tuple[float, dict[str, int]]) -> list[str]:
    """What the last look says."""
    silent: list[str] = []
    for at_s, beats in looks:
        silent = watch.silent(beats, at_s)
    return silent


def seconds(beats: dict[str, int], until_s: int, since_s: int = 0) -> list[tuple[float, dict[str, int]]]:
    return [(float(at_s), beats) for at_s in range(since_s, until_s + 1, 5)]


def test_a_node_is_silent_when_it_has_not_been_heard_for_long() -> None:
    watch = NodeWatch(60)
    assert watched(watch, *seconds({"east": 7, "west": 3}, 60)) == []
    assert watched(watch, (65.0, {"east": 8, "west": 3})) == ["west"]
    assert watched(watch, (70.0, {"east": 8, "west": 4})) == []  # it is back


def test_who_has_just_started_has_seen_no_silence() -> None:
    assert watched(NodeWatch(60), (1_000_000.0, {"west": 3})) == []


def test_a_node_that_never_beat_is_watched_as_any() -> None:
    assert watched(NodeWatch(60), *seconds({"": 0}, 65)) == [""]


def test_who_could_not_look_begins_anew() -> None:
    """The records took no beats either, while they could not be read."""
    watch = NodeWatch(60)
    watched(watch, *seconds({"west": 3}, 50))
    back_s = int(50 + GAP_S + 5)
    assert watched(watch, *seconds({"west": 3}, back_s + 60, back_s)) == []
    assert watched(watch, (back_s + 65.0, {"west": 3})) == ["west"]


def test_a_node_that_comes_again_is_counted_from_then() -> None:
    watch = NodeWatch(60)
    watched(watch, *seconds({"west": 3}, 50), (55.0, {}))
    assert watched(watch, *seconds({"west": 3}, 115, 60)) == []


def test_people_are_told_by_the_lines_clock() -> None:
    node = Node("east", 7, NOW)
    assert (alive(node, later(20)), alive(node, later(40)), alive(Node("west"), NOW)) == (True, False, False)
    assert heard(node, later(40)) == "east was last heard of 40 s ago"
    assert heard(Node("west"), NOW) == "west was never heard of"


def desk_of(node: str, world: World) -> OutboundDesk:
    """Of a controller at another node."""
    return OutboundDesk(world.services, world.dialler, lambda: CALLBACK_RULES, node)


async def test_a_node_dials_for_agents_whose_phone_it_can_ring() -> None:
    world = World()
    owed, agent = await world.callback(), await world.agent(phone_nodes=frozenset({"west"}))
    await world.tick()
    await world.show((await world.offer_to(agent)).id)
    await world.tick()
    assert world.dialler.dialled == []
    await desk_of("west", world).tick(world.now)
    assert [(attempt.outbound_call_id, attempt.node) for attempt in world.dialler.dialled] == [(owed.id, "west")]


async def test_an_attempt_is_recovered_by_its_node_or_where_that_is_gone_by_any() -> None:
    world = World()
    await world.callback()
    agent = await world.agent()
    await world.tick()
    await world.show((await world.offer_to(agent)).id)
    await world.tick()
    (attempt,) = world.dialler.dialled
    world.passes(GRACE_S + 1)
    west = desk_of("west", world)
    await west.recover(world.now, set())
    assert (await world.records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.SENT
    await west.recover(world.now, set(), NODE)
    assert (await world.records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.LOST


async def test_who_is_rung_for_no_agent_is_rung_by_one_node_and_recovered_by_that() -> None:
    world = World()
    await world.callback(purpose=Purpose.SURVEY, flow="survey")
    desks = [desk_of(node, world) for node in ("west", NODE, "west")]
    for desk in desks:
        await desk.tick(world.now)
    (attempt,) = world.dialler.dialled
    assert attempt.node == "west"
    world.passes(GRACE_S + 1)
    await desks[1].recover(world.now, set())
    assert (await world.records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.SENT
    await desks[0].recover(world.now, set())
    assert (await world.records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.LOST
