"""Browsers on a busy machine: what a page shall show may take longer than the library's five seconds."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect as expect_async
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.desk_server import Served, chromium, served

PATIENCE_MS = 20_000

expect.set_options(timeout=PATIENCE_MS)
expect_async.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def line() -> Iterator[Served]:
    """A desk over records in memory, of this test's own; modules whose tests share one have another `line`."""
    with served() as line:
        yield line


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()
