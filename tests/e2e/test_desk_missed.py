"""Callers whom nobody reached, at the desk over the real records: they come and go by themselves, and by people."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from ivr.notebook import Notebook
from routing.lifecycle import OutboundCallEvent
from routing.missed import MissedState
from routing.model import CallerId, Stage
from tests.conftest import RedisServer
from tests.e2e.desk_server import Served, served
from tests.e2e.stored_desk import stored_desk
from tests.e2e.test_desk import WORDS, until
from tests.services import services_over
from tests.unit.web.demo import WARD_4

pytestmark = pytest.mark.e2e
HIDDEN = CallerId(raw="anonymous", withheld=True)
SURGEON = CallerId(raw="311", number="311", name="<b>OR 3</b>", contact="Operating room 3", kind="staff")


@pytest.fixture
def line(tmp_path: Path, redis_server: RedisServer) -> Iterator[Served]:
    with served(partial(stored_desk, f"sqlite:///{tmp_path / 'desk.db'}", redis_server.url)) as line:
        yield line


async def gives_up(line: Served, caller: CallerId = WARD_4, words: str = WORDS) -> str:
    """A caller who has waited for a while, and hangs up."""
    desk = line.desk
    services = services_over(desk.records, desk.news, desk.at)
    call = await desk.call(caller, words=words)
    ticket = await desk.ticket(call, words=words, caller=caller) if words else None
    notes = Notebook(call.id, "1.1", desk.at)
    await services.queue.enter("technical", notes, ticket.id if ticket else None, call.started_at)
    assert await services.calls.end(call.id, "caller_hung_up", notes)
    return call.id


async def state(line: Served, call_id: str) -> MissedState:
    return (await line.desk.records.missed.load(call_id)).state


def at_missed(line: Served, context: BrowserContext, login: str = "anna") -> Page:
    page = line.log_in(context, login)
    page.goto(f"{line.url}/missed")
    expect(page.locator("#title")).to_have_text("Missed callers")
    return page


def test_who_gives_up_is_on_every_page_at_once_and_leaves_when_answered(line: Served, context: BrowserContext) -> None:
    page = at_missed(line, context)
    other = context.new_page()
    other.goto(f"{line.url}/tickets")
    expect(page.locator("#rows")).to_contain_text("every caller has been reached")
    expect(page.locator("#missed-count .count")).to_be_hidden()
    call_id = line.do(gives_up(line))
    row = page.locator(f"#missed-{call_id}")
    for part in ("Ward 4 desk", "204", "Hung up early", "Plumbing", "Ward 4"):
        expect(row).to_contain_text(part)
    for each in (page, other):
        expect(each.locator("#missed-count .count [aria-hidden]")).to_have_text("1")
    (ticket,) = line.do(line.desk.records.tickets.of_call(call_id))
    services = services_over(line.desk.records, line.desk.news, line.desk.at)
    line.do(services.tickets.move(ticket, Stage.CLOSED, "told", "agent:bo"))
    expect(row).to_have_count(0)
    for each in (page, other):
        expect(each.locator("#missed-count .count")).to_be_hidden()


def test_somebody_is_called_back_from_the_list_and_listed_again_when_that_fails(
    line: Served, context: BrowserContext
) -> None:
    call_id = line.do(gives_up(line))
    page = at_missed(line, context)
    page.get_by_role("button", name="Call back Ward 4 desk").click()
    expect(page.locator(f"#missed-{call_id}")).to_have_count(0)
    page.select_option("select[name=state]", "owed")
    expect(page.locator(f"#missed-{call_id}")).to_contain_text("Being called back")
    page.goto(f"{line.url}/callbacks")
    expect(page.locator("#rows")).to_contain_text("204")
    (callback,) = line.do(line.desk.records.outbound_calls.open())
    assert callback.call_id == call_id
    page.goto(f"{line.url}/missed")
    line.do(line.desk.records.outbound_calls.advance(callback.id, OutboundCallEvent.NOT_DIALLABLE, line.desk.at()))
    line.do(line.desk.news.publish("outbound", outbound_call=callback.id))
    expect(page.locator(f"#missed-{call_id}")).to_contain_text("Callback failed")


def test_why_nobody_can_be_called_back_is_said(line: Served, context: BrowserContext) -> None:
    hidden = line.do(gives_up(line, HIDDEN, words=""))
    far = line.do(gives_up(line, CallerId(raw="+31900123456", number="+31900123456")))
    page = at_missed(line, context)
    expect(page.locator(f"#missed-{hidden}")).to_contain_text("Number withheld")
    expect(page.locator(f"#missed-{hidden}")).to_contain_text("No number to call back")
    page.locator(f"#call-back-{far} button").click()
    expect(page.locator("#problems")).to_contain_text("The caller is not being called back.")
    expect(page.locator("#problems")).to_contain_text("no dial pattern allows this number")
    assert line.do(state(line, far)) is MissedState.OPEN


def test_done_takes_a_reason_by_keyboard_alone_and_can_be_put_back(line: Served, context: BrowserContext) -> None:
    call_id = line.do(gives_up(line, SURGEON))
    page = at_missed(line, context)
    summary = page.locator(f"#done-{call_id} summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # nothing is sent without a reason
    page.keyboard.type("told him in the corridor <i>")
    line.do(gives_up(line))  # the list changes meanwhile
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    assert page.input_value(f"#done-{call_id} input") == "told him in the corridor <i>"
    assert page.locator(f"#done-{call_id}").get_attribute("open") is not None
    page.keyboard.press("Enter")
    expect(page.locator(f"#missed-{call_id}")).to_have_count(0)
    until(lambda: page.evaluate("document.activeElement !== document.body"))
    page.select_option("select[name=state]", "done")
    row = page.locator(f"#missed-{call_id}")
    expect(row).to_contain_text("told him in the corridor <i>")
    expect(row).to_contain_text("anna")
    page.get_by_role("button", name="Put Operating room 3 back on the list").click()
    expect(row).to_have_count(0)
    assert line.do(state(line, call_id)) is MissedState.OPEN
    page.goto(f"{line.url}/calls/{call_id}")
    for told in ("Nobody needs to call back", "told him in the corridor <i>", "Put back among the missed callers"):
        expect(page.locator("#call")).to_contain_text(told)


def test_two_people_do_not_both_deal_with_a_caller(line: Served, browser: Browser) -> None:
    call_id = line.do(gives_up(line))
    contexts = [browser.new_context() for _ in ("anna", "bo")]
    anna, bo = (at_missed(line, context, login) for context, login in zip(contexts, ("anna", "bo"), strict=True))
    bo.locator(f"#done-{call_id} summary").click()
    bo.fill(f"#done-{call_id} input", "I was there")
    anna.locator(f"#call-back-{call_id} button").click()
    expect(anna.locator(f"#missed-{call_id}")).to_have_count(0)
    bo.locator(f"#done-{call_id} form button").click()
    expect(bo.locator("#problems")).to_contain_text("being called back already")
    for context in contexts:
        context.close()


def test_kinds_are_counted_and_chosen_and_the_list_is_a_key_away(line: Served, context: BrowserContext) -> None:
    line.do(gives_up(line))
    page = line.log_in(context)
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.locator("#title")).to_have_text("Missed callers")
    kinds = page.get_by_role("navigation", name="Kinds")
    expect(kinds.get_by_role("link")).to_have_text(["All 1", "Hung up early 1"])
    kinds.get_by_role("link", name="Hung up early").click()
    expect(page).to_have_url(f"{line.url}/missed?kind=short_abandoned")
    expect(page.locator("#rows tbody tr")).to_have_count(1)


def test_on_a_phone_everything_is_in_view_and_large_enough(line: Served, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    for caller in (WARD_4, SURGEON, HIDDEN):
        call_id = line.do(gives_up(line, caller))
    page = at_missed(line, context)
    page.locator(f"#done-{call_id} summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.locator("#rows button, #rows summary, #rows input, #rows nav a").evaluate_all(
        "all => all.filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 44).length"
    )
    assert small == 0
    context.close()
