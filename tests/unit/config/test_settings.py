"""Settings that are not just given: the node's name."""

import pytest
from pydantic import ValidationError

from config.settings import NODE_LENGTH, NodeSettings, node_name


@pytest.mark.parametrize(
    ("machine", "node"),
    [
        ("alpha", "alpha"),
        ("line-1.hospital.example", "line-1"),
        ("", "node"),
        ("b\N{LATIN SMALL LETTER A WITH DIAERESIS}r_1", "b-r-1"),
        ("localhost", "localhost"),
    ],
)
def test_a_node_is_named_after_its_machine(machine: str, node: str) -> None:
    assert node_name(machine) == node
    assert NodeSettings(name=node).name == node


def test_long_names_stay_apart() -> None:
    names = {node_name(f"onenumber-asterisk-host-{number}") for number in range(20)}
    assert len(names) == 20
    assert {len(NodeSettings(name=name).name) for name in names} == {NODE_LENGTH}


@pytest.mark.parametrize("name", ["", "a b", "x" * 20, "-x", "a.b", "a\n", "a;b", "$(x)"])
def test_a_name_that_asterisk_would_cut_or_take_for_more_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        NodeSettings(name=name)


def test_it_is_the_same_each_time() -> None:
    assert NodeSettings().name == NodeSettings().name
