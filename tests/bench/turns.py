"""What it costs to decide who is next, and to tell a caller their place and wait, with 10 and with 10,000 waiting.

    python -m tests.bench.turns [DATABASE_URL]

CPU and time of a whole tick of the dispatcher that offers the next caller to the one agent who is free, and of a look
at one caller's standing. Half of them wait for the crew of the agent; the median of so many rounds. Prints JSON with
the ratio of 10,000 to 10.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, delete, insert

from config.documents import WaitingRules
from routing.clocks import utc_now
from routing.identity import new_id
from routing.model import URGENCY_ORDER, Agent
from routing.overdue import CALLER_LEFT
from routing.services.line import LineServices
from store.migrate import upgrade
from store.records import SqlRecords, open_records
from store.tables import calls
from store.tables_dispatch import offers, queue_entries
from tests.contract.samples import available_agent, later, opened_call
from tests.services import services_over

WAITING = (10, 100, 1_000, 10_000)
ROUNDS = 25
RULES = WaitingRules(stale_page_s=3_600)
CREWS = ("technical", "dispatch")


async def fill(records: SqlRecords, count: int) -> None:
    """Callers of two crews and all urgencies, in the place of whoever waited before."""
    ids = [new_id() for _ in range(count)]
    call = {
        "site_id": "demo", "dnis": "100", "direction": "inbound", "language": "en", "state": "waiting", "pins": {},
        "withheld": False, "shared": False, "caller_kind": "staff", "started_at": later(0), "last_seq": 0,
        "node": "east", "channel": "",
    }  # fmt: skip
    places = [
        {
            "id": new_id(), "site_id": "demo", "crew": CREWS[n % 2], "urgency": URGENCY_ORDER[1 + n % 3],
            "since": later(n * 7 % count), "call_id": id, "offers": 0,
        }
        for n, id in enumerate(ids)
    ]  # fmt: skip

    def work(connection: Connection) -> None:
        for table in (offers, queue_entries, calls):
            connection.execute(delete(table))
        connection.execute(insert(calls), [{**call, "id": id} for id in ids])
        connection.execute(insert(queue_entries), places)

    await records.database.write(work)


async def timed(what: Callable[[], Awaitable[Any]], costs: list[tuple[float, float]]) -> Any:
    began, cpu = time.perf_counter(), time.process_time()
    came_of_it = await what()
    costs.append((time.perf_counter() - began, time.process_time() - cpu))
    return came_of_it


async def of(services: LineServices, agent: Agent, count: int) -> dict[str, float]:
    await fill(services.records, count)  # type: ignore[arg-type]
    ticks: list[tuple[float, float]] = []
    looks: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        await services.records.agents.heartbeat(agent.id, utc_now())
        await timed(services.dispatcher.tick, ticks)
        (offer,) = await services.records.offers.live()
        entry = await services.records.queue.entry(offer.entry_id)
        assert entry
        call = await services.records.calls.load(entry.call_id or "")
        await services.offers.withdraw(offer.id, CALLER_LEFT)
        await timed(lambda entry=entry, call=call: services.queue.standing(entry, call, RULES), looks)  # type: ignore[misc]
    return {
        "tick_ms": _ms(ticks, 0), "tick_cpu_ms": _ms(ticks, 1), "standing_ms": _ms(looks, 0),
        "standing_cpu_ms": _ms(looks, 1),
    }  # fmt: skip


def _ms(costs: list[tuple[float, float]], which: int) -> float:
    return round(1_000 * median(cost[which] for cost in costs), 2)


async def measure(url: str) -> dict[str, Any]:
    async with open_records(url) as records:
        services = services_over(records, rules=lambda: RULES)
        agent = await available_agent(records, crews=frozenset({"technical"}))
        await records.agents.phones_registered("east", {"agent1": True})
        await opened_call(records)
        found = {count: await of(services, agent, count) for count in WAITING}
    ratio = {name: round(found[10_000][name] / found[10][name], 2) for name in found[10]}
    return {"waiting": found, "ratio_10000_to_10": ratio}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        print(json.dumps(asyncio.run(measure(url)), indent=2))


if __name__ == "__main__":
    main()
