"""Nothing that somebody types is lost: not to time, nor to news, to another page, to a crash, to the session's end."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from routing.lifecycle import AgentEvent, OfferEvent
from routing.model import Call, Offer, Stage, Ticket
from tests.e2e.desk_server import Served, served
from tests.e2e.test_desk import WORDS, _set_urgency, until, waiting_call
from tests.services import services_over
from tests.unit.web.stand_ins_records import PASSWORD

pytestmark = pytest.mark.e2e
LATE_DRAFTS = """
const soon = window.fetch;
window.fetch = async (...asked) => {
  if (String(asked[0]).includes("/drafts/")) await new Promise((go) => setTimeout(go, 1_000));
  return soon(...asked);
};
"""
NOTE = "She calls back with the room number"


@pytest.fixture(scope="module")
def line() -> Iterator[Served]:
    with served() as line:
        yield line


@pytest.fixture(autouse=True)
def _fresh(line: Served) -> Iterator[None]:
    """The next test begins with nobody in a call."""
    yield
    line.do(_at_rest(line))


async def _at_rest(line: Served) -> None:
    records = line.desk.records
    if offer := await records.offers.of_agent("agent-anna"):
        for event in (OfferEvent.TALK_ENDED, OfferEvent.LAPSED):
            await records.offers.advance(offer.id, event, line.desk.at())
    await line.desk.rests("anna")


async def talked(line: Served) -> tuple[Call, Offer]:
    """Anna has talked, and is to wrap up."""
    call, _, offer = await waiting_call(line)
    for event, agent in (
        (OfferEvent.SHOWN, None),
        (OfferEvent.RANG, None),
        (OfferEvent.ANSWERED, AgentEvent.ANSWERED),
        (OfferEvent.TALK_ENDED, AgentEvent.TALK_ENDED),
    ):
        await line.desk.records.offers.advance(offer.id, event, line.desk.at(), agent=agent)
    await line.desk.news.publish("offer", offer=offer.id, agent=offer.agent_id, call=call.id)
    return call, offer


def stored_draft(line: Served, form: str) -> dict[str, str]:
    return dict(line.do(line.desk.records.drafts.of("anna", form)))


def notes(line: Served, call: Call) -> list[str]:
    events = line.do(line.desk.records.calls.timeline(call.id))
    return [event.private["note"] for event in events if "note" in event.private]


async def run_out(line: Served) -> None:
    """As the controller does when the time for wrap-up is over."""
    late = line.desk.at() + timedelta(seconds=121)
    services = services_over(
        line.desk.records, line.desk.news, lambda: late, rules=lambda: line.desk.edition.site.waiting
    )
    await services.dispatcher.tick()


def test_a_note_that_is_being_typed_when_the_time_runs_out_is_the_note(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    call, offer = line.do(talked(line))
    page.locator("#wrap textarea").press_sequentially(NOTE)
    until(lambda: stored_draft(line, f"wrap-up-{offer.id}").get("note") == NOTE)
    line.do(run_out(line))
    expect(page.locator("#me")).to_contain_text("Not ready")
    assert notes(line, call) == [NOTE]
    assert page.input_value("#wrap textarea") == NOTE, "the form that somebody is in stays"
    page.locator("#wrap textarea").press_sequentially(", 2.13")
    page.check("#wrap input[value=work_ordered]")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#wrap form")).to_have_count(0)
    until(lambda: notes(line, call)[-1] == f"{NOTE}, 2.13")
    assert line.do(_disposition(line, offer)) == "work_ordered"


async def _disposition(line: Served, offer: Offer) -> str:
    return str(line.desk.records.state.wrap_ups[offer.id][0])  # type: ignore[attr-defined]


def test_a_half_typed_note_follows_to_other_pages_and_through_a_crash(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    _, offer = line.do(talked(line))
    page.check("#wrap input[value=handed_over]")
    page.fill("#wrap textarea", NOTE)
    page.goto(f"{line.url}/tickets")
    expect(page.locator("#wrap textarea")).to_have_value(NOTE)
    expect(page.locator("#wrap input[value=handed_over]")).to_be_checked()
    until(lambda: stored_draft(line, f"wrap-up-{offer.id}").get("note") == NOTE)
    assert page.evaluate("() => Object.keys(localStorage)") == [], "nothing stays behind in the browser"
    page.close()
    again = context.new_page()
    again.goto(line.url)
    expect(again.locator("#wrap textarea")).to_have_value(NOTE)


def test_what_is_typed_while_the_server_is_away_gets_to_its_call(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    call, _ = line.do(talked(line))
    expect(page.locator("#wrap textarea")).to_be_visible()
    context.route("**/me/drafts/**", lambda route: route.abort())
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error('away')) }")  # not even as the page goes
    page.fill("#wrap textarea", NOTE)
    line.do(run_out(line))
    page.reload()
    expect(page.locator("#wrap textarea")).to_have_count(0)
    assert notes(line, call) == []
    context.unroute("**/me/drafts/**")
    until(lambda: notes(line, call) == [NOTE])
    page.wait_for_function("() => Object.keys(localStorage).length === 0")


def answer_page(line: Served, page: Page) -> Ticket:
    ticket = line.do(line.desk.ticket(None, words=WORDS))
    page.goto(f"{line.url}/tickets/{ticket.number}")
    page.select_option("select[name=to]", "closed")
    return ticket


def test_a_half_typed_answer_is_there_again_after_leaving(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    ticket = answer_page(line, page)
    page.fill("textarea[name=answer]", "The plumber has")
    page.goto(f"{line.url}/calls")
    page.goto(f"{line.url}/tickets/{ticket.number}")
    expect(page.locator("textarea[name=answer]")).to_have_value("The plumber has")
    expect(page.locator("textarea[name=answer]")).to_be_visible()
    page.click("#ticket button:has-text('Move on')")
    expect(page.locator("#ticket .tags")).to_contain_text("Closed")
    until(lambda: stored_draft(line, f"answer-{ticket.id}") == {})


def test_news_of_the_ticket_takes_neither_text_nor_place(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    ticket = answer_page(line, page)
    answer = page.locator("textarea[name=answer]")
    answer.press_sequentially("The plumber")
    line.do(_set_urgency(line, ticket, "critical"))
    expect(page.locator("#ticket .tags")).to_contain_text("critical")
    expect(answer).to_be_focused()
    page.keyboard.type(" came")
    assert answer.input_value() == "The plumber came"


def test_a_form_is_sent_once_what_was_typed_has_come_back(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    ticket = answer_page(line, page)
    page.fill("textarea[name=answer]", "The plumber has been")
    until(lambda: stored_draft(line, f"answer-{ticket.id}").get("answer") == "The plumber has been")
    page.add_init_script(LATE_DRAFTS)
    page.reload()
    page.click("#ticket button:has-text('Move on')")
    expect(page.locator("#ticket .tags")).to_contain_text("Closed")
    expect(page.locator("#ticket")).to_contain_text("The plumber has been")


def test_a_half_typed_reason_is_there_again_and_chooses_no_urgency(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    ticket = answer_page(line, page)
    page.fill(f"#urgency-{ticket.id} input[name=why]", "they rang again")
    until(lambda: stored_draft(line, f"urgency-{ticket.id}") == {"why": "they rang again"})
    line.do(_set_urgency(line, ticket, "critical"))
    page.reload()
    expect(page.locator(f"#urgency-{ticket.id} input[name=why]")).to_have_value("they rang again")
    expect(page.locator(f"#urgency-{ticket.id} select")).to_have_value("critical")
    page.select_option(f"#urgency-{ticket.id} select", "low")
    page.click(f"#urgency-{ticket.id} button")
    expect(page.locator("#ticket .story")).to_contain_text("they rang again")
    until(lambda: stored_draft(line, f"urgency-{ticket.id}") == {})


def test_who_decides_on_what_somebody_changed_meanwhile_is_told(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    ticket = answer_page(line, page)
    page.fill("textarea[name=answer]", "The plumber has been")
    at = line.desk.at()
    line.do(line.desk.records.tickets.move(ticket.id, Stage.ACCEPTED, "agent:bo", at))
    page.click("#ticket button:has-text('Move on')")
    expect(page.get_by_role("alert").filter(has_text="Somebody changed this meanwhile")).to_be_visible()
    assert page.input_value("textarea[name=answer]") == "The plumber has been"
    line.do(line.desk.news.publish("ticket", ticket=ticket.id))
    page.click("text=Show it as it is now")
    expect(page.locator("#ticket .tags")).to_contain_text("Accepted")
    expect(page.locator("textarea[name=answer]")).to_have_value("The plumber has been")
    page.click("#ticket button:has-text('Move on')")
    expect(page.locator("#ticket .tags")).to_contain_text("Closed")


def end_sessions(line: Served) -> None:
    sessions = line.desk.sessions
    for token, (login, _) in list(sessions.items()):
        sessions[token] = (login, line.desk.at() - timedelta(seconds=1))


def log_in_again(page: Page) -> None:
    expect(page.locator(".notice")).to_contain_text("because it was 12 hours old")
    page.fill("input[name=login]", "anna")
    page.fill("input[name=password]", PASSWORD)
    page.click("button.primary")


def test_the_end_of_a_session_says_why_and_leads_back_to_what_was_typed(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    ticket = answer_page(line, page)
    page.fill("textarea[name=answer]", "The plumber")
    end_sessions(line)
    page.wait_for_url(re.compile("/login"))
    log_in_again(page)
    page.wait_for_url(re.compile(f"/tickets/{ticket.number}$"))
    expect(page.locator("textarea[name=answer]")).to_have_value("The plumber")


def test_an_action_after_the_end_of_a_session_is_not_swallowed(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    context.route("**/desk/stream*", lambda route: route.abort())
    ticket = answer_page(line, page)
    page.fill("textarea[name=answer]", "The plumber has been")
    end_sessions(line)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile("/login"))
    log_in_again(page)
    page.wait_for_url(re.compile(f"/tickets/{ticket.number}$"))
    expect(page.locator("textarea[name=answer]")).to_have_value("The plumber has been")
    assert line.do(line.desk.records.tickets.load(ticket.id)).answer is None


def test_logging_out_in_one_tab_is_said_in_the_other(line: Served, context: BrowserContext) -> None:
    first = line.log_in(context)
    second = context.new_page()
    second.goto(f"{line.url}/tickets?text=drain")
    second.click("text=Log out")
    expect(second.locator(".notice")).to_have_text("You have logged out.")
    first.wait_for_url(re.compile("/login"))
    expect(first.locator(".notice")).to_contain_text("logged you out")
