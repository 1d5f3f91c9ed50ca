"""Callers whom nobody reached: the page and the API, for people and for programs."""

import html
import re
from typing import Any

import httpx
import pytest

from routing.event_types import EventType
from routing.model import Call, CallerId, NewEvent
from tests.unit.web.demo import WARD_4, Clock, Desk

HOSTILE = CallerId(raw="<script>alert(1)</script>", number="205", name="<b onclick=x>\u202eBobby")
HIDDEN = CallerId(raw="anonymous", withheld=True)
UNKNOWN = "01a22ef3-b4e4-7523-9bb7-7d516f9b6da4"


async def missed(desk: Desk, caller: CallerId = WARD_4, words: str = "the drain", ending: str = "") -> Call:
    """Somebody who told a matter, waited for half a minute, and hung up."""
    call = await desk.call(caller, ago_s=40, words=words)
    if words:
        await desk.ticket(call, words=words, caller=caller)
    at = call.started_at
    entered = NewEvent(call.id, EventType.QUEUE_ENTERED, at)
    await desk.records.calls.end(call.id, ending or "caller_hung_up", desk.at(), [entered])
    return call


async def rows(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/api/v1/missed", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_the_api_tells_who_when_why_and_about_what(anna: httpx.AsyncClient, desk: Desk) -> None:
    call = await missed(desk)
    (row,) = await rows(anna)
    assert (row["call_id"], row["kind"], row["state"], row["waited_s"]) == (call.id, "abandoned", "open", 40)
    assert (row["caller"]["number"], row["topic"], row["place"]) == ("204", "plumbing", "ward-4")
    (ticket,) = await desk.records.tickets.of_call(call.id)
    assert (row["ticket"], row["ticket_id"]) == (ticket.number, ticket.id)
    assert (await anna.get("/api/v1/missed")).json()["counts"] == {"abandoned": 1}


async def test_the_list_goes_by_kind_and_in_pages(anna: httpx.AsyncClient, desk: Desk) -> None:
    calls = [await missed(desk, ending="lost" if n % 2 else "") for n in range(5)]
    first = (await anna.get("/api/v1/missed", params={"limit": 2})).json()
    rest = await rows(anna, limit=50, before=first["next"])
    assert [row["call_id"] for row in (*first["items"], *rest)] == [call.id for call in calls[::-1]]
    assert [row["call_id"] for row in await rows(anna, kind="lost")] == [calls[3].id, calls[1].id]
    assert await rows(anna, state="done") == []
    for query in ({"kind": "nobody"}, {"state": "gone"}, {"before": "x"}, {"kinds": "lost"}):
        assert (await anna.get("/api/v1/missed", params=query)).status_code == 422


async def test_somebody_is_called_back_once(anna: httpx.AsyncClient, desk: Desk) -> None:
    call = await missed(desk)
    answer = await anna.post(f"/api/v1/missed/{call.id}/callback")
    assert (answer.status_code, answer.json()["number"], answer.json()["call_id"]) == (201, "204", call.id)
    assert await rows(anna) == []
    (row,) = await rows(anna, state="owed")
    assert row["call_id"] == call.id
    again = await anna.post(f"/api/v1/missed/{call.id}/callback")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_now")
    assert [each["id"] for each in (await anna.get("/api/v1/callbacks")).json()["items"]] == [answer.json()["id"]]


async def test_why_somebody_cannot_be_called_back_is_said_in_words(anna: httpx.AsyncClient, desk: Desk) -> None:
    call = await missed(desk, HIDDEN, words="")
    answer = await anna.post(f"/api/v1/missed/{call.id}/callback")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_callable")
    assert answer.json()["error"]["message"] == "This caller cannot be called back: the number was withheld."
    page = (await anna.get("/missed")).text
    assert "No number to call back" in page
    assert f'hx-post="/missed/{call.id}/callback"' not in page


async def test_done_needs_a_reason_and_can_be_taken_back(anna: httpx.AsyncClient, desk: Desk) -> None:
    call = await missed(desk)
    for body in ({}, {"reason": " "}, {"reason": "x" * 301}, {"reason": "x", "kind": "y"}):
        assert (await anna.post(f"/api/v1/missed/{call.id}/done", json=body)).status_code == 422
    done = (await anna.post(f"/api/v1/missed/{call.id}/done", json={"reason": "told her"})).json()
    assert (done["state"], done["by"], done["reason"]) == ("done", "agent:anna", "told her")
    assert (await anna.post(f"/api/v1/missed/{call.id}/done", json={"reason": "x"})).status_code == 409
    again = (await anna.post(f"/api/v1/missed/{call.id}/reopen")).json()
    assert (again["state"], again["reason"]) == ("open", "")
    timeline = (await anna.get(f"/api/v1/calls/{call.id}")).json()["timeline"]
    told = [(each["event"], each["actor"], each["private"]) for each in timeline if "missed" in each["event"]]
    assert told == [("missed.done", "agent:anna", {"note": "told her"}), ("missed.reopened", "agent:anna", {})]
    assert "told her" in (await anna.get(f"/calls/{call.id}")).text


@pytest.mark.parametrize("what", ["callback", "done", "reopen"])
async def test_a_call_that_is_not_on_the_list_is_not_found(anna: httpx.AsyncClient, desk: Desk, what: str) -> None:
    served = await desk.call()
    await desk.records.calls.end(served.id, "talked", desk.at())
    for call_id in (served.id, UNKNOWN, "nonsense"):
        answer = await anna.post(f"/api/v1/missed/{call_id}/{what}", json={"reason": "x"} if what == "done" else None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_the_page_has_each_row_with_what_a_person_does(anna: httpx.AsyncClient, desk: Desk) -> None:
    call = await missed(desk)
    page = html.unescape((await anna.get("/missed")).text)
    for part in (
        "Ward 4 desk", "Gave up waiting", "40 s", "Plumbing", "Ward 4", 'aria-current="page">Missed',
        f'hx-post="/missed/{call.id}/callback"', 'aria-label="Call back Ward 4 desk"', "Done, because …",
        'aria-label="Done with Ward 4 desk, because …"', '03:09</time>', ">1</span>",
    ):  # fmt: skip
        assert part in page, part
    (ticket,) = await desk.records.tickets.of_call(call.id)
    assert f'href="/tickets/{ticket.number}"' in page


async def test_the_page_can_be_narrowed_down_and_says_where_nothing_is(anna: httpx.AsyncClient, desk: Desk) -> None:
    assert "every caller has been reached" in (await anna.get("/missed")).text
    await missed(desk)
    other = await missed(desk, ending="lost")
    page = (await anna.get("/missed", params={"kind": "lost"})).text
    assert re.findall(r'<tr id="missed-([^"]+)"', page) == [other.id]
    assert "No caller of this kind" in (await anna.get("/missed", params={"kind": "closed_hours"})).text
    for state, said in (("owed", "being called back"), ("reached", "by themselves"), ("done", "dealt with")):
        assert said in (await anna.get("/missed", params={"state": state})).text
    assert len(re.findall(r'<tr id="missed-', (await anna.get("/missed?kind=x&state=<b>")).text)) == 2


async def test_older_ones_are_a_page_further(anna: httpx.AsyncClient, desk: Desk, clock: Clock) -> None:
    calls = [await missed(desk, words="") for _ in range(51)]
    page = html.unescape((await anna.get("/missed")).text)
    (older,) = re.findall(r'href="(/missed\?state=open&kind=&before=[^"]+)"', page)
    assert re.findall(r'<tr id="missed-([^"]+)"', (await anna.get(older)).text) == [calls[0].id]


async def test_people_send_the_same_from_the_page_and_the_list_fetches_itself(
    anna: httpx.AsyncClient, desk: Desk
) -> None:
    back, done = await missed(desk), await missed(desk)
    for path, data in ((f"{back.id}/callback", {}), (f"{done.id}/done", {"reason": "wrong number"})):
        answer = await anna.post(f"/missed/{path}", data=data, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-trigger"]) == (204, "again")
    page = html.unescape((await anna.get("/missed?state=done")).text)
    assert "wrong number" in page
    assert "anna" in page
    answer = await anna.post(f"/missed/{done.id}/reopen", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    refused = await anna.post(f"/missed/{done.id}/done", data={"reason": " "}, headers={"HX-Request": "true"})
    assert "Say in a few words" in refused.text


async def test_what_callers_and_people_write_stays_text(anna: httpx.AsyncClient, desk: Desk) -> None:
    call = await missed(desk, HOSTILE, words="<img src=x onerror=alert(1)>")
    page = (await anna.get("/missed")).text
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "<b onclick" not in page
    assert "\u202e" not in page
    await anna.post(f"/api/v1/missed/{call.id}/done", json={"reason": '"><script>x</script>'})
    page = (await anna.get("/missed?state=done")).text
    assert "<script>x" not in page


async def test_the_entry_in_the_navigation_counts_them(anna: httpx.AsyncClient, desk: Desk, clock: Clock) -> None:
    for _ in range(2):
        await missed(desk)
    page = (await anna.get("/missed")).text
    assert "2 callers whom nobody has reached" in page


async def test_whose_data_was_read_and_what_was_done_is_in_the_audit(anna: httpx.AsyncClient, desk: Desk) -> None:
    call = await missed(desk)
    await anna.get("/missed")
    await anna.post(f"/api/v1/missed/{call.id}/done", json={"reason": "told Ms Jansen"})
    entries = await desk.audit.entries(20)
    assert any(entry.action == "read" and f"call:{call.id}" in entry.detail.get("shown", "") for entry in entries)
    (done,) = [entry for entry in entries if entry.action == "missed_done"]
    assert (done.actor, done.subject) == ("agent:anna", call.id)
    assert "Jansen" not in repr(entries)
