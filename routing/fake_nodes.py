"""Nodes in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from routing.effects import Kind
from routing.emergencies import GONE
from routing.fake_state import MemoryState
from routing.nodes import Node


class MemoryNodes:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def beat(self, node: str, at: datetime) -> None:
        known = self._state.nodes.get(node, Node(node))
        self._state.nodes[node] = replace(known, beats=known.beats + 1, at=at)

    async def all(self) -> Sequence[Node]:
        agents, calls = self._state.agents.values(), self._state.calls.values()
        named = {node for agent in agents for node in agent.phone_nodes} | self._state.nodes.keys()
        named |= {call.node for call in calls if call.ended_at is None}
        named |= {attempt.node for attempt in self._state.live(Kind.ATTEMPT)}
        named |= {each.node for each in self._state.emergencies.values() if each.state not in GONE}
        return [self._state.nodes.get(name, Node(name)) for name in sorted(named)]

    async def found(self, node: str, channels: Collection[str]) -> None:
        held: tuple[dict[str, Any], ...] = (self._state.calls, self._state.legs, self._state.rings)
        for rows in held:
            fresh = {key: row for key, row in rows.items() if row.channel in channels and row.ended_at is None}
            rows.update({key: replace(row, node=node) for key, row in fresh.items()})
        for attempt in self._state.live(Kind.ATTEMPT):
            if attempt.id in channels:
                self._state.attempts[attempt.id] = replace(attempt, node=node)
        for key, emergency in self._state.emergencies.items():
            if emergency.channel in channels and emergency.state not in GONE:
                self._state.emergencies[key] = replace(emergency, node=node)

    async def gone(self, node: str, before: datetime) -> None:
        for key, agent in self._state.agents.items():
            self._state.agents[key] = replace(agent, phone_nodes=agent.phone_nodes - {node})
        known = self._state.nodes.get(node)
        if known and known.at and known.at < before:
            del self._state.nodes[node]
