"""Which worker takes which file of tests."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from tests.lanes import Lanes

WIRE = [f"tests/wire/test_{name}.py::test_{number}" for name in "ab" for number in range(3)]
E2E = [f"tests/e2e/test_{name}.py::test_{number}" for name in "cdef" for number in range(3)]


@dataclass(eq=False)
class Worker:
    """As the plugin sees one: told by index what to run."""

    number: int
    collection: list[str]
    ran: list[str] = field(default_factory=list)
    shutting_down: bool = False

    @property
    def gateway(self) -> SimpleNamespace:
        return SimpleNamespace(id=f"gw{self.number}")

    def send_runtest_some(self, indices: list[int]) -> None:
        self.ran += [self.collection[index] for index in indices]

    def shutdown(self) -> None:
        self.shutting_down = True


def begun(workers: int, collection: list[str]) -> tuple[Lanes, list[Any]]:
    """As it stands when each worker has its first files."""
    config: Any = SimpleNamespace(
        getvalue=lambda _: ["popen"] * workers, option=SimpleNamespace(loadscopereorder=False)
    )
    lanes: Lanes = Lanes(config)
    nodes: list[Any] = [Worker(number, collection) for number in range(workers)]
    for node in nodes:
        lanes.add_node(node)
        lanes.add_node_collection(node, collection)
    lanes.schedule()
    return lanes, nodes


def run(workers: int, collection: list[str]) -> list[Worker]:
    """Every worker takes its turn until none has anything left."""
    lanes, nodes = begun(workers, collection)
    done = dict.fromkeys(range(workers), 0)
    while any(done[node.number] < len(node.ran) for node in nodes):
        for node in nodes:
            if done[node.number] < len(node.ran):
                lanes.mark_test_complete(node, collection.index(node.ran[done[node.number]]))
                done[node.number] += 1
    assert lanes.tests_finished
    return nodes


def test_what_waits_has_workers_of_its_own_and_everything_is_run_once() -> None:
    nodes = run(5, WIRE + E2E)
    assert sorted(test for node in nodes for test in node.ran) == sorted(WIRE + E2E)
    assert {test for node in nodes[3:] for test in node.ran} == set(WIRE)
    assert all(node.shutting_down for node in nodes)


def test_a_worker_whose_lane_is_empty_takes_none_of_what_keeps_a_processor_busy() -> None:
    nodes = run(5, E2E)
    assert [node.ran for node in nodes[3:]] == [[], []]
    assert sorted(test for node in nodes for test in node.ran) == sorted(E2E)


def test_those_of_the_busy_lane_help_with_what_waits() -> None:
    assert sorted(test for node in run(4, WIRE) for test in node.ran) == sorted(WIRE)


def test_with_few_workers_files_go_out_in_order() -> None:
    first, second = run(2, WIRE + E2E)
    assert (first.ran[:3], second.ran[:3]) == (WIRE[:3], WIRE[3:])


def test_whoever_comes_for_a_worker_that_crashed_takes_its_lane_and_its_file() -> None:
    lanes, nodes = begun(5, WIRE + E2E)
    lost = nodes[0]
    crashed = lanes.remove_node(lost)
    assert crashed == lost.ran[0]
    new: Any = Worker(7, WIRE + E2E)
    lanes.add_node(new)
    lanes.add_node_collection(new, WIRE + E2E)
    lanes.schedule()
    assert new.ran
    assert not set(new.ran) & set(WIRE)
