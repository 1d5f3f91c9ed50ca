"""The desk in Chromium, over records in memory: what a dispatcher sees, and how soon."""

import re
import time

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from routing.lifecycle import AgentEvent, OfferEvent
from routing.model import Call, CallerId, Offer, OfferState, Ticket
from tests.e2e.desk_server import Served
from tests.unit.web.demo import NODE

pytestmark = pytest.mark.e2e
WORDS = "the drain on ward four is blocked and water is coming up"


async def waiting_call(line: Served, caller: CallerId | None = None, words: str = WORDS) -> tuple[Call, Ticket, Offer]:
    """An agent is available, a caller with a ticket waits, and the two are paired."""
    desk = line.desk
    await desk.available("anna")
    call = await (desk.call(caller, words=words) if caller else desk.call(words=words))
    ticket = await desk.ticket(call, words=words, caller=call.caller)
    return call, ticket, await desk.offer(await desk.waits(call, ticket))


async def somebody_waits(line: Served) -> None:
    await line.desk.waits(await line.desk.call(), None)


def state_of(line: Served, offer: Offer) -> OfferState:
    return line.do(line.desk.records.offers.load(offer.id)).state


def until(check: object, limit_s: float = 20) -> None:
    assert callable(check)
    end = time.monotonic() + limit_s
    while not check():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def go(line: Served, offer: Offer, event: OfferEvent, agent: AgentEvent | None = None) -> None:
    async def advance() -> None:
        assert await line.desk.records.offers.advance(offer.id, event, line.desk.at(), agent=agent)
        await line.desk.news.publish("offer", offer=offer.id, agent=offer.agent_id)

    line.do(advance())


def test_a_call_is_shown_and_reported_seen_before_the_phone_may_ring(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    _, ticket, offer = line.do(waiting_call(line))
    pop = page.locator("#pop .call")
    expect(pop.locator("h2")).to_have_text("Ward 4 desk")
    expect(pop.locator(".said").first).to_contain_text("the drain on ward four")
    expect(pop).to_contain_text("Confidence 91 %")
    expect(pop).to_contain_text("Plumbing")
    expect(pop.locator(".matter .number")).to_have_text(ticket.number)
    expect(page.locator("#announcer")).to_contain_text("Call for you: Ward 4 desk, Plumbing, normal.")
    expect(page).to_have_title("CALL: Ward 4 desk")
    until(lambda: state_of(line, offer) is OfferState.SEEN)


BRING = """
async () => {
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  document.querySelector("#pop").replaceChildren(...page.querySelector("#pop").childNodes);
}
"""


def test_however_a_call_comes_onto_the_page_it_is_reported_seen(line: Served, context: BrowserContext) -> None:
    context.route("**/desk/stream*", lambda route: route.abort())
    page = line.log_in(context)
    _, _, offer = line.do(waiting_call(line))
    page.evaluate(BRING)
    until(lambda: state_of(line, offer) is OfferState.SEEN)
    expect(page).to_have_title("CALL: Ward 4 desk")


def test_the_existing_matter_opens_beside_the_call(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    _, ticket, _ = line.do(waiting_call(line))
    expect(page.locator("#workspace #ticket h1 .number")).to_have_text(ticket.number)
    expect(page.locator("#workspace .story")).to_contain_text("Call came in")


def test_a_call_pops_on_exactly_one_desk(line: Served, browser: Browser) -> None:
    contexts = [browser.new_context() for _ in ("anna", "bo")]
    anna, bo = (line.log_in(context, login) for context, login in zip(contexts, ("anna", "bo"), strict=True))
    line.do(line.desk.available("bo"))
    line.do(waiting_call(line))
    expect(anna.locator("#pop .call")).to_be_visible()
    expect(bo.locator("#board")).to_contain_text("A call for you")  # Bo's board is up to date …
    assert bo.locator("#pop .call").count() == 0  # … and shows Bo no call
    for context in contexts:
        context.close()


def test_a_second_tab_takes_over_and_the_first_says_so(line: Served, context: BrowserContext) -> None:
    first = line.log_in(context)
    second = context.new_page()
    second.goto(line.url)
    expect(first.locator("#elsewhere")).to_be_visible()
    _, _, offer = line.do(waiting_call(line))
    expect(second.locator("#pop .call")).to_be_visible()
    expect(first.locator("#pop .call")).to_be_hidden()
    until(lambda: state_of(line, offer) is OfferState.SEEN)
    first.click("text=Use this tab")
    expect(second.locator("#elsewhere")).to_be_visible()
    expect(first.locator("#pop .call")).to_be_visible()


def test_ring_answer_wrap_up_and_available_again(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    _, _, offer = line.do(waiting_call(line))
    until(lambda: state_of(line, offer) is OfferState.SEEN)
    go(line, offer, OfferEvent.RANG)
    expect(page.locator("#pop")).to_contain_text("Your phone is ringing")
    expect(page.locator("#pop .ringing .big")).to_have_text(re.compile(r"^0:(0\d|1[0-4])$"))  # of 15 s
    go(line, offer, OfferEvent.ANSWERED, AgentEvent.ANSWERED)
    expect(page.locator("#me")).to_contain_text("In a call")
    go(line, offer, OfferEvent.TALK_ENDED, AgentEvent.TALK_ENDED)
    expect(page.locator("#wrap h2")).to_contain_text("Wrap up this call: Ward 4 desk")
    expect(page.locator("#wrap .left strong")).to_have_text(re.compile(r"^[01]:[0-5]\d$"))  # of 2 min
    page.click("#wrap button.primary")
    assert page.locator("#wrap input[value=answered]").evaluate("input => input.validity.valueMissing")
    page.fill("#wrap textarea", "Half a note, while news comes")
    rows = page.locator("#board tbody tr")
    before = rows.count()
    line.do(somebody_waits(line))
    expect(rows).to_have_count(before + 1)
    assert page.input_value("#wrap textarea") == "Half a note, while news comes"
    page.check("#wrap input[value=work_ordered]")
    page.click("#wrap button.primary")
    expect(page.locator("#me")).to_contain_text("Available")
    expect(page.locator("#wrap form")).to_have_count(0)


def test_state_by_key_and_by_button(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    page.keyboard.press("a")
    expect(page.locator("#me .state")).to_contain_text("Available")
    page.select_option("#me select", "meeting")
    page.click("#me button:has-text('Not ready')")
    expect(page.locator("#me .state")).to_contain_text("Meeting")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("#main").focus()
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/tickets")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


ANSWERED = """
() => {
  window.answered = new Promise((answered) =>
    document.body.addEventListener("htmx:oobBeforeSwap", () => answered(true), { once: true }));
}
"""


def test_an_answer_that_comes_after_the_news_does_not_undo_a_choice(line: Served, context: BrowserContext) -> None:
    held: list[Route] = []
    context.route("**/desk/state", lambda route: held.append(route))
    page = line.log_in(context)
    page.evaluate(ANSWERED)
    with page.expect_request("**/desk/state"):
        page.keyboard.press("a")
    page.evaluate("() => true")  # its route is told right after it
    answer = held[0].fetch()
    expect(page.locator("#me .state")).to_contain_text("Available")
    page.select_option("#me select", "meeting")
    held[0].fulfill(response=answer)
    page.evaluate("() => window.answered")
    assert page.locator("#me select").input_value() == "meeting"


def test_an_unregistered_phone_is_said_plainly_and_keeps_the_agent_away(line: Served, context: BrowserContext) -> None:
    line.do(line.desk.records.agents.phones_registered(NODE, {"agent1": False}))
    page = line.log_in(context)
    expect(page.locator("#phone")).to_contain_text("Phone agent1 not registered. No call can reach you.")
    expect(page.locator("#me button:has-text('Available')")).to_be_disabled()


def test_a_lost_connection_cannot_be_missed_and_heals(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    expect(page.locator("#lost")).to_be_hidden()
    context.set_offline(True)
    context.route("**/desk/stream*", lambda route: route.abort())
    for connection in list(line.server.server_state.connections):
        line.loop.call_soon_threadsafe(connection.transport.abort)
    expect(page.locator("#lost")).to_be_visible(timeout=30_000)
    expect(page.locator("#lost")).to_contain_text("no calls reach you")
    context.unroute("**/desk/stream*")
    context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()
    line.do(waiting_call(line))
    expect(page.locator("#pop .call")).to_be_visible()


def test_what_somebody_types_is_kept_when_the_ticket_changes(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    ticket = line.do(line.desk.ticket(None, words=WORDS))
    page.goto(f"{line.url}/tickets/{ticket.number}")
    page.select_option("select[name=to]", "closed")
    page.fill("textarea[name=answer]", "The plumber has been")
    line.do(_set_urgency(line, ticket, "high"))
    expect(page.locator(".stale")).to_be_visible()
    assert page.input_value("textarea[name=answer]") == "The plumber has been"
    page.click("#ticket button:has-text('Move on')")
    expect(page.locator("#ticket .tags")).to_contain_text("Closed")
    expect(page.locator("#ticket")).to_contain_text("The plumber has been")


def test_an_open_ticket_page_follows_what_others_do(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    ticket = line.do(line.desk.ticket(None, words=WORDS))
    page.goto(f"{line.url}/tickets/{ticket.number}")
    line.do(_set_urgency(line, ticket, "critical"))
    expect(page.locator("#ticket .tags")).to_contain_text("critical")
    expect(page.locator("#ticket .tags")).to_contain_text("the line suggested normal")


async def _set_urgency(line: Served, ticket: Ticket, urgency: str) -> None:
    await line.desk.records.tickets.set_urgency(ticket.id, urgency, "agent:bo", line.desk.at())
    await line.desk.news.publish("ticket", ticket=ticket.id)


def test_closing_without_an_answer_is_refused_in_words(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    ticket = line.do(line.desk.ticket(None, words=WORDS))
    page.goto(f"{line.url}/tickets/{ticket.number}")
    page.select_option("select[name=to]", "closed")
    page.fill("textarea[name=answer]", "   ")
    page.click("#ticket button:has-text('Move on')")
    expect(page.locator("#problems")).to_contain_text("write down the answer")
    expect(page.locator("#ticket .tags")).to_contain_text("Recorded")


def test_the_ticket_list_searches_while_typing(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    line.do(line.desk.ticket(None, words=WORDS))
    line.do(line.desk.ticket(None, topic="lift", words="the lift is stuck"))
    page.goto(f"{line.url}/tickets")
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    page.fill("#search", "stuck")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    page.fill("#search", "no such thing")
    expect(page.locator("#rows")).to_contain_text("No ticket fits.")


def test_a_hidden_page_stays_alive_although_browsers_stop_its_timers(line: Served, context: BrowserContext) -> None:
    context.add_init_script("window.setInterval = () => 0")
    line.log_in(context)
    heard_at = set()

    def heard_twice() -> bool:
        heard_at.add(line.do(line.desk.records.agents.load("agent-anna")).page_seen_at)
        return len(heard_at - {None}) > 1

    until(heard_twice, limit_s=40)


def test_every_control_has_a_name_and_every_page_its_landmarks(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    line.do(waiting_call(line))
    expect(page.locator("#workspace #ticket")).to_be_visible()
    for path in (None, "/tickets", "/calls", "/callbacks"):
        if path:
            page.goto(line.url + path)
        assert page.evaluate(_NAMELESS) == []
        for landmark in ("banner", "main"):
            expect(page.get_by_role(landmark)).to_have_count(1)
        expect(page.get_by_role("navigation", name="Pages")).to_have_count(1)
        expect(page.locator("nav:not([aria-label], [aria-labelledby])")).to_have_count(0)
        assert page.locator("main h1, main h2").count() > 0


_NAMELESS = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea')]
  .filter(e => e.checkVisibility() && !e.textContent.trim() && !e.labels?.length && !e.getAttribute('aria-label'))
  .map(e => e.outerHTML)"""
