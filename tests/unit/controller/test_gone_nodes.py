"""What becomes of what lived at a node that fell silent, while the others go on."""

from datetime import timedelta

import pytest

from controller.gone_nodes import GoneNodes
from routing.emergencies import EmergencyState
from routing.nodes import BEFORE, NodeWatch
from runtime.clock import now
from tests.unit.routing.world import NODE, World

SILENT_S = 60.0


class Scene(World):
    """Two nodes; we are a controller of one."""

    def __init__(self) -> None:
        super().__init__()
        self.now = now()
        self.emergencies = self.services.emergencies
        self.gone = GoneNodes(self.services, self.desk, NODE, NodeWatch(SILENT_S))
        self.lost = list[str]()

    async def looks(self, *at_s: float, beating: tuple[str, ...] = ()) -> None:
        for each in at_s:
            for node in beating:
                await self.records.nodes.beat(node, now())
            await self.gone.look(each, self.end)

    async def end(self, call_id: str) -> None:
        if await self.records.calls.end(call_id, "lost", self.now):
            self.lost.append(call_id)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def until_silent(from_s: float = 0.0) -> tuple[float, ...]:
    return tuple(from_s + each for each in range(0, int(SILENT_S) + 15, 10))


async def test_a_silent_nodes_calls_are_lost_once_and_no_others(scene: Scene) -> None:
    ours, theirs = await scene.call(), await scene.call(node="west")
    await scene.looks(*until_silent()[:-1], beating=(NODE,))
    assert scene.lost == []
    await scene.looks(*until_silent(), beating=(NODE,))
    assert scene.lost == [theirs.id]
    assert (await scene.records.calls.load(ours.id)).ended_at is None


async def test_a_node_that_beats_keeps_its_calls(scene: Scene) -> None:
    await scene.call(node="west")
    await scene.looks(*until_silent(), *until_silent(90), beating=("west",))
    assert scene.lost == []


async def test_our_own_node_is_judged_by_its_asterisk_alone(scene: Scene) -> None:
    await scene.call()
    await scene.looks(*until_silent())
    assert scene.lost == []


async def test_an_emergency_of_a_silent_node_is_left_for_a_person(scene: Scene) -> None:
    call = await scene.call(node="west", channel="west-1.1")
    emergency = await scene.emergencies.raised(call.id, call.channel, scene.now, node="west")
    await scene.looks(*until_silent())
    assert (await scene.records.emergencies.load(emergency.id)).state is EmergencyState.LEFT


async def test_nobody_is_told_that_a_phone_is_registered_at_a_silent_node(scene: Scene) -> None:
    agent = await scene.agent(phone_nodes=frozenset({"west", BEFORE}))
    await scene.looks(*until_silent())
    assert not (await scene.records.agents.load(agent.id)).phone_registered


async def test_a_silent_node_is_shown_for_a_day(scene: Scene) -> None:
    for node, ago in (("west", timedelta(hours=23)), ("north", timedelta(hours=25)), (BEFORE, timedelta())):
        await scene.records.nodes.beat(node, now() - ago)
    await scene.looks(*until_silent())
    assert [node.name for node in await scene.records.nodes.all()] == ["west"]
