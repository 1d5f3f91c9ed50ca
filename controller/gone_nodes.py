"""What lived at a node that nobody hears of any more: it ends, once, whoever notices first."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from routing.nodes import BEFORE, NodeWatch
from routing.outbound_desk import OutboundDesk
from routing.services.line import LineServices
from runtime.clock import boottime, now

log = structlog.get_logger()
LOOK_S = 5.0
KNOWN_FOR = timedelta(days=1)  # after its last beat a node is shown as silent; later it is none any more


@dataclass(frozen=True)
class GoneNodes:
    """Any number may run, at any node: every step is a conditional update."""

    services: LineServices
    outbound: OutboundDesk
    node: str  # ours, which is judged by what its Asterisk lists
    watch: NodeWatch

    async def run(self, end: Callable[[str], Awaitable[None]]) -> None:
        """Until cancelled; `end` ends a call as lost."""
        while True:
            try:
                await self.look(boottime(), end)
            except Exception:
                log.exception("other nodes could not be looked after")
            await asyncio.sleep(LOOK_S)

    async def look(self, at_s: float, end: Callable[[str], Awaitable[None]]) -> None:
        """`at_s` by a clock that nobody sets."""
        beats = {node.name: node.beats for node in await self.services.records.nodes.all() if node.name != self.node}
        for node in self.watch.silent(beats, at_s):
            await self._end(node, end)

    async def _end(self, node: str, end: Callable[[str], Awaitable[None]]) -> None:
        lost = [call.id for call in await self.services.records.calls.live() if call.node == node]
        if lost:
            log.warning("a node is silent: its calls are lost", silent_node=node, calls=len(lost))
        for call_id in lost:
            await end(call_id)
        for emergency in await self.services.records.emergencies.live():
            if emergency.node == node:
                await self.services.emergencies.caller_gone(emergency.channel)
        await self.outbound.recover(now(), (), node)
        await self.services.records.nodes.gone(node, now() if node == BEFORE else now() - KNOWN_FOR)
