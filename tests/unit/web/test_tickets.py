"""A ticket at the desk: whence it came, and its story, each thing of it once."""

import re
from datetime import timedelta

import httpx
import pytest

from routing.event_types import EventType
from routing.model import CallerId, Intake, IntakeSource, NewEvent
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import WARD_4, Desk

NURSE = CallerId(name="Nurse Kim")


async def page(client: httpx.AsyncClient, number: str) -> str:
    """The ticket's page, as text in one line."""
    shown = (await client.get(f"/tickets/{number}")).text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


@pytest.mark.parametrize(
    ("intake", "told"),
    [
        (Intake(IntakeSource.DESK, NURSE, "agent:bo"), ["Reported by Nurse Kim", "written down at the desk · bo"]),
        (Intake(IntakeSource.DESK, None, "agent:bo"), ["written down at the desk · bo"]),
        (Intake(IntakeSource.API), ["sent by a program"]),
        (Intake(IntakeSource.MESSAGE, WARD_4), ["Reported by Ward 4", "recorded while the line was away"]),
    ],
    ids=["for somebody", "for nobody named", "by a program", "as a message"],
)
async def test_a_ticket_that_no_call_opened_says_whence_it_came(
    anna: httpx.AsyncClient, desk: Desk, intake: Intake, told: list[str]
) -> None:
    ticket = await desk.ticket(None, words="a lamp is broken", intake=intake)
    shown = await page(anna, ticket.number)
    assert all(sentence in shown for sentence in told), shown
    assert "Unknown" not in shown
    assert " Caller " not in shown
    got = (await anna.get(f"/api/v1/tickets/{ticket.number}")).json()
    assert got["intake"] == {"source": intake.source, "taken_by": intake.taken_by}
    assert (got["caller"] is None) == (intake.reporter is None)
    assert got["history"][0]["actor"] == (intake.taken_by or "line")
    assert ticket.number in (await anna.get("/tickets")).text


async def test_a_callers_ticket_says_who_called(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(await desk.call(), words="the drain is blocked")
    assert "Caller Ward 4" in await page(anna, ticket.number)
    got = (await anna.get(f"/api/v1/tickets/{ticket.number}")).json()
    assert (got["intake"]["source"], got["caller"]["contact"]) == ("call", WARD_4.contact)


async def test_a_story_tells_each_thing_once_and_nothing_of_another_matter(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    call = await desk.call(words="the drain is blocked")
    ticket, other = await desk.ticket(call, words="the drain is blocked"), await desk.ticket(call, topic="lift")
    for about in (ticket, other):
        promised = {"ticket_id": about.id, "what": "promise_attend"}
        at = call.started_at + timedelta(seconds=9)
        await desk.records.calls.append([NewEvent(call.id, EventType.PROMISE_MADE, at, payload=promised)])
    shown = await page(await log_in(client, "anna"), ticket.number)
    assert (shown.count("Ticket opened"), shown.count("Promise made")) == (1, 1)
