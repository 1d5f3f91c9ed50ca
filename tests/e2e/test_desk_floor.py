"""The floor and the wall in a browser: they follow what happens, are loud when somebody calls for help, come back."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from routing.model import AgentState, Call
from tests.e2e.accessible import serious_problems
from tests.e2e.desk_server import Served, served
from tests.e2e.test_desk import WORDS
from tests.services import services_over

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def line() -> Iterator[Served]:
    with served() as line:
        yield line


@pytest.fixture
def floor(line: Served, context: BrowserContext) -> Page:
    """Chen's page of the floor; the page knows when it was loaded, so that a reload is noticed."""
    page = line.log_in(context, "chen")
    page.goto(f"{line.url}/floor")
    expect(page.locator("#floor .tiles")).to_be_visible()
    page.evaluate("window.loaded_once = true")
    return page


@pytest.fixture
def anna(line: Served, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield line.log_in(context)
    context.close()


async def comes(line: Served) -> Call:
    desk = line.desk
    call = await desk.call(words=WORDS, ago_s=75)
    await desk.waits(call, await desk.ticket(call, words=WORDS))
    return call


async def goes(line: Served, call: Call) -> None:
    await line.desk.records.calls.end(call.id, "caller_hung_up", line.desk.at())
    entry = await line.desk.records.queue.of_call(call.id)
    if entry:
        await line.desk.records.queue.leave(entry.id, "hung up", line.desk.at())
    await line.desk.news.publish("queue", call=call.id)


def test_who_waits_is_on_the_floor_and_on_the_wall_at_once_and_durations_count(
    line: Served, floor: Page, context: BrowserContext
) -> None:
    wall = context.new_page()
    wall.goto(f"{line.url}/wall")
    expect(wall.locator(".figures .big").first).to_contain_text("0")
    call = line.do(comes(line))
    waiting = floor.locator(".tile", has_text="Waiting on the line")
    expect(waiting.locator("strong")).to_have_text("1")
    expect(floor.locator("#crew-technical")).to_contain_text("1:")
    expect(floor.locator("tr[id^=waits-]")).to_contain_text("Ward 4 desk")
    expect(wall.locator(".figures .big").first).to_contain_text("1")
    shown = waiting.locator("time").inner_text()
    expect(waiting.locator("time")).not_to_have_text(shown)
    line.do(goes(line, call))
    expect(waiting.locator("strong")).to_have_text("0")
    expect(wall.locator(".figures .big").first).to_contain_text("0")
    assert floor.evaluate("window.loaded_once")


def test_a_call_for_help_is_loud_until_it_is_taken(line: Served, floor: Page, anna: Page) -> None:
    anna.keyboard.press("h")
    expect(anna.locator("#me")).to_contain_text("You have asked for help")
    expect(floor.locator("#help .asked")).to_contain_text("Anna de Vries asks for help")
    expect(floor).to_have_title(re.compile("^HELP!"))
    floor.keyboard.press("y")
    expect(floor.locator("#help .taken")).to_contain_text("Chen Wei is going")
    expect(anna.locator("#me")).to_contain_text("Chen Wei is coming.")
    expect(floor).not_to_have_title(re.compile("^HELP!"))
    anna.locator("#end-help button").click()
    expect(floor.locator("#help article")).to_have_count(0)
    expect(anna.locator("#ask-help button")).to_be_visible()


def test_a_forced_state_is_read_at_the_agents_desk_and_typing_is_not_disturbed(
    line: Served, floor: Page, anna: Page
) -> None:
    anna.locator("#go-available button").click()
    expect(anna.locator("#me .state")).to_contain_text("Available")
    row = floor.locator("#agent-agent-anna")
    expect(row.locator(".what")).to_have_text("Available")
    row.locator("summary").click()
    row.locator("input[name=reason]").fill("fire drill <i>")
    call = line.do(comes(line))  # the floor changes meanwhile
    expect(floor.locator("tr[id^=waits-]")).to_have_count(1)
    assert row.locator("input[name=reason]").input_value() == "fire drill <i>"
    row.locator("form button.primary").click()
    expect(anna.locator("#me .state")).to_contain_text("put into this state by chen: fire drill <i>")
    assert line.do(line.desk.records.agents.load("agent-anna")).state is AgentState.NOT_READY
    line.do(goes(line, call))


def test_a_notice_is_on_every_desk_and_each_person_puts_it_away(line: Served, floor: Page, anna: Page) -> None:
    floor.locator("#notice input[name=text]").fill("Lifts are out <b>")
    floor.locator("#notice button").click()
    for page in (floor, anna):
        expect(page.locator("#notices")).to_contain_text("Lifts are out <b>")
    expect(floor.locator("#notice input[name=text]")).to_have_value("")
    anna.locator("#notices button").click()
    expect(anna.locator("#notices article")).to_have_count(0)
    expect(floor.locator("#notices article")).to_have_count(1)
    floor.locator(".standing button").click()
    expect(floor.locator("#notices article")).to_have_count(0)


def test_a_wall_comes_back_by_itself_and_goes_dark_when_its_link_is_withdrawn(line: Served, browser: Browser) -> None:
    admin = line.log_in_admin(browser.new_context())
    admin.goto(f"{line.url}/walls")
    admin.fill("input[name=name]", "above the door")
    admin.get_by_role("button", name="Make a link").click()
    address = admin.locator(".made a").get_attribute("href")
    assert address
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    wall = context.new_page()
    wall.goto(address)
    expect(wall.locator(".figures .big").first).to_contain_text("0")
    context.set_offline(True)
    for connection in list(line.server.server_state.connections):
        line.loop.call_soon_threadsafe(connection.transport.abort)
    expect(wall.locator("#wall-lost")).to_be_visible()
    expect(wall.locator("#wall-lost-since")).to_have_text(re.compile(r"\d\d:\d\d"))
    context.set_offline(False)
    expect(wall.locator("#wall-lost")).to_be_hidden()
    expect(wall.locator(".figures")).to_be_visible()
    admin.get_by_role("button", name="Withdraw the link for above the door").click()
    expect(wall.locator("#wall-ended")).to_be_visible()
    expect(wall.locator(".figures")).to_have_count(0)
    for each in (context, admin.context):
        each.close()


def test_on_a_phone_nothing_is_cut_and_everything_can_be_touched(line: Served, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    call = line.do(comes(line))
    page = line.log_in(context, "chen")
    for path in ("/floor", "/wall"):
        page.goto(f"{line.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"{line.url}/floor")
    small = page.locator("main button, main summary, main select, main input").evaluate_all(
        "all => all.filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 44).length"
    )
    assert small == 0
    line.do(goes(line, call))
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_in_anybodys_way(line: Served, browser: Browser, scheme: Literal["light", "dark"]) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    call = line.do(comes(line))
    desk = line.desk
    services = services_over(desk.records, desk.news, desk.at)
    bo = line.do(desk.records.agents.load("agent-bo"))
    request = line.do(services.help.ask(bo))
    line.do(services.notices.post("Lifts are out", 60, "agent:chen"))
    page = line.log_in(context, "chen")
    page.goto(f"{line.url}/floor")
    page.locator("details.force summary").first.click()
    assert serious_problems(page) == []
    page.goto(f"{line.url}/wall")
    assert serious_problems(page) == []
    page.goto(line.url)
    assert serious_problems(page) == []
    line.do(services.help.end(request.id, "agent:chen"))
    line.do(goes(line, call))
    context.close()
