"""How many events of calls the records take in a second, saved as the dialogue saves them: state and events together.

    python -m tests.bench.records [DATABASE_URL]

200 calls at once, each saving in turn; every save is on the disk before it is acknowledged.
"""

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

from routing.event_types import EventType
from routing.identity import new_id
from routing.model import Call, CallerId, NewEvent
from store.migrate import upgrade
from store.records import SqlRecords, open_records
from tests.contract.samples import NOW

CALLS = 200
SAVES = 25  # of each call
EVENTS = 3  # of each save


async def one_call(records: SqlRecords, waits: list[float]) -> None:
    call = Call(new_id(), "demo", "100", CallerId("204", "204"), NOW, {"flows": "f" * 64})
    await records.calls.open(call)
    for number in range(SAVES):
        events = [
            NewEvent(call.id, EventType.KEY, NOW, payload={"n": number}, private={"key": "1"}) for _ in range(EVENTS)
        ]
        began = time.perf_counter()
        await records.calls.save(call.id, {"step": str(number)}, events)
        waits.append(time.perf_counter() - began)


async def measure(database_url: str) -> None:
    waits: list[float] = []
    async with open_records(database_url) as records:
        began, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        await asyncio.gather(*(one_call(records, waits) for _ in range(CALLS)))
        seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    events = CALLS * SAVES * EVENTS
    spent = used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime
    waits.sort()
    print(f"{events / seconds:,.0f} events/s, {len(waits) / seconds:,.0f} saves/s")
    print(f"{spent / len(waits) * 1000:.2f} CPU-ms a save")
    print(f"a save took {waits[len(waits) // 2] * 1000:.0f} ms at the median, {waits[-1] * 1000:.0f} ms at most")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        asyncio.run(measure(url))
