"""An emergency on the desks, in Chromium, over records in memory: it cannot be overlooked, put away or lost."""

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from routing.emergencies import Emergency, EmergencyEvent, Ring
from routing.identity import new_id
from tests.e2e.desk_server import Served
from tests.e2e.test_desk import until

pytestmark = pytest.mark.e2e
WORDS = "a socket is sparking on ward four and the curtain has caught fire"
SIREN = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { window.tones += 1; return start.apply(this, at); };
"""


async def raised(line: Served, channel: str = "1.1", told: bool = True) -> Emergency:
    desk = line.desk
    call = await desk.call(words=WORDS)
    ticket = await desk.ticket(call, "electrical", words=WORDS, urgency="critical")
    emergency = await desk.records.emergencies.open(Emergency(new_id(), call.id, channel, desk.at()))
    await desk.records.emergencies.attach(emergency.id, ticket.id)
    if told:
        await rings(line, emergency, f"{channel}1", "urgent1")
    return emergency


async def rings(line: Served, emergency: Emergency, channel: str, phone: str) -> None:
    await line.desk.records.emergencies.ring(Ring(emergency.id, channel, phone, line.desk.at()))
    await line.desk.news.publish("emergency", emergency=emergency.id)


def test_it_is_shown_sounded_and_taken_by_a_key_and_both_desks_say_by_whom(line: Served, browser: Browser) -> None:
    contexts = [browser.new_context() for _ in ("anna", "bo")]
    for context in contexts:
        context.add_init_script(SIREN)
    anna, bo = (line.log_in(context, login) for context, login in zip(contexts, ("anna", "bo"), strict=True))
    emergency = line.do(raised(line))
    for page in (anna, bo):
        alert = page.locator("#emergency [role=alert]")
        for shown in ("EMERGENCY", "Ward 4 desk", "Ward 4", "Electrical", WORDS):
            expect(alert).to_contain_text(shown)
        expect(alert.locator("time")).to_have_count(0)  # what counts on would be said again each second
        expect(page.locator("#emergency")).to_contain_text("urgent1")
        expect(page).to_have_title("EMERGENCY: Ward 4")
        until(lambda page=page: page.evaluate("window.tones") > 1)
    anna.click("h1.brand, .brand")  # nothing puts it away: neither a click elsewhere nor another page
    anna.goto(line.url + "/tickets")
    expect(anna.locator("#emergency [role=alert]")).to_be_visible()
    bo.keyboard.press("e")
    expect(bo.locator("#emergency")).to_contain_text("Your phone is about to ring")
    expect(anna.locator("#emergency")).to_contain_text("Bo Lindqvist is taking it")
    expect(anna.locator("#emergency button")).to_be_disabled()
    taken = line.desk.records.emergencies.advance(emergency.id, EmergencyEvent.ANSWERED, line.desk.at(), "agent:bo")
    assert line.do(taken)
    for page in (anna, bo):
        expect(page.locator("#emergency")).to_contain_text("Bo Lindqvist has taken it.")
        expect(page.locator("#emergency [role=alert]")).to_have_count(0)
    expect(bo).not_to_have_title("EMERGENCY: Ward 4")
    for context in contexts:
        context.close()


def test_whoever_is_at_the_button_stays_there_while_phones_come_and_go(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    emergency = line.do(raised(line))
    button = page.locator("#emergency button")
    button.focus()
    line.do(rings(line, emergency, "1.12", "urgent2"))
    expect(page.locator("#emergency")).to_contain_text("urgent2")
    expect(page.locator("#emergency button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#emergency")).to_contain_text("Your phone is about to ring")


def test_with_the_news_gone_it_is_still_shown(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    line.do(raised(line, told=False))
    expect(page.locator("#emergency [role=alert]")).to_be_visible()
    expect(page.locator("#emergency")).to_contain_text("No phone of the emergency team rings")


def test_a_page_that_is_not_the_live_one_shows_it_too(line: Served, context: BrowserContext) -> None:
    first = line.log_in(context)
    second = context.new_page()
    second.goto(line.url)
    expect(first.locator("#elsewhere")).to_be_visible()
    line.do(raised(line))
    for page in (first, second):
        expect(page.locator("#emergency [role=alert]")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_the_desk_stays_usable(line: Served, browser: Browser, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = line.log_in(context)
    line.do(raised(line))
    line.do(raised(line, "1.2"))
    expect(page.locator("#emergency [role=alert]")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("#emergency").bounding_box()
    assert box is not None
    assert box["height"] <= 0.75 * 800
    expect(page.locator("#emergency button").first).to_be_in_viewport()
    context.close()


def test_a_phones_page_says_that_its_siren_is_off(line: Served, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = line.log_in(context)
    page.reload()  # nobody has touched this page yet
    off = page.get_by_role("button", name="Switch the sound on")
    expect(off).to_be_visible()
    off.click()
    expect(page.locator(".sound")).to_be_hidden()
    context.close()
