"""What `doctor` asks of the nodes: which of the Asterisks that share the database were heard of lately."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from config.settings import Settings
from doctor.finding import Finding
from routing.nodes import Node, alive, heard, named
from runtime import clock
from store import open_records

PART = "nodes"


def nodes(settings: Settings) -> Finding:
    try:
        known = asyncio.run(_read(settings))
    except Exception:  # `database` tells what is wrong with it
        return Finding(PART, "absent", says="the database does not tell")
    return found(known, settings.node.name, clock.LineClock(settings.paths.clock)())


def found(known: Sequence[Node], ours: str, at: datetime) -> Finding:
    """Those that live; broken where one does not."""
    living = [node.name for node in known if alive(node, at)]
    silent = [heard(node, at) for node in named(known) if not alive(node, at)]
    says = f"alive: {', '.join(living) or 'none'}; {ours} is ours"
    facts = {"ours": ours, "alive": living}
    if not silent:
        return Finding(PART, "ok", says=says, facts=facts)
    to_do = "start its Asterisk and a controller of it; one that is no more is forgotten after a day."
    return Finding(PART, "broken", says=f"{'; '.join(silent)}; {says}", to_do=to_do, facts=facts)


async def _read(settings: Settings) -> Sequence[Node]:
    async with open_records(settings.database) as records:
        return await records.nodes.all()
