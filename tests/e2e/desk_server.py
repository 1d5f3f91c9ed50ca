"""A desk on a real port, with records in memory, driven from the test's thread."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.conftest import free_port
from tests.unit.web.demo import Desk, real_time
from tests.unit.web.stand_ins_records import PASSWORD

T = TypeVar("T")
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass
class Served:
    """The desk, and where it is."""

    desk: Desk
    loop: asyncio.AbstractEventLoop
    server: uvicorn.Server
    url: str

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the server's loop, where the records live."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def log_in(self, context: BrowserContext, login: str = "anna") -> Page:
        page = self.sign_in_form(context, login)
        with page.expect_response("**/me/heartbeat"):  # from then on the page hears keys, and is live
            page.click("button.primary")
        return page

    def log_in_admin(self, context: BrowserContext) -> Page:
        """Who takes no calls: their page has no heartbeat."""
        page = self.sign_in_form(context, "admin")
        page.click("button.primary")
        page.locator(".bar").wait_for()
        page.wait_for_load_state()  # from then on it hears keys
        return page

    def sign_in_form(self, context: BrowserContext, login: str) -> Page:
        """Filled in, and not sent."""
        page = context.new_page()
        page.goto(self.url)
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", PASSWORD)
        return page


@asynccontextmanager
async def desk_in_memory() -> AsyncIterator[Desk]:
    yield Desk(real_time)


@contextmanager
def served(open_desk: Callable[[], AbstractAsyncContextManager[Desk]] = desk_in_memory) -> Iterator[Served]:
    """A server in a thread of its own; it is gone afterwards."""
    started: list[Served] = []
    port = free_port()
    ready = threading.Event()

    async def serve() -> None:
        async with open_desk() as desk:
            server = uvicorn.Server(
                uvicorn.Config(desk.app, port=port, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
            )
            started.append(Served(desk, asyncio.get_running_loop(), server, f"http://127.0.0.1:{port}"))
            task = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - it has no event to wait for
                await asyncio.sleep(0.01)
            ready.set()
            await task

    # A daemon: one that was late would keep the process for ever.
    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield started[0]
    finally:
        started[0].server.should_exit = True
        thread.join(10)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
