"""Two tabs of one agent, with a dispatcher that looks: closing the live one makes nobody unreachable."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from routing.model import AgentState
from tests.conftest import RedisServer
from tests.e2e.desk_server import Served, served
from tests.e2e.stored_desk import stored_desk
from tests.e2e.test_desk_stored import caller_waits

pytestmark = pytest.mark.e2e
STALE_S = 15


@pytest.fixture
def line(tmp_path: Path, redis_server: RedisServer) -> Iterator[Served]:
    with served(partial(stored_desk, f"sqlite:///{tmp_path / 'desk.db'}", redis_server.url)) as line:
        yield line


def two_tabs(line: Served, context: BrowserContext) -> tuple[Page, Page]:
    """The first one waits, the second one is live, and the agent is available."""
    waits = line.log_in(context)
    live = context.new_page()
    live.goto(line.url)
    expect(waits.locator("#elsewhere")).to_be_visible()
    live.click("#me button:has-text('Available')")
    expect(live.locator("#me .state")).to_contain_text("Available")
    return waits, live


def states(line: Served, seconds: float) -> set[AgentState]:
    """Those that the agent was in meanwhile: nothing may change, and nothing that comes later shows that it did not."""
    end, found = time.monotonic() + seconds, set()
    while time.monotonic() < end:
        found.add(line.do(line.desk.records.agents.load(line.desk.agent_ids["anna"])).state)
        time.sleep(0.1)
    return found


def test_the_other_tab_takes_over_as_soon_as_the_live_one_is_closed(line: Served, context: BrowserContext) -> None:
    waits, live = two_tabs(line, context)
    live.goto("about:blank")
    expect(waits.locator("#elsewhere")).to_be_hidden(timeout=12_000)  # sooner than a page is taken for silent
    line.do(caller_waits(line))
    expect(waits.locator("#pop .call h2")).to_have_text("Ward 4 desk")
    expect(waits.locator("#me .state")).not_to_contain_text("Not ready")


def test_the_other_tab_takes_over_when_the_live_one_falls_silent(line: Served, context: BrowserContext) -> None:
    waits, live = two_tabs(line, context)
    live.evaluate("() => { window.fetch = () => Promise.reject(new Error('away')) }")  # not even its end is heard
    live.goto("about:blank")
    assert states(line, 3) == {AgentState.AVAILABLE}
    expect(waits.locator("#elsewhere")).to_be_visible()
    assert states(line, STALE_S) == {AgentState.AVAILABLE}
    expect(waits.locator("#elsewhere")).to_be_hidden()


def test_going_to_another_page_leaves_the_other_tab_as_it_is(line: Served, context: BrowserContext) -> None:
    waits, live = two_tabs(line, context)
    for path in ("/tickets", "/calls", "/"):
        with live.expect_response("**/me/heartbeat"):
            live.goto(line.url + path)
    expect(live.locator("#elsewhere")).to_be_hidden()
    expect(waits.locator("#elsewhere")).to_be_visible()
    assert states(line, 1) == {AgentState.AVAILABLE}


def test_a_call_is_announced_on_the_live_tab_only(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    page.click("#me button:has-text('Available')")
    line.do(caller_waits(line))
    expect(page).to_have_title("CALL: Ward 4 desk")
    context.new_page().goto(line.url)
    expect(page.locator("#elsewhere")).to_be_visible()
    expect(page).not_to_have_title("CALL: Ward 4 desk")
    page.click("text=Use this tab")
    expect(page).to_have_title("CALL: Ward 4 desk")
    page.reload()
    expect(page).to_have_title("CALL: Ward 4 desk")
    rows = page.locator("#board tbody tr")
    before = rows.count()
    line.do(caller_waits(line))
    expect(rows).to_have_count(before + 1)  # the page has begun to follow what happens, and its title stays
    expect(page).to_have_title("CALL: Ward 4 desk")
