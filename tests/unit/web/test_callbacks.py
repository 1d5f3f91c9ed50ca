"""Callbacks at the desk: what a person does about one that waits, by the page and by the API."""

import html
import re
from datetime import timedelta

import httpx
import pytest

from routing.identity import new_id
from routing.lifecycle import AttemptEvent
from routing.model import Attempt, AttemptState, OutboundCall, OutboundCallState
from tests.unit.web.demo import Clock, Desk

UNKNOWN = "01a22ef3-b4e4-7523-9bb7-7d516f9b6da4"
HTMX = {"HX-Request": "true"}


async def owed(desk: Desk, number: str = "204", later_s: float = 0) -> OutboundCall:
    """Somebody has chosen to be called back, perhaps so much later."""
    call = await desk.call(words="the drain is blocked")
    ticket = await desk.ticket(call, words="the drain is blocked")
    due = desk.at() + timedelta(seconds=later_s)
    callback = OutboundCall(
        new_id(), ticket.id, number, "technical", "normal", desk.at(), due, call_id=call.id
    )  # fmt: skip
    kept = await desk.records.outbound_calls.store(callback)
    await desk.records.calls.end(call.id, "served", desk.at())
    return kept


async def tried(desk: Desk, callback: OutboundCall, result: str) -> None:
    attempt = Attempt(new_id(), callback.id, 1, AttemptState.CLAIMED, desk.at())
    assert await desk.records.outbound_calls.claim_attempt(attempt)
    for event, ending in ((AttemptEvent.SENT, None), (AttemptEvent.FAILED, result)):
        assert await desk.records.outbound_calls.advance_attempt(attempt.id, event, desk.at(), ending)


async def state(desk: Desk, callback: OutboundCall) -> OutboundCallState:
    return (await desk.records.outbound_calls.load(callback.id)).state


async def number_of(desk: Desk, callback: OutboundCall) -> str:
    return (await desk.records.tickets.load(callback.ticket_id)).number


async def test_the_page_offers_what_can_be_done_about_each(anna: httpx.AsyncClient, desk: Desk) -> None:
    waits, later = await owed(desk), await owed(desk, later_s=7_200)
    page = html.unescape((await anna.get("/callbacks")).text)
    assert f'hx-post="/callbacks/{waits.id}/now"' not in page  # it is its turn already
    assert f'hx-post="/callbacks/{later.id}/now"' in page
    for callback in (waits, later):
        number = await number_of(desk, callback)
        assert f'aria-label="Cancel the callback about {number} …"' in page
        for act in ("later", "cancel", "give-up"):
            assert f'hx-post="/callbacks/{callback.id}/{act}"' in page
    assert re.search(r'type="datetime-local" name="at" required min="[-0-9T:]{16}" value="[-0-9T:]{16}"', page)


async def test_what_came_of_each_dialling_is_told_in_words(anna: httpx.AsyncClient, desk: Desk) -> None:
    callback = await owed(desk)
    await tried(desk, callback, "machine")
    page = html.unescape((await anna.get("/callbacks")).text)
    assert "Phone taken, no key pressed: perhaps voicemail" in page
    told = (await anna.get(f"/api/v1/callbacks/{callback.id}")).json()["tried"]
    assert [(each["number"], each["state"], each["result"]) for each in told] == [(1, "failed", "machine")]


async def test_people_move_cancel_and_give_up_from_the_page(anna: httpx.AsyncClient, desk: Desk, clock: Clock) -> None:
    moved, cancelled, given_up = [await owed(desk) for _ in range(3)]
    sent = [
        (f"{moved.id}/later", {"at": "2026-11-24T09:30"}),
        (f"{cancelled.id}/cancel", {"reason": "she came by"}),
        (f"{given_up.id}/give-up", {"reason": "<b>voicemail"}),
    ]
    for path, data in sent:
        answer = await anna.post(f"/callbacks/{path}", data=data, headers=HTMX)
        assert (answer.status_code, answer.headers.get("hx-trigger")) == (204, "again"), answer.text
    due = (await desk.records.outbound_calls.load(moved.id)).due
    assert f"{due:%Y-%m-%d %H:%M}" == "2026-11-24 08:30"  # the site's clock is an hour ahead
    assert [await state(desk, each) for each in (cancelled, given_up)] == [
        OutboundCallState.CANCELLED, OutboundCallState.FAILED,
    ]  # fmt: skip
    page = html.unescape((await anna.get("/callbacks")).text)
    assert 'href="/missed?kind=callback_failed"' in page
    story = (await anna.get(f"/tickets/{await number_of(desk, given_up)}")).text
    assert "Callback given up" in story
    assert "&lt;b&gt;voicemail" in story
    assert "Callback moved" in (await anna.get(f"/tickets/{await number_of(desk, moved)}")).text
    answer = await anna.post(f"/callbacks/{moved.id}/now", headers=HTMX)
    assert answer.status_code == 204
    assert (await desk.records.outbound_calls.load(moved.id)).due == desk.at()


@pytest.mark.parametrize(
    ("act", "data", "says"),
    [
        ("later", {"at": "soon"}, "Choose a day and a time."),
        ("later", {}, "Choose a day and a time."),
        ("later", {"at": "2020-01-01T00:00"}, "still to come"),
        ("later", {"at": "9999-12-31T23:59"}, "still to come"),
        ("cancel", {"reason": " "}, "Say in a few words why."),
        ("give-up", {}, "Say in a few words why."),
    ],
)
async def test_what_is_left_out_or_cannot_be_is_said(
    anna: httpx.AsyncClient, desk: Desk, act: str, data: dict[str, str], says: str
) -> None:
    callback = await owed(desk)
    answer = await anna.post(f"/callbacks/{callback.id}/{act}", data=data, headers=HTMX)
    assert says in answer.text
    assert await state(desk, callback) is OutboundCallState.PENDING


async def test_programs_do_the_same(anna: httpx.AsyncClient, desk: Desk) -> None:
    callback = await owed(desk)
    at = (desk.at() + timedelta(hours=3)).isoformat()
    path = f"/api/v1/callbacks/{callback.id}"
    assert (await anna.post(f"{path}/move", json={"at": at})).json()["due"][:16] == at[:16]
    for body in ({}, {"at": "2026-11-24T09:30:00"}, {"at": None, "by": "x"}):  # which zone is meant must be said
        assert (await anna.post(f"{path}/move", json=body)).status_code == 422
    assert (await anna.post(f"{path}/cancel", json={"reason": ""})).status_code == 422
    assert (await anna.post(f"{path}/cancel", json={"reason": "done"})).json()["state"] == "cancelled"
    again = await anna.post(f"{path}/give-up", json={"reason": "done"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_now")
    for act, wanted in (("move", {"at": at}), ("cancel", {"reason": "x"}), ("give-up", {"reason": "x"})):
        assert (await anna.post(f"/api/v1/callbacks/{UNKNOWN}/{act}", json=wanted)).status_code == 404


async def test_who_did_it_is_in_the_audit_and_why_is_not(anna: httpx.AsyncClient, desk: Desk) -> None:
    callback = await owed(desk)
    await anna.post(f"/api/v1/callbacks/{callback.id}/cancel", json={"reason": "told Ms Jansen"})
    entries = await desk.audit.entries(20)
    (done,) = [entry for entry in entries if entry.action == "callback_cancelled"]
    assert (done.actor, done.subject, done.detail) == ("agent:anna", callback.id, {"ticket": callback.ticket_id})
    assert "Jansen" not in repr(entries)


async def test_the_list_is_narrowed_down_by_state(anna: httpx.AsyncClient, desk: Desk) -> None:
    waits, over = await owed(desk), await owed(desk)
    await anna.post(f"/api/v1/callbacks/{over.id}/cancel", json={"reason": "x"})
    page = (await anna.get("/callbacks", params={"state": "pending"})).text
    assert re.findall(r'<tr id="callback-([^"]+)"', page) == [waits.id]
    assert "No callback in this state" in (await anna.get("/callbacks", params={"state": "connected"})).text
    assert len(re.findall(r'<tr id="callback-', (await anna.get("/callbacks?state=<b>")).text)) == 2


async def test_a_ticket_shows_its_callback_with_what_can_be_done(anna: httpx.AsyncClient, desk: Desk) -> None:
    callback = await owed(desk, later_s=7_200)
    page = html.unescape((await anna.get(f"/tickets/{await number_of(desk, callback)}")).text)
    for act in ("now", "later", "cancel", "give-up"):
        assert f'hx-post="/callbacks/{callback.id}/{act}"' in page
    await anna.post(f"/api/v1/callbacks/{callback.id}/cancel", json={"reason": "x"})
    page = (await anna.get(f"/tickets/{await number_of(desk, callback)}")).text
    assert f"/callbacks/{callback.id}" not in page


async def test_a_text_or_a_letter_is_what_a_person_decides_in_the_end(anna: httpx.AsyncClient, desk: Desk) -> None:
    callback = await owed(desk)
    await anna.post(f"/api/v1/callbacks/{callback.id}/give-up", json={"reason": "no answer for days"})
    assert "Text or letter …" in html.unescape((await anna.get("/missed")).text)
    path = f"/missed/{callback.call_id}/done"
    answer = await anna.post(path, data={"reason": "wrote when we come", "remedy": "letter"}, headers=HTMX)
    assert answer.status_code == 204
    story = html.unescape((await anna.get(f"/tickets/{await number_of(desk, callback)}")).text)
    assert "a letter" in story
    assert "wrote when we come" in story
    refused = await anna.post(path, data={"reason": "x", "remedy": "pigeon"}, headers=HTMX)
    assert refused.status_code == 422
