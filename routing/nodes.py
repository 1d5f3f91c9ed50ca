"""Nodes: the Asterisks that share these records, each with controllers of its own, and which of them live.

What a channel or a registration belongs to says its node; a controller judges what lives at its own node by what its
Asterisk lists, and at another one only once that has been silent for long.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

BEFORE = ""  # the node of what was recorded before nodes had names
LATE = timedelta(seconds=30)  # a beat comes every 5 s
GAP_S = 30.0  # who has not looked for so long cannot tell a silent node from records that took no beat


@dataclass(frozen=True)
class Node:
    name: str
    beats: int = 0  # grows each time that its Asterisk has answered one of its controllers
    at: datetime | None = None  # of the last beat, by the clock of who made it; None where there was none


def named(nodes: Sequence[Node]) -> list[Node]:
    """Those that have a name."""
    return [node for node in nodes if node.name != BEFORE]


def alive(node: Node, at: datetime) -> bool:
    """Whether it was heard of lately, by the line's clock."""
    return node.at is not None and at - node.at <= LATE


def heard(node: Node, at: datetime) -> str:
    """When, in words."""
    if node.at is None:
        return f"{node.name} was never heard of"
    return f"{node.name} was last heard of {max(0.0, (at - node.at).total_seconds()):.0f} s ago"


class NodeWatch:
    """Which nodes are silent, as this process has seen it: no clock of another machine counts.

    Counted from when it first looks: whoever has just started has seen no silence yet.
    """

    def __init__(self, silent_s: float, gap_s: float = GAP_S) -> None:
        self._silent_s, self._gap_s = silent_s, gap_s
        self._heard: dict[str, tuple[int, float]] = {}  # node → its beats, and when they were first seen
        self._looked_s: float | None = None

    def silent(self, beats: Mapping[str, int], at_s: float) -> list[str]:
        """Nodes with no beat for `silent_s`; `at_s` is by a clock that nobody sets, in seconds."""
        if self._looked_s is None or at_s - self._looked_s > self._gap_s:
            self._heard.clear()
        self._looked_s = at_s
        self._heard = {name: self._first_seen(name, count, at_s) for name, count in beats.items()}
        return [name for name, (_, since_s) in self._heard.items() if at_s - since_s > self._silent_s]

    def _first_seen(self, name: str, count: int, at_s: float) -> tuple[int, float]:
        known = self._heard.get(name)
        return known if known and known[0] == count else (count, at_s)


class Nodes(Protocol):
    """The Asterisks that share the records."""

    async def beat(self, node: str, at: datetime) -> None:
        """The node's Asterisk has just answered one of its controllers."""

    async def all(self) -> Sequence[Node]:
        """Those heard of, and those where anything is said to live, by name."""

    async def found(self, node: str, channels: Collection[str]) -> None:
        """What has one of these channels and is not over lives at this node, whatever was noted: calls, attempts, …"""

    async def gone(self, node: str, before: datetime) -> None:
        """No phone is registered there any more; a node last heard of before that time is no longer one."""
