"""Tickets corrected, written on and opened by hand, at the desk and by programs."""

import re
from typing import Any

import httpx
import pytest

from routing.corrections import MatterFacts
from routing.model import IntakeSource, Ticket
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Clock, Desk

HOSTILE = "<img src=x onerror=alert(1)>'\"&"


async def correct(client: httpx.AsyncClient, ticket: Ticket, **wanted: Any) -> httpx.Response:
    body = {"version": MatterFacts.of(ticket).version} | wanted
    return await client.patch(f"/api/v1/tickets/{ticket.number}", json=body)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def fields_noted(desk: Desk, action: str) -> list[dict[str, str]]:
    return [dict(entry.detail) for entry in await desk.audit.entries(99) if entry.action == action]


async def test_a_correction_is_told_with_what_was_said_before(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(await desk.call(), words="the drain is blocked")
    answer = await correct(anna, ticket, topic="lift", place="ward-5", callback_number="205")
    told = answer.json()
    assert (answer.status_code, told["topic"], told["place"], told["callback_number"]) == (200, "lift", "ward-5", "205")
    assert (told["confidence"], told["why"], told["words"]) == (None, [], "the drain is blocked")
    assert told["version"] != MatterFacts.of(ticket).version
    (line,) = [change for change in told["history"] if change["what"] == "corrected"]
    assert line["actor"] == "agent:anna"
    made = {each["field"]: (each["before"], each["after"], each["confidence"]) for each in line["corrections"]}
    assert made == {
        "topic": ("plumbing", "lift", 0.93), "place": ("ward-4", "ward-5", None),
        "callback_number": ("204", "205", None),
    }  # fmt: skip
    shown = text_of((await anna.get(f"/tickets/{ticket.number}")).text)
    assert "Corrected anna Topic: Plumbing → Lift Place: Ward 4 → Ward 5" in shown
    assert await fields_noted(desk, "ticket_corrected") == [{"fields": "topic place callback_number"}]


async def test_what_was_corrected_on_old_knowledge_is_refused_with_what_it_says_now(
    anna: httpx.AsyncClient, desk: Desk
) -> None:
    ticket = await desk.ticket(None)
    assert (await correct(anna, ticket, topic="lift")).status_code == 200
    late = await correct(anna, ticket, topic="electrical")
    error = late.json()["error"]
    assert (late.status_code, error["code"], error["now"]["topic"]) == (409, "changed_meanwhile", "lift")
    assert (await correct(anna, ticket, topic="lift")).status_code == 200, "a repeat is none"
    again = await correct(anna, ticket, topic="electrical", version=error["now"]["version"])
    assert (again.status_code, again.json()["topic"]) == (200, "electrical")


async def test_whoever_decides_may_say_why(client: httpx.AsyncClient, desk: Desk) -> None:
    await log_in(client, "anna")
    ticket = await desk.ticket(None)
    answer = await correct(client, ticket, topic="lift", why=f"it is the lift {HOSTILE}")
    assert answer.status_code == 200
    wanted = {"urgency": "critical", "why": "  somebody is in it "}
    assert (await client.post(f"/api/v1/tickets/{ticket.number}/urgency", json=wanted)).status_code == 200
    told = [line["note"] for line in (await client.get(f"/api/v1/tickets/{ticket.number}")).json()["history"]]
    assert told[1:] == [f"it is the lift {HOSTILE}", "somebody is in it"]
    page = (await client.get(f"/tickets/{ticket.number}")).text
    assert ("somebody is in it" in page, "<img" in page) == (True, False)
    form = {"urgency": "low", "why": "they are out"}
    await client.post(f"/tickets/{ticket.number}/urgency", data=form, headers={"HX-Request": "true"})
    assert "they are out" in (await client.get(f"/tickets/{ticket.number}")).text


async def test_a_form_that_was_late_gets_both_values(client: httpx.AsyncClient, desk: Desk) -> None:
    await log_in(client, "anna")
    ticket = await desk.ticket(None, place=None, place_text=HOSTILE)
    version = MatterFacts.of(ticket).version
    await desk.records.tickets.set_urgency(ticket.id, "high", "agent:bo", desk.at())
    form = {"version": version, "topic": "lift", "level": "normal", "place": HOSTILE, "callback_number": ""}
    answer = await client.post(
        f"/tickets/{ticket.number}/correction", data=form, headers={"HX-Request": "true", "Accept": "text/html"}
    )
    assert (answer.status_code, "Somebody has corrected this ticket meanwhile" in answer.text) == (409, True)
    assert "It says now: high" in answer.text
    assert "<img" not in answer.text
    form["version"] = MatterFacts.of(await desk.records.tickets.load(ticket.id)).version
    answer = await client.post(f"/tickets/{ticket.number}/correction", data=form, headers={"HX-Request": "true"})
    assert (answer.status_code, "<img" in answer.text) == (200, False)
    draft = (await desk.records.tickets.load(ticket.id)).draft
    assert (draft.topic, draft.place_text) == ("lift", HOSTILE)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"topic": "no-such"}, "invalid"), ({"place": "no-such"}, "invalid"),
        ({"callback_number": "112"}, "not_callable"),
        ({"callback_number": "0900 1234"}, "not_callable"), ({"urgency": "now"}, "invalid"),
        ({"crew": "it"}, "invalid"),
    ],
)  # fmt: skip
async def test_what_the_site_does_not_have_is_refused(
    anna: httpx.AsyncClient, desk: Desk, wanted: dict[str, str], code: str
) -> None:
    ticket = await desk.ticket(None)
    answer = await correct(anna, ticket, **wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert await desk.records.tickets.load(ticket.id) == ticket


@pytest.mark.parametrize(
    ("typed", "place", "text"),
    [("Ward 5", "ward-5", None), ("  ward   5 ", "ward-5", None), ("05", "ward-5", None),
     ("behind the lift", None, "behind the lift"),
     ("", None, None), ("Ward 4", "ward-4", None)],
)  # fmt: skip
async def test_a_place_is_one_of_the_sites_where_it_names_one(
    client: httpx.AsyncClient, desk: Desk, typed: str, place: str | None, text: str | None
) -> None:
    await log_in(client, "anna")
    ticket = await desk.ticket(None)
    form = {"version": MatterFacts.of(ticket).version, "topic": "plumbing", "level": "normal", "place": typed}
    form["callback_number"] = "204"
    assert (await client.post(f"/tickets/{ticket.number}/correction", data=form)).status_code == 200
    draft = (await desk.records.tickets.load(ticket.id)).draft
    assert (draft.place, draft.place_text) == (place, text)


async def test_words_for_a_place_in_several_lines_stay_where_nobody_corrects_them(
    anna: httpx.AsyncClient, desk: Desk
) -> None:
    said = "behind\r\nthe\x00 lift\u202e \ud800" + "x" * 900
    ticket = await desk.ticket(None, place=None, place_text=said)
    shown = re.search(r'name="place"[^>]*value="([^"]*)"', (await anna.get(f"/tickets/{ticket.number}")).text)
    assert shown
    assert "\n" not in shown[1]
    form = {"version": MatterFacts.of(ticket).version, "topic": "lift", "level": "normal", "place": shown[1]}
    form["callback_number"] = "204"
    assert (await anna.post(f"/tickets/{ticket.number}/correction", data=form)).status_code == 200
    draft = (await desk.records.tickets.load(ticket.id)).draft
    assert (draft.topic, draft.place_text) == ("lift", said)


async def test_a_note_is_written_once_and_shown_as_text(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    path = f"/api/v1/tickets/{ticket.number}/notes"
    for _ in range(2):
        answer = await anna.post(path, json={"note": f" {HOSTILE}\nsecond line "}, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 201
    notes = [(line["note"], line["actor"]) for line in answer.json()["history"] if line["what"] == "note"]
    assert notes == [(f"{HOSTILE}\nsecond line", "agent:anna")]
    page = (await anna.get(f"/tickets/{ticket.number}")).text
    assert ("second line" in page, "<img" in page) == (True, False)
    assert (await anna.post(path, json={"note": "  "})).status_code == 422
    assert await fields_noted(desk, "note_added") == [{}]


async def test_a_note_that_was_sent_leaves_no_draft(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    path = f"/api/v1/me/drafts/note-{ticket.id}"
    assert (await anna.put(path, json={"fields": {"note": "half a"}})).status_code == 204
    assert (await anna.post(f"/tickets/{ticket.number}/notes", data={"note": "half a note"})).status_code == 200
    assert (await anna.get(path)).json() == {"fields": {}}


async def opened(client: httpx.AsyncClient, key: str = "k1", **wanted: Any) -> httpx.Response:
    body = {"source": "walk_in", "topic": "plumbing"} | wanted
    return await client.post("/api/v1/tickets", json=body, headers={"Idempotency-Key": key})


async def test_a_ticket_by_hand_is_promised_like_a_calls_and_lands_in_the_lists(
    anna: httpx.AsyncClient, desk: Desk, clock: Clock
) -> None:
    answer = await opened(anna, words="a tap drips", place="ward-5", reporter="Nurse Kim", number="205")
    told = answer.json()
    assert (answer.status_code, told["stage"], told["crew"], told["urgency"]) == (
        201,
        "recorded",
        "technical",
        "normal",
    )
    assert told["intake"] == {"source": "walk_in", "taken_by": "agent:anna"}
    assert (told["caller"]["name"], told["callback_number"]) == ("Nurse Kim", "205")
    assert told["promise"]["what"] == "promise_attend"
    assert told["number"] in (await anna.get("/tickets")).text
    assert "Reported by Nurse Kim · 205" in text_of((await anna.get(f"/tickets/{told['number']}")).text)
    clock.pass_s(5)
    again = await opened(anna, words="another one")
    assert again.json()["id"] == told["id"]
    other = await opened(await log_in(anna, "chen"), words="another one")
    assert other.json()["id"] != told["id"], "a key is its owner's"
    assert len(await fields_noted(desk, "ticket_taken_in")) == 2


async def test_a_raised_urgency_promises_sooner(anna: httpx.AsyncClient) -> None:
    usual, high = (await opened(anna)).json(), (await opened(anna, "k2", urgency="high")).json()
    assert (high["urgency"], high["promise"]["by"] < usual["promise"]["by"]) == ("high", True)


async def test_a_ticket_by_hand_needs_a_key_a_topic_and_a_number_that_can_be_called(anna: httpx.AsyncClient) -> None:
    for body, headers, code in (
        ({"topic": "plumbing"}, {}, "invalid"),
        ({"topic": "no-such"}, {"Idempotency-Key": "a"}, "invalid"),
        ({"topic": "lift", "place": "no-such"}, {"Idempotency-Key": "a"}, "invalid"),
        ({"topic": "lift", "number": "112"}, {"Idempotency-Key": "a"}, "not_callable"),
        ({"topic": "lift", "source": "call"}, {"Idempotency-Key": "a"}, "invalid"),
    ):
        answer = await anna.post("/api/v1/tickets", json=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), body
    assert (await anna.get("/api/v1/tickets")).json()["items"] == []


async def test_the_form_leads_to_its_ticket(anna: httpx.AsyncClient, desk: Desk) -> None:
    assert 'name="words"' in (await anna.get("/tickets/new")).text
    form = {
        "again": "k",
        "source": "mail",
        "topic": "lift",
        "words": HOSTILE,
        "place": "the cellar",
        "reporter": HOSTILE,
    }
    answer = await anna.post("/tickets", data=form)
    assert answer.status_code == 303
    page = (await anna.get(answer.headers["location"])).text
    assert ("by mail" in page, "the cellar" in page, "<img" in page) == (True, True, False)
    (ticket,) = (await anna.get("/api/v1/tickets")).json()["items"]
    assert ticket["intake"]["source"] == IntakeSource.MAIL
