"""A dispatcher chooses the language of the desk; what the pages' scripts write is in it, too."""

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.desk_server import Served

pytestmark = pytest.mark.e2e


def test_the_desk_is_read_in_the_language_that_was_chosen(line: Served, context: BrowserContext) -> None:
    line.do(line.desk.ticket(None, words="the drain is blocked", ago_s=2 * 3_600 + 10 * 60 + 30))
    page = line.log_in(context)
    page.click("a.name")
    page.select_option("select[name=language]", label="Nederlands")
    page.click("form[action='/language'] button")
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    page.goto(f"{line.url}/tickets")
    age = page.locator("time.age").last
    expect(age).to_have_text("2 u 10")
    age.evaluate("time => (time.textContent = '')")
    expect(age).to_have_text("2 u 10")  # the script has counted on
    expect(page.locator(".fallback")).to_have_count(0)
    expect(page.locator("body")).not_to_contain_text(re.compile(r"\[en\]"))


def test_the_login_page_is_in_the_browsers(line: Served, context: BrowserContext) -> None:
    context.set_extra_http_headers({"Accept-Language": "sv-SE,sv;q=0.9,en;q=0.5"})
    page = context.new_page()
    page.goto(line.url)
    expect(page.locator("html")).to_have_attribute("lang", "sv")
