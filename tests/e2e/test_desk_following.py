"""Pages follow what happens; focus, scrolling and shortcuts stay where a person has them, also on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import OfferEvent
from routing.model import Callback, NewEvent, OfferState
from tests.e2e.desk_server import Served, served
from tests.e2e.test_desk import WORDS, go, state_of, until, waiting_call
from tests.e2e.test_desk_kept import _at_rest, talked

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def line() -> Iterator[Served]:
    with served() as line:
        yield line


@pytest.fixture(autouse=True)
def _fresh(line: Served) -> Iterator[None]:
    yield
    line.do(_at_rest(line))


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context
    context.close()


def test_a_call_that_is_on_is_followed_on_its_page_and_in_the_list(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    page.goto(f"{line.url}/calls")
    call = line.do(line.desk.call(words=WORDS))
    line.do(line.desk.news.publish("call", call=call.id))
    expect(page.locator(f'#rows a[href="/calls/{call.id}"]')).to_be_visible()
    page.goto(f"{line.url}/calls/{call.id}")
    line.do(line.desk.records.calls.append([NewEvent(call.id, EventType.QUEUE_ENTERED, line.desk.at())]))
    expect(page.locator("#call")).to_contain_text("Took a place in the queue")  # without any news, too
    line.do(line.desk.records.calls.end(call.id, "caller_hung_up", line.desk.at()))
    line.do(line.desk.news.publish("call", call=call.id))
    expect(page.locator("#call header")).to_contain_text("The caller hung up")


def test_callbacks_and_a_tickets_story_are_followed(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    call = line.do(line.desk.call(words=WORDS))
    ticket = line.do(line.desk.ticket(call, words=WORDS))
    page.goto(f"{line.url}/callbacks")
    owed = Callback(new_id(), ticket.id, "204", "technical", "normal", line.desk.at())
    line.do(line.desk.records.callbacks.store(owed))
    line.do(line.desk.news.publish("callback", callback=owed.id))
    expect(page.locator("#rows")).to_contain_text(ticket.number)
    page.goto(f"{line.url}/tickets/{ticket.number}")
    page.locator(".story").evaluate("story => { window.kept = story; document.body.style.minHeight = '4000px' }")
    page.evaluate("() => scrollTo(0, 500)")
    line.do(line.desk.records.calls.append([NewEvent(call.id, EventType.QUEUE_ENTERED, line.desk.at())]))
    line.do(line.desk.news.publish("queue", call=call.id))
    expect(page.locator(".story")).to_contain_text("Took a place in the queue")
    assert page.evaluate("() => [window.kept.isConnected, scrollY]") == [True, 500]


def test_news_in_a_steady_stream_does_not_hold_lists_up(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    page.goto(f"{line.url}/tickets")
    ticket = line.do(line.desk.ticket(None, words="the pump fails"))
    seen = page.locator("#rows", has_text=ticket.number)

    def told_again() -> bool:
        line.do(line.desk.news.publish("ticket", ticket=ticket.id))
        page.wait_for_timeout(50)
        return seen.count() > 0

    until(told_again)


def test_the_tab_that_takes_no_calls_says_so_wherever_it_is_scrolled_to(line: Served, context: BrowserContext) -> None:
    first = line.log_in(context)
    first.evaluate("() => { document.body.style.minHeight = '4000px'; scrollTo(0, 2000) }")
    second = context.new_page()
    second.goto(line.url)
    banner = first.locator("#elsewhere")
    expect(banner).to_contain_text("This tab takes no calls")
    expect(banner).to_be_in_viewport()
    assert first.title().startswith("(not this tab)")
    call = line.do(line.desk.call(words=WORDS))
    line.do(line.desk.waits(call, None))
    expect(first.locator("#board")).to_contain_text("on the line")  # what it shows is still right
    banner.get_by_role("button").click()
    expect(banner).to_be_hidden()
    expect(second.locator("#elsewhere")).to_be_visible()
    line.do(line.desk.records.calls.end(call.id, "caller_hung_up", line.desk.at()))


def test_focus_goes_to_the_next_sensible_control(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    page.locator("#me button:has-text('Available')").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#me .state")).to_contain_text("Available")
    focused = "() => document.activeElement.closest('#me, #wrap, #ticket')?.id"
    page.wait_for_function(f"() => ({focused})() === 'me'")
    line.do(talked(line))
    expect(page.locator("#wrap form")).to_be_visible()
    page.locator("#main").focus()
    page.keyboard.press("w")
    expect(page.locator("#wrap input[value=answered]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.type("a note with n and a in it")
    expect(page.locator("#me")).to_contain_text("After-call work")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#wrap form")).to_have_count(0)
    page.wait_for_function(f"() => ({focused})() === 'me'")
    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Go to the wrap-up")


def test_who_calls_is_on_the_screen_of_a_phone_while_it_rings(line: Served, phone: BrowserContext) -> None:
    page = line.log_in(phone)
    page.evaluate("() => { document.body.style.minHeight = '4000px'; scrollTo(0, 3000) }")
    _, _, offer = line.do(waiting_call(line))
    until(lambda: state_of(line, offer) is OfferState.SEEN)
    go(line, offer, OfferEvent.RANG)
    expect(page.locator("#pop")).to_contain_text("Your phone is ringing")
    expect(page.locator("#pop h2")).to_be_in_viewport(ratio=1)
    page.evaluate("() => scrollTo(0, 3000)")
    expect(page.locator("#pop .rings")).to_be_in_viewport(ratio=1)
    expect(page.locator("#pop .rings")).to_have_text("Ward 4 desk")


SMALL = """() => [...document.querySelectorAll(
    "button, .button, select, input:not([type=hidden]), summary, nav a, .key a, .choices label")]
  .filter(e => e.checkVisibility() && e.type !== "radio")
  .map(e => [e.getBoundingClientRect(), e]).filter(([box]) => box.width && (box.height < 44 || box.width < 44))
  .map(([box, e]) => `${Math.round(box.width)}x${Math.round(box.height)} ${e.outerHTML.slice(0, 90)}`)"""


def test_what_is_tapped_is_large_enough(line: Served, phone: BrowserContext) -> None:
    page = line.log_in(phone)
    call, _ = line.do(talked(line))
    ticket = line.do(line.desk.ticket(call, words=WORDS))
    expect(page.locator("#wrap form")).to_be_visible()
    for path in ("/", "/tickets", f"/tickets/{ticket.number}", "/calls", f"/calls/{call.id}", "/callbacks"):
        page.goto(line.url + path)
        assert page.evaluate(SMALL) == [], path
    page.click("text=Log out")
    assert page.evaluate(SMALL) == []
