"""The phone's window beside the desk: whose it is, and what it says where it cannot be one."""

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from routing.phones import PhoneKind
from tests.e2e.desk_server import Served

pytestmark = pytest.mark.e2e


def test_a_browser_without_a_microphone_registers_no_phone(line: Served, context: BrowserContext) -> None:
    line.do(line.desk.records.agents.choose_phone("agent-anna", PhoneKind.BROWSER))
    desk = line.log_in(context)
    expect(desk.locator("#me")).to_contain_text("The phone in your browser is not there.")
    expect(desk.locator("#me [data-key=a]")).to_be_disabled()
    with context.expect_page() as opened:
        desk.click("[data-opens-phone]")
    phone = opened.value
    expect(phone.locator("#handset [data-part=line]")).to_contain_text("This browser gives no microphone")
    expect(phone.locator("[data-act=again]")).to_be_visible()
    expect(desk.locator("#handset [data-part=line]")).to_contain_text("This browser gives no microphone")
    assert line.desk.phone_line.open_phones == []
    phone.close()
    expect(desk.locator("#handset")).to_be_hidden()  # the desk notices that the window is gone


def test_a_button_of_the_phone_waits_for_the_script_that_works_it(line: Served, context: BrowserContext) -> None:
    line.log_in(context)
    held = list[Route]()
    context.route("**/js/phone.js*", lambda route: held.append(route))
    phone = context.new_page()
    phone.goto(f"{line.url}/phone", wait_until="commit")
    expect(phone.locator("[data-act=browser]")).to_be_visible()
    assert phone.evaluate("document.getElementById('main').inert")
    held[0].continue_()
    phone.click("[data-act=browser]")
    expect(phone.locator("[data-act=desk]")).to_be_visible()


def test_an_agent_goes_to_the_browser_and_back_while_not_ready(line: Served, context: BrowserContext) -> None:
    line.do(line.desk.available())
    desk = line.log_in(context)
    with context.expect_page() as opened:
        desk.click("[data-opens-phone]")
    phone = opened.value
    phone.click("[data-act=browser]")
    expect(phone.locator("#problem")).to_have_text("Be not ready first: calls come on your other phone now.")
    desk.click("#me [data-key=n]")
    expect(desk.locator("#me [data-key=a]")).to_be_visible()
    phone.click("[data-act=browser]")
    expect(phone.locator("[data-act=desk]")).to_be_visible()
    expect(desk.locator("#me")).to_contain_text("The phone in your browser is not there.")
    phone.click("[data-act=desk]")
    expect(phone.locator("[data-act=browser]")).to_be_visible()
    expect(desk.locator("#me")).to_contain_text("agent1")
