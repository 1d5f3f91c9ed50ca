"""What `doctor` says of nodes."""

from doctor.checks_nodes import found
from routing.nodes import BEFORE, Node
from tests.contract.samples import NOW, later

EAST, WEST = Node("east", 9, NOW), Node("west", 4, later(100))


def test_the_living_are_named() -> None:
    finding = found([EAST, Node(BEFORE)], "east", later(5))
    assert (finding.state, finding.says) == ("ok", "alive: east; east is ours")


def test_a_silent_one_is_told_with_since_when() -> None:
    finding = found([EAST, WEST], "west", later(101))
    assert (finding.state, finding.says) == ("broken", "east was last heard of 101 s ago; alive: west; west is ours")
    assert finding.to_do
