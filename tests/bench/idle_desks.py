"""What idle desks cost the desk's process: CPU-ms a second for each agent's live page, while nothing happens.

`python -m tests.bench.idle_desks [DESKS] [SECONDS]` prints one JSON object. Records in SQLite, news by way of Redis;
what the process costs without any page is taken off.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx

from supervisor.parts import start_redis
from tests.conftest import free_port
from tests.e2e.desk_server import Served, served
from tests.e2e.stored_desk import stored_desk
from tests.unit.web.stand_ins_records import PASSWORD

SETTLE_S = 3.0
BEAT_S = 4.9  # as a page does


async def stay(line: Served, login: str, connected: asyncio.Event) -> None:
    """One agent's page: its stream is read and thrown away, and it says that it lives."""
    page = f"idle-page-of-{login}"
    async with httpx.AsyncClient(base_url=line.url, timeout=None) as client, asyncio.TaskGroup() as group:
        answer = await client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        group.create_task(beat(client, page, connected))
        async with client.stream("GET", "/desk/stream", params={"page": page}) as stream:
            stream.raise_for_status()
            async for _ in stream.aiter_raw():
                pass


async def beat(client: httpx.AsyncClient, page: str, connected: asyncio.Event) -> None:
    while True:
        (await client.post("/api/v1/me/heartbeat", json={"page": page, "take": True})).raise_for_status()
        connected.set()
        await asyncio.sleep(BEAT_S)


async def spent_ms(line: Served, logins: Sequence[str], seconds: float) -> float:
    """CPU-ms a second of this process, with these at their desks."""
    there = {login: asyncio.Event() for login in logins}
    async with asyncio.TaskGroup() as group:
        desks = [group.create_task(stay(line, login, connected)) for login, connected in there.items()]
        for connected in there.values():
            await connected.wait()
        await asyncio.sleep(SETTLE_S)
        before, began = time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        used = (time.process_time() - before) * 1000 / (time.monotonic() - began)
        for desk in desks:
            desk.cancel()
    return used


def measure(desks: int, seconds: float) -> dict[str, float]:
    agents = [(f"agent{n:03d}", f"Agent {n}", f"phone{n:03d}") for n in range(desks)]
    with tempfile.TemporaryDirectory(prefix="onenumber-idle-") as name:
        redis = start_redis(Path(name), port := free_port())
        url = f"redis://127.0.0.1:{port}/0"
        try:
            with served(partial(stored_desk, f"sqlite:///{name}/desk.db", url, agents)) as line:
                some = [login for login, _, _ in agents]
                none_ms, some_ms = (asyncio.run(spent_ms(line, logins, seconds)) for logins in ([], some))
        finally:
            redis.stop()
    return {"desks": desks, "without": round(none_ms, 1), "per_desk": round((some_ms - none_ms) / desks, 2)}


def main() -> None:
    desks, seconds = (int(word) for word in [*sys.argv[1:], "20", "20"][:2])
    print(json.dumps(measure(desks, seconds), indent=2))


if __name__ == "__main__":
    main()
