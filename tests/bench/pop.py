"""From news to screen: a call's pop on the desk, over a bare page that shows what comes from Redis.

`python -m tests.bench.pop [TIMES]` prints one JSON object. Both are in Chromium, both times run from the news' own
stamp in Redis to the change in the page, on one machine and one clock.
"""

import json
import statistics
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from routing.model import AgentState, OfferState
from store.news import STREAM
from supervisor.parts import start_redis
from tests.conftest import free_port
from tests.e2e.desk_server import Served, chromium, served
from tests.e2e.line import until
from tests.e2e.stored_desk import stored_desk

FLOOR_STREAM = "bench:floor"
WORDS = "the drain on ward four is blocked and water is coming up"
NOTE = "performance.timeOrigin + performance.now()"
BARE = f"""<!doctype html><title>floor</title><p id="p"></p><script>
window.shown = {{}};
new MutationObserver(() => window.shown[p.textContent] = {NOTE}).observe(p, {{childList: true}});
new EventSource("/stream").onmessage = (event) => p.textContent = event.data;
</script>"""
WATCH_POP = f"""() => {{
  window.shown = {{}};
  new MutationObserver(() => {{
    const offer = document.querySelector('#pop [data-offer]')?.dataset.offer;
    if (offer) window.shown[offer] ??= {NOTE};
  }}).observe(document.getElementById('pop'), {{ childList: true, subtree: true }});
}}"""


def shown_at_ms(page: Page, key: str) -> float:
    page.wait_for_function("key => window.shown[key]", arg=key)
    return float(page.evaluate("key => window.shown[key]", key))


# the floor


@contextmanager
def bare_page(redis_url: str) -> Iterator[str]:
    """A page that shows what comes; answers its address."""

    async def events() -> AsyncIterator[ServerSentEvent]:
        redis: Any = AsyncRedis.from_url(redis_url, decode_responses=True, protocol=2)
        last = "0-0"
        while True:
            for _, entries in await redis.xread({FLOOR_STREAM: last}, block=1_000) or ():
                last = entries[-1][0]
                for _, fields in entries:
                    yield ServerSentEvent(data=fields["key"])

    async def stream(request: Request) -> EventSourceResponse:
        return EventSourceResponse(events())

    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(BARE)

    port = free_port()
    app = Starlette(routes=[Route("/", page), Route("/stream", stream)])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            threading.Event().wait(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def floor_ms(browser: Browser, redis: Any, redis_url: str, times: int) -> list[float]:
    redis.delete(FLOOR_STREAM)  # it is read from its beginning, so that nothing is missed
    with bare_page(redis_url) as url:
        page = browser.new_page()
        page.goto(url)
        took = []
        for number in range(times + 1):
            news = redis.xadd(FLOOR_STREAM, {"key": f"k{number}"})
            took.append(shown_at_ms(page, f"k{number}") - stamp_ms(news))
        page.close()
    return took[1:]


# the desk


async def _caller_waits(line: Served) -> str:
    desk = line.desk
    call = await desk.call(words=WORDS)
    await desk.waits(call, await desk.ticket(call, words=WORDS))
    return call.id


async def _offer_seen(line: Served, call_id: str) -> str:
    async def seen() -> str | None:
        offer = await line.desk.records.offers.of_call(call_id)
        return offer.id if offer and offer.state is OfferState.SEEN else None

    return str(await until("the desk to show the call", seen))


async def _caller_goes(line: Served, call_id: str) -> None:
    """The call ends; its dispatcher gives the agent back."""
    desk = line.desk
    await desk.records.calls.end(call_id, "caller_hung_up", desk.at())

    async def free() -> bool:
        return (await desk.records.agents.load(desk.agent_ids["anna"])).state is AgentState.AVAILABLE

    await until("the agent to be free", free)


def pop_ms(browser: Browser, redis: Any, line: Served, times: int) -> list[float]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = line.log_in(context)
    page.click("#me button:has-text('Available')")
    page.wait_for_selector("#me [data-key=n]")
    page.evaluate(WATCH_POP)
    took = []
    for _ in range(times + 1):
        call_id = line.do(_caller_waits(line))
        offer_id = line.do(_offer_seen(line, call_id))
        took.append(shown_at_ms(page, offer_id) - told_at_ms(redis, offer_id))
        line.do(_caller_goes(line, call_id))
        page.wait_for_function("() => !document.querySelector('#pop .call')")
    context.close()
    return took[1:]


def told_at_ms(redis: Any, offer_id: str) -> int:
    """When the news that an offer was made reached Redis."""
    for news, fields in redis.xrange(STREAM):
        if (fields.get("offer"), fields.get("state")) == (offer_id, OfferState.MADE):
            return stamp_ms(news)
    raise LookupError(offer_id)


def stamp_ms(news: str) -> int:
    """A stream id begins with the time at which Redis took the news."""
    return int(news.partition("-")[0])


def measure(times: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="onenumber-pop-") as name, chromium() as browser:
        part = start_redis(Path(name), port := free_port())
        url = f"redis://127.0.0.1:{port}/0"
        try:
            redis: Any = Redis.from_url(url, decode_responses=True, protocol=2)
            floor = floor_ms(browser, redis, url, times)
            with served(partial(stored_desk, f"sqlite:///{name}/desk.db", url)) as line:
                pop = pop_ms(browser, redis, line, times)
        finally:
            part.stop()
    return {
        "pop_ms": _spread(pop),
        "floor_ms": _spread(floor),
        "pop_over_floor": round(statistics.median(pop) / statistics.median(floor), 2),
    }


def _spread(took: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(took), 1), "least": round(min(took), 1), "most": round(max(took), 1)}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10), indent=2))
