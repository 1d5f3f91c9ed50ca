"""The work list at the desk and by the API: overviews with counts, filters, pages both ways, lists that people keep."""

import re

import httpx

from routing.identity import new_id
from routing.model import OutboundCall
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Desk
from web.pages.frame import DEFAULT_PAGE_ROWS

HOSTILE = "<img src=x onerror=alert(1)>'\"&"


def numbers(html: str) -> list[str]:
    return re.findall(r'<td class="key"><a href="/tickets/(\d+)"', html)


def link(html: str, rel: str) -> str:
    found = re.search(rf'<a href="([^"]*)" rel="{rel}"', html)
    return found[1].replace("&amp;", "&") if found else ""


def counts(html: str) -> dict[str, str]:
    return dict(re.findall(r'href="/tickets\?view=(\w+)"[^>]*>[^<]*<strong>(\d+)', html))


async def test_overviews_tell_how_many_there_are_and_lead_to_them(anna: httpx.AsyncClient, desk: Desk) -> None:
    late = await desk.ticket(None, due_s=10)
    soon = await desk.ticket(None, due_s=900)
    await desk.ticket(None, due_s=9_000)
    at = desk.at()
    await desk.records.outbound_calls.store(OutboundCall(new_id(), soon.id, "204", "technical", "normal", at, at))
    page = (await anna.get("/tickets")).text
    assert counts(page) == {
        "mine": "0", "my_crews": "3", "overdue": "1", "due_soon": "1", "unheard": "0", "callbacks": "1",
        "reopened": "0",
    }  # fmt: skip
    assert numbers((await anna.get("/tickets?view=overdue")).text) == [late.number]
    assert numbers((await anna.get("/tickets?view=callbacks")).text) == [soon.number]
    assert "Nothing is assigned to you." in (await anna.get("/tickets?view=mine")).text
    told = (await anna.get("/api/v1/tickets/overviews")).json()["overviews"]
    assert told == {name: int(count) for name, count in counts(page).items()}
    api = (await anna.get("/api/v1/tickets", params={"overview": "overdue"})).json()
    assert [each["number"] for each in api["items"]] == [late.number]


async def test_an_overview_begins_with_what_is_due_first_and_at_its_first_ticket(
    anna: httpx.AsyncClient, desk: Desk
) -> None:
    made = [await desk.ticket(None, due_s=due_s) for due_s in (900, 300, 600)]
    page = (await anna.get("/tickets?view=my_crews")).text
    assert numbers(page) == [made[1].number, made[2].number, made[0].number]
    assert re.findall(r'href="/tickets/(\d+)" autofocus', page) == [made[1].number]
    assert 'data-key="3"' in page


async def test_pages_of_the_list_go_on_and_back(anna: httpx.AsyncClient, desk: Desk) -> None:
    made = [(await desk.ticket(None, due_s=n)).number for n in range(DEFAULT_PAGE_ROWS + 3)]
    first = (await anna.get("/tickets?order=due")).text
    assert (numbers(first), link(first, "prev")) == (made[:DEFAULT_PAGE_ROWS], "")
    second = (await anna.get(link(first, "next"))).text
    assert (numbers(second), link(second, "next")) == (made[DEFAULT_PAGE_ROWS:], "")
    assert "First page" in second
    again = (await anna.get(link(second, "prev"))).text
    assert (numbers(again), link(again, "prev")) == (made[:DEFAULT_PAGE_ROWS], "")
    api = (await anna.get("/api/v1/tickets", params={"order": "due", "limit": 50})).json()
    assert api["previous"] is None
    rest = (await anna.get("/api/v1/tickets", params={"order": "due", "limit": 50, "before": api["next"]})).json()
    assert ([each["number"] for each in rest["items"]], rest["next"]) == (made[50:], None)
    back = {"order": "due", "limit": 50, "before": rest["previous"]}
    assert (await anna.get("/api/v1/tickets", params=back)).json()["items"] == api["items"]


async def test_a_cursor_of_another_order_is_refused(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    for before in (f"12~{ticket.id}", "nonsense", "-~-~" + ticket.id):
        answer = await anna.get("/api/v1/tickets", params={"order": "oldest", "before": before})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid"), before
    far = {"order": "due", "before": f"{10**18 - 1}~{ticket.id}"}
    assert (await anna.get("/api/v1/tickets", params=far)).status_code in (200, 422)


async def test_a_list_is_kept_under_a_name_and_its_words_are_not(anna: httpx.AsyncClient, desk: Desk) -> None:
    await desk.ticket(None, topic="lift")
    page = (await anna.get("/tickets?view=overdue&topic=lift&text=jansen")).text
    assert '<input type="hidden" name="topic" value="lift">' in page
    form = {"name": f" Late  lifts {HOSTILE}", "view": "overdue", "topic": "lift", "stage": "open", "csrf": "x"}
    answer = await anna.post("/tickets/filters", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tickets?view=overdue&topic=lift")
    shown = (await anna.get("/tickets")).text
    assert 'href="/tickets?view=overdue&amp;topic=lift"' in shown
    assert "<img" not in shown
    (kept,) = (await anna.get("/api/v1/me/filters")).json()["items"]
    assert kept["fields"] == {"view": "overdue", "topic": "lift"}
    other = await log_in(anna, "bo")
    assert (await other.get("/api/v1/me/filters")).json()["items"] == []
    assert (await other.post("/tickets/filters", data={"name": "all", "stage": "open"})).status_code == 422


async def test_programs_keep_and_drop_lists(anna: httpx.AsyncClient) -> None:
    put = await anna.put("/api/v1/me/filters/late", json={"view": "overdue", "order": "urgency"})
    assert (put.status_code, put.json()["fields"]) == (200, {"view": "overdue", "order": "urgency"})
    assert (await anna.put("/api/v1/me/filters/late", json={"text": "jansen"})).status_code == 422
    assert (await anna.delete("/api/v1/me/filters/late")).status_code == 204
    assert (await anna.delete("/api/v1/me/filters/late")).status_code == 404
