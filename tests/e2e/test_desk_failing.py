"""A request that fails, or gets no answer, is said in words; controls show what is saved, and it can be tried again."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from routing.model import Ticket
from tests.e2e.desk_server import Served, served
from tests.e2e.test_desk import WORDS

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def line() -> Iterator[Served]:
    with served() as line:
        yield line


def ticket_page(line: Served, context: BrowserContext) -> tuple[Page, Ticket]:
    page = line.log_in(context)
    ticket = line.do(line.desk.ticket(None, words=WORDS))
    page.goto(f"{line.url}/tickets/{ticket.number}")
    return page, ticket


def urgency_of(line: Served, ticket: Ticket) -> str:
    return line.do(line.desk.records.tickets.load(ticket.id)).urgency


def cut(route: Route) -> None:
    route.abort()


def broken(route: Route) -> None:
    route.fulfill(status=502, content_type="text/html", body="<html><h1>Bad gateway</h1></html>")


SEARCH = re.compile(r"/tickets\?(.*&)?text=")
FAILURES = {"no connection": (cut, "cannot be reached"), "a proxy's error": (broken, "could not do this now")}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_change_that_failed_is_said_and_the_control_shows_what_is_saved(
    line: Served, context: BrowserContext, failure: str
) -> None:
    page, ticket = ticket_page(line, context)
    fail, said = FAILURES[failure]
    context.route("**/urgency", fail)
    urgency = page.locator("#ticket select[name=urgency]")
    urgency.select_option("critical")
    page.click("#ticket button:has-text('Set')")
    problem = page.get_by_role("alert").filter(has_text="The urgency was not changed")
    expect(problem).to_contain_text(said)
    expect(urgency).to_have_value("normal")
    context.unroute("**/urgency")
    problem.get_by_role("button", name="Try again").click()
    expect(page.locator("#ticket .tags")).to_contain_text("critical")
    expect(problem).to_have_count(0)
    assert urgency_of(line, ticket) == "critical"


def test_a_request_without_an_answer_is_pending_and_has_a_limit(line: Served, context: BrowserContext) -> None:
    page, ticket = ticket_page(line, context)
    context.route("**/stage", lambda route: None)
    page.select_option("select[name=to]", "closed")
    page.fill("textarea[name=answer]", "The plumber has been")
    page.click("#ticket button:has-text('Move on')")
    form = page.locator("#ticket form.stack")
    expect(form).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("alert").filter(has_text="within 8 seconds")).to_be_visible()
    expect(form).not_to_have_attribute("aria-busy", "true")
    assert page.input_value("textarea[name=answer]") == "The plumber has been"
    context.unroute("**/stage")
    page.click("text=Try again")
    expect(page.locator("#ticket .tags")).to_contain_text("Closed")
    assert line.do(line.desk.records.tickets.load(ticket.id)).answer == "The plumber has been"


def test_a_first_try_that_had_worked_is_no_conflict_with_the_second(line: Served, context: BrowserContext) -> None:
    page, ticket = ticket_page(line, context)
    lost: list[Route] = []

    def carried_out_but_not_heard(route: Route) -> None:
        lost.append(route)
        route.fetch()
        route.abort()

    context.route("**/urgency", carried_out_but_not_heard)
    context.route("**/part", cut)
    page.locator("#ticket select[name=urgency]").select_option("high")
    page.click("#ticket button:has-text('Set')")
    expect(page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()
    context.unroute("**/urgency")
    context.unroute("**/part")
    page.click("text=Try again")
    expect(page.locator("#ticket .tags")).to_contain_text("high")
    assert (len(lost), urgency_of(line, ticket)) == (1, "high")


def test_a_state_that_was_not_changed_is_said(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    context.route("**/desk/state", cut)
    page.keyboard.press("a")
    expect(page.get_by_role("alert").filter(has_text="Your state was not changed")).to_be_visible()
    expect(page.locator("#me .state")).to_contain_text("Not ready")
    line.do(line.desk.news.publish("queue"))
    line.do(line.desk.news.publish("ticket", ticket="x"))
    expect(page.locator("#problems .problem")).to_be_visible()


def test_a_search_that_failed_is_said_and_tried_again(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    line.do(line.desk.ticket(None, words="the lift is stuck"))
    page.goto(f"{line.url}/tickets")
    context.route(SEARCH, cut)
    page.fill("#search", "stuck")
    problem = page.get_by_role("alert").filter(has_text="The search did not work")
    expect(problem).to_be_visible()
    context.unroute(SEARCH)
    problem.get_by_role("button", name="Try again").click()
    expect(page.locator("#rows")).to_contain_text("stuck")
    expect(problem).to_have_count(0)
