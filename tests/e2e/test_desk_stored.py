"""The desk over the real records, with a dispatcher: nobody but the stream brings the call."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from routing.model import OfferState
from tests.conftest import RedisServer
from tests.e2e.desk_server import Served, served
from tests.e2e.stored_desk import stored_desk
from tests.e2e.test_desk import WORDS, until

pytestmark = pytest.mark.e2e


@pytest.fixture
def line(tmp_path: Path, redis_server: RedisServer) -> Iterator[Served]:
    with served(partial(stored_desk, f"sqlite:///{tmp_path / 'desk.db'}", redis_server.url)) as line:
        yield line


async def caller_waits(line: Served) -> str:
    desk = line.desk
    call = await desk.call(words=WORDS)
    await desk.waits(call, await desk.ticket(call, words=WORDS))
    return call.id


def seen_by_anna(line: Served, call_id: str) -> bool:
    offer = line.do(line.desk.records.offers.of_call(call_id))
    return offer is not None and offer.state is OfferState.SEEN and offer.agent_id == line.desk.agent_ids["anna"]


def test_available_agent_gets_the_call_and_the_page_reports_it_seen(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    page.click("#me button:has-text('Available')")
    expect(page.locator("#me .state")).to_contain_text("Available")
    call_id = line.do(caller_waits(line))
    expect(page.locator("#pop .call h2")).to_have_text("Ward 4 desk")
    expect(page.locator("#pop .said").first).to_contain_text("the drain on ward four")
    until(lambda: seen_by_anna(line, call_id))
    expect(page.locator("#workspace .story")).to_contain_text("Call came in")


def test_with_the_news_gone_the_call_is_still_shown_in_time(
    line: Served, context: BrowserContext, redis_server: RedisServer
) -> None:
    page = line.log_in(context)
    page.click("#me button:has-text('Available')")
    expect(page.locator("#me .state")).to_contain_text("Available")
    redis_server.stop()
    call_id = line.do(caller_waits(line))
    expect(page.locator("#pop .call h2")).to_have_text("Ward 4 desk")
    until(lambda: seen_by_anna(line, call_id))


def test_a_flushed_redis_costs_no_call(line: Served, context: BrowserContext, redis_server: RedisServer) -> None:
    page = line.log_in(context)
    page.click("#me button:has-text('Available')")
    expect(page.locator("#me .state")).to_contain_text("Available")
    redis_server.flush()
    call_id = line.do(caller_waits(line))
    expect(page.locator("#pop .call h2")).to_have_text("Ward 4 desk")
    until(lambda: seen_by_anna(line, call_id))
