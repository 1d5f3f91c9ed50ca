"""The events of a call's timeline have the names that the architecture lists."""

import re
from pathlib import Path

from routing.event_types import EventType

LIST = (Path(__file__).parents[3] / "docs/ARCHITECTURE.md").read_text().split("## Events of a call")[1]


def test_the_types_are_those_that_are_listed_in_their_order() -> None:
    assert re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", LIST.split("Payloads")[0]) == [str(type) for type in EventType]
