"""In Chromium: a password of one's own, and the trace that a shown call leaves."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.desk_server import Served
from tests.e2e.test_desk import until, waiting_call
from tests.unit.web.stand_ins_records import PASSWORD

pytestmark = pytest.mark.e2e


def test_a_changed_password_ends_the_persons_other_browser(
    line: Served, context: BrowserContext, browser: Browser
) -> None:
    page, elsewhere = line.log_in(context), browser.new_context()
    other = line.log_in(elsewhere)
    page.click("header .name")
    for name, typed in (("current", PASSWORD), ("wanted", "short-word"), ("again", "another-word")):
        page.fill(f"input[name={name}]", typed)
    page.click("main button.primary")
    expect(page.get_by_role("alert").filter(has_text="not typed twice alike")).to_be_visible()
    for name, typed in (("current", PASSWORD), ("wanted", "seven green kettles"), ("again", "seven green kettles")):
        page.fill(f"input[name={name}]", typed)
    page.click("main button.primary")
    expect(page.get_by_role("status")).to_contain_text("is changed")
    page.click("nav a[href='/tickets']")
    expect(page).to_have_url(re.compile("/tickets$"))
    other.reload()
    expect(other).to_have_url(re.compile("/login"))
    elsewhere.close()


def test_a_call_that_a_page_was_sent_is_in_the_audit(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    call, ticket, _ = line.do(waiting_call(line))
    expect(page.locator("#pop .call h2")).to_have_text("Ward 4 desk")

    def noted() -> bool:
        entries = line.do(line.desk.audit.entries(99))
        shown = {what for each in entries if each.action == "read" for what in each.detail["shown"].split()}
        return {f"call:{call.id}", f"ticket:{ticket.id}"} <= shown

    until(noted)
