"""The work list's overviews, orders and pages: pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.identity import new_id
from routing.model import URGENCY_ORDER, Promise, Stage, Ticket
from routing.work_list import (
    Cursor,
    CursorRefused,
    Order,
    Overview,
    Viewer,
    WaitsOn,
    belongs,
    cursor_of,
    instant_of,
    paged,
    place_in,
    worth_keeping,
)
from tests.contract.samples import NOW, a_draft, later

ANNA = Viewer("anna", frozenset({"technical"}), NOW)
AN_ID = "01a2308d-ad32-7485-a08e-cb09c1230a20"


def a_ticket(due_s: float = 600, stage: Stage = Stage.RECORDED, urgency: str = "normal", **draft: Any) -> Ticket:
    promise = draft.pop("promise", Promise("promise_attend", later(due_s)))
    return Ticket(new_id(), "48213", "demo", NOW, stage, a_draft(promise=promise, urgency=urgency, **draft))


def overviews(ticket: Ticket, waits: WaitsOn | None = None) -> set[str]:
    return {str(each) for each in Overview if belongs(each, ticket, ANNA, waits or WaitsOn())}


@pytest.mark.parametrize(
    ("due_s", "stage", "found"),
    [
        (-1, Stage.RECORDED, {"overdue"}),
        (0, Stage.ACCEPTED, {"due_soon"}),
        (-1, Stage.ARRIVED, set()),  # it was promised that somebody comes
        (0, Stage.ARRIVED, set()),
        (3_599, Stage.RECORDED, {"due_soon"}),
        (3_600, Stage.RECORDED, set()),
        (-1, Stage.COMPLETED, set()),
        (-1, Stage.CLOSED, set()),
    ],
)
def test_what_is_late_and_what_soon_will_be(due_s: float, stage: Stage, found: set[str]) -> None:
    assert overviews(a_ticket(due_s, stage, crew="it")) == found


def test_whose_a_ticket_is_and_what_waits_on_it() -> None:
    ticket = a_ticket(99_999)
    assert overviews(ticket) == {"my_crews"}
    theirs = Ticket(**{**vars(ticket), "assignee": "anna", "reopened_at": NOW})
    assert overviews(theirs, WaitsOn(True, True)) == {"mine", "my_crews", "unheard", "callbacks", "reopened"}
    assert overviews(Ticket(**{**vars(theirs), "stage": Stage.CLOSED}), WaitsOn(True, True)) == set()


@given(st.sampled_from(Order), st.integers(-(10**6), 10**6), st.sampled_from(URGENCY_ORDER), st.booleans())
def test_a_cursor_comes_back_as_it_went(order: Order, due_s: int, urgency: str, back: bool) -> None:
    place = place_in(order, a_ticket(due_s, urgency=urgency), back)
    assert cursor_of(str(place), order) == place
    if order in (Order.DUE, Order.URGENCY):
        assert instant_of(place.key[-1]) == later(due_s)


@pytest.mark.parametrize("text", ["", "~", "1", f"1~{AN_ID}", f"-{AN_ID}", f"{AN_ID}\n", f"٣~{AN_ID}"])
def test_what_is_no_place_in_the_list_is_refused(text: str) -> None:
    with pytest.raises(CursorRefused):
        cursor_of(text, Order.NEWEST)
    with pytest.raises(CursorRefused):
        instant_of(10**18)


def rows(list_: Sequence[Ticket], limit: int, cursor: Cursor | None) -> list[Ticket]:
    """As the records return them, of a list in order."""
    at = next((n for n, each in enumerate(list_) if cursor and each.id == cursor.id), -1)
    return list(list_[max(0, at - limit) : at]) if cursor and cursor.back else list(list_[at + 1 : at + 1 + limit])


def test_pages_lead_to_each_other_both_ways() -> None:
    tickets = [a_ticket(n) for n in range(5)]
    seen, cursor = list[Ticket](), None
    while True:
        page = paged(rows(tickets, 3, cursor), 2, Order.DUE, cursor)
        seen += page.tickets
        if page.later is None:
            break
        cursor = cursor_of(page.later, Order.DUE)
    assert seen == tickets
    assert page.earlier
    cursor = cursor_of(page.earlier, Order.DUE)
    page = paged(rows(tickets, 3, cursor), 2, Order.DUE, cursor)
    assert (page.tickets, bool(page.earlier), bool(page.later)) == (tickets[2:4], True, True)
    cursor = cursor_of(page.earlier or "", Order.DUE)
    page = paged(rows(tickets, 3, cursor), 2, Order.DUE, cursor)
    assert (page.tickets, page.earlier, bool(page.later)) == (tickets[:2], None, True)


def test_an_empty_list_leads_nowhere() -> None:
    page = paged([], 2, Order.NEWEST, None)
    assert (page.tickets, page.earlier, page.later) == ([], None, None)


def test_words_that_were_searched_for_are_not_kept() -> None:
    asked = {"text": "Åsa Lind", "view": "overdue", "crew": "", "stage": "any", "page": "2"}
    assert worth_keeping(asked) == {"view": "overdue", "stage": "any"}


def test_times_are_told_to_the_microsecond() -> None:
    place = place_in(Order.DUE, a_ticket(0, promise=Promise("promise_attend", NOW + timedelta(microseconds=7))))
    assert instant_of(place.key[0]) == NOW + timedelta(microseconds=7)
