"""An admin asks the audit, by keyboard, and takes it along."""

import pytest
from playwright.sync_api import BrowserContext, expect

from routing.archive import Action
from tests.e2e.accessible import serious_problems
from tests.e2e.desk_server import Served

pytestmark = pytest.mark.e2e


def test_an_admin_finds_who_read_a_ticket_and_saves_it(line: Served, context: BrowserContext) -> None:
    ticket = line.do(line.desk.ticket(None))
    shown = {"shown": f"ticket:{ticket.id}"}
    for login in ("anna", "bo"):
        line.do(line.desk.audit.note(f"agent:{login}", Action.READ, "/tickets", line.desk.at(), shown))
    page = line.log_in_admin(context)
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.locator("h1")).to_have_text("Audit")
    page.fill("input[name=about]", ticket.number)
    page.keyboard.press("Enter")
    for name in ("Anna de Vries", "Bo Ek", "admin"):  # who asks has been shown it, too
        expect(page.locator("#rows tbody")).to_contain_text(name)
    page.fill("input[name=who]", "bo")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    page.locator("#rows summary").click()
    expect(page.locator("#rows dl")).to_contain_text(ticket.id)
    assert serious_problems(page) == []
    with page.expect_download() as taken:
        page.click("a[download]")
    assert taken.value.path().read_text().count("\n") == 2
