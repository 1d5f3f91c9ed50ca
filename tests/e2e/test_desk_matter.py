"""A matter put right at the desk, written on, and taken in by hand: by keys alone, and nothing typed is lost."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from routing.corrections import MatterFacts
from routing.model import Ticket
from tests.e2e.desk_server import Served, served
from tests.e2e.test_desk import WORDS, until, waiting_call
from tests.services import services_over

pytestmark = pytest.mark.e2e
CORRECT = "#ticket details.correct:has(form[data-correct])"
NOTE = "She calls back with the room number"


@pytest.fixture(scope="module")
def line() -> Iterator[Served]:
    with served() as line:
        yield line


def opened(line: Served, context: BrowserContext) -> tuple[Page, Ticket]:
    page = line.log_in(context)
    ticket = line.do(line.desk.ticket(None, words=WORDS))
    page.goto(f"{line.url}/tickets/{ticket.number}")
    return page, ticket


def draft_kept(line: Served, form: str, field: str) -> str:
    return dict(line.do(line.desk.records.drafts.of("anna", form))).get(field, "")


async def corrected_by_bo(line: Served, ticket: Ticket, topic: str, place: str) -> None:
    facts = MatterFacts.of(ticket)
    wanted = MatterFacts(topic, place, None, facts.callback_number, facts.urgency)
    tickets = services_over(line.desk.records, line.desk.news).tickets
    await tickets.set_right(ticket, wanted, "agent:bo", line.desk.edition)


def test_a_ticket_is_put_right_with_the_keyboard_alone(line: Served, context: BrowserContext) -> None:
    page, ticket = opened(line, context)
    page.keyboard.press("r")
    form = page.locator("#ticket form[data-correct]")
    expect(form.locator("select[name=topic]")).to_be_focused()
    page.keyboard.type("Lift")
    page.keyboard.press("Tab")
    expect(form.locator("input[name=place]")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Ward 5")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#ticket h1")).to_contain_text("Lift Ward 5")
    expect(page.locator("#ticket .story")).to_contain_text("Topic: Plumbing → Lift")
    expect(page.locator("#ticket .story")).to_contain_text("Place: Ward 4 → Ward 5")
    expect(page.locator(CORRECT)).not_to_have_attribute("open", "")
    expect(page.locator(f"{CORRECT} summary")).to_be_focused()
    made = line.do(line.desk.records.corrections.of_ticket(ticket.id))
    assert {(each.field, each.before, each.actor) for each in made} == {
        ("topic", "plumbing", "agent:anna"), ("place", "ward-4", "agent:anna"),
    }  # fmt: skip


def test_who_was_late_sees_both_values_and_loses_nothing(line: Served, context: BrowserContext) -> None:
    page, ticket = opened(line, context)
    page.keyboard.press("r")
    form = page.locator("#ticket form[data-correct]")
    form.locator("input[name=place]").fill("behind the chapel")
    line.do(corrected_by_bo(line, ticket, "lift", "ward-5"))
    expect(page.locator("#ticket .stale")).to_be_visible()
    expect(page.locator("#ticket h1")).to_contain_text("Lift")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#problems")).to_contain_text("Somebody has corrected this ticket meanwhile")
    expect(form.locator("[data-now=place]")).to_have_text("It says now: Ward 5")
    expect(form.locator("input[name=place]")).to_have_value("behind the chapel")
    expect(form.locator("select[name=topic]")).to_have_value("lift")  # nobody had touched it
    page.click("#problems button:has-text('Try again')")
    expect(page.locator("#ticket h1")).to_contain_text("Lift behind the chapel")


def test_a_call_is_put_right_beside_it_and_the_pop_follows(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    _, ticket, _ = line.do(waiting_call(line))
    expect(page.locator("#pop .call")).to_be_visible()
    page.click("#pop details.correct summary")
    page.select_option("#pop form[data-correct] select[name=topic]", "electrical")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#pop .topic")).to_contain_text("Electrical")
    expect(page.locator("#workspace #ticket h1")).to_contain_text("Electrical")
    expect(page.locator("#pop details.correct summary")).to_be_focused()
    assert line.do(line.desk.records.tickets.load(ticket.id)).draft.topic == "electrical"


def test_a_note_is_kept_as_it_is_typed_and_stands_in_the_story(line: Served, context: BrowserContext) -> None:
    page, ticket = opened(line, context)
    page.keyboard.press("m")
    field = page.locator("#ticket textarea[name=note]")
    expect(field).to_be_focused()
    field.press_sequentially(NOTE)
    until(lambda: draft_kept(line, f"note-{ticket.id}", "note") == NOTE)
    page.reload()
    expect(field).to_have_value(NOTE)
    field.focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#ticket .story")).to_contain_text(NOTE)
    expect(field).to_have_value("")
    until(lambda: draft_kept(line, f"note-{ticket.id}", "note") == "")


def test_a_ticket_is_taken_in_by_hand(line: Served, context: BrowserContext) -> None:
    page = line.log_in(context)
    page.goto(f"{line.url}/tickets")
    page.locator("#main").focus()
    page.keyboard.press("t")
    page.wait_for_url("**/tickets/new")
    form = page.locator("#new-ticket")
    form.get_by_label("told at the desk").check()
    for name, typed in (("words", WORDS), ("place", "Ward 5"), ("reporter", "Nurse Kim"), ("number", "112")):
        form.locator(f"[name={name}]").fill(typed)
    until(lambda: draft_kept(line, "new-ticket", "number") == "112")
    page.reload()
    for name, typed in (("reporter", "Nurse Kim"), ("words", WORDS), ("place", "Ward 5")):
        expect(form.locator(f"[name={name}]")).to_have_value(typed)
    expect(form.get_by_label("told at the desk")).to_be_checked()
    form.locator("select[name=topic]").select_option("plumbing")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#problems")).to_contain_text("The ticket was not opened")
    form.locator("[name=number]").fill("205")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/tickets/\d+$"))
    expect(page.locator("#ticket h1")).to_contain_text("Plumbing Ward 5")
    expect(page.locator("#ticket")).to_contain_text("Nurse Kim")
    expect(page.locator("#ticket")).to_contain_text("told at the desk")
    until(lambda: draft_kept(line, "new-ticket", "reporter") == "")


def test_the_forms_fit_a_narrow_page_and_have_names(line: Served, context: BrowserContext) -> None:
    page, _ = opened(line, context)
    page.set_viewport_size({"width": 390, "height": 800})
    page.click(f"{CORRECT} summary")
    expect(page.locator("#ticket form[data-correct]")).to_be_visible()
    for path in (None, "/tickets/new"):
        if path:
            page.goto(line.url + path)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
                             ".filter(e => e.checkVisibility() && !e.labels?.length).length") == 0  # fmt: skip


def test_a_half_made_correction_survives_a_reload_with_what_was_changed_meanwhile(
    line: Served, context: BrowserContext
) -> None:
    page, ticket = opened(line, context)
    page.click(f"{CORRECT} summary")  # the key is for the call beside it, where there is one
    form = page.locator("#ticket form[data-correct]")
    form.locator("input[name=place]").fill("the cellar")
    until(lambda: draft_kept(line, f"correct-{ticket.id}", "place") == "the cellar")
    line.do(corrected_by_bo(line, ticket, "lift", "ward-5"))
    page.reload()
    expect(form.locator("input[name=place]")).to_have_value("the cellar")
    expect(form.locator("[data-now=place]")).to_contain_text("It says now: Ward 5")
    expect(form.locator("select[name=topic]")).to_have_value("lift")
    form.locator("button.primary").click()
    expect(page.locator("#ticket h1")).to_contain_text("Lift the cellar")
    assert line.do(line.desk.records.drafts.of("anna", f"correct-{ticket.id}")) == {}


def test_what_is_late_is_opened_from_the_list_with_two_keys_and_taken_with_a_third(
    line: Served, context: BrowserContext
) -> None:
    page = line.log_in(context)
    late = line.do(line.desk.ticket(None, words=WORDS, ago_s=9_000, due_s=60))
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page.locator("#rows .kinds")).to_be_visible()
    page.keyboard.press("3")
    expect(page.locator(f"#rows a[href='/tickets/{late.number}']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#ticket h1 .number")).to_have_text(late.number)
    page.keyboard.press("i")
    expect(page.locator("#ticket .has")).to_contain_text("Anna de Vries")
    expect(page.locator("#ticket .story")).to_contain_text("Assigned to Anna de Vries")
