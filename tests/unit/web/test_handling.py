"""Tickets taken, given to somebody, taken a stage back and reopened, at the desk and by programs."""

import re
from typing import Any

import httpx
import pytest

from routing.acts import standing
from routing.archive import Action
from routing.model import Stage, Ticket
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Desk

HOSTILE = "<img src=x onerror=alert(1)>'\"&"


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def post(client: httpx.AsyncClient, ticket: Ticket, what: str, key: str = "", **body: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(f"/api/v1/tickets/{ticket.number}/{what}", json=body, headers=headers)


async def form(client: httpx.AsyncClient, ticket: Ticket, what: str, **fields: str) -> httpx.Response:
    headers = {"HX-Request": "true", "Accept": "text/html"}
    return await client.post(f"/tickets/{ticket.number}/{what}", data=fields, headers=headers)


async def closed(desk: Desk) -> Ticket:
    ticket = await desk.ticket(await desk.call())
    return await desk.records.tickets.move(ticket.id, Stage.CLOSED, "agent:bo", desk.at(), "It runs again")


async def test_a_ticket_is_taken_on_its_page_and_is_in_its_takers_overview(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    page = (await anna.get(f"/tickets/{ticket.number}")).text
    assert 'data-key="i"' in page
    shown = text_of((await form(anna, ticket, "assignment", person="anna", seen=standing(ticket), again="1")).text)
    assert "Assigned to: Anna de Vries · Technical services" in shown
    assert "Assigned to Anna de Vries anna" in shown, "in its story"
    assert ticket.number in (await anna.get("/tickets?view=mine")).text
    assert 'data-key="i"' not in (await anna.get(f"/tickets/{ticket.number}")).text
    assert [entry.action for entry in await desk.audit.entries(9)].count(Action.TICKET_ASSIGNED) == 1


async def test_who_gives_away_what_somebody_has_taken_meanwhile_is_told(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    seen = standing(ticket)
    assert (await post(anna, ticket, "assignment", assignee="bo", seen=seen)).status_code == 200
    late = await form(anna, ticket, "assignment", person="anna", seen=seen, again="2")
    assert (late.status_code, "Somebody changed this meanwhile" in late.text) == (409, True)
    told = (await post(anna, ticket, "assignment", assignee=None, crew="dispatch", reason=HOSTILE)).json()
    assert (told["assignee"], told["crew"]) == (None, "dispatch")
    assert "<img" not in (await anna.get(f"/tickets/{ticket.number}")).text
    for body, field in (({"crew": "nowhere"}, "crew"), ({"assignee": "mallory"}, "assignee")):
        refused = await post(anna, ticket, "assignment", **body)
        assert (refused.status_code, refused.json()["error"]["fields"]) == (422, [field])


async def test_a_stage_is_taken_back_with_the_reason(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    for stage in (Stage.DISPATCHED, Stage.ACCEPTED):
        ticket = await desk.records.tickets.move(ticket.id, stage, "agent:bo", desk.at())
    assert (await form(anna, ticket, "back", to="recorded")).status_code == 422
    assert (await post(anna, ticket, "back", to="arrived", reason="x")).status_code == 409
    answer = await form(anna, ticket, "back", to="recorded", reason="wrong ticket", seen=standing(ticket), again="1")
    shown = text_of(answer.text)
    assert "Back to stage: Recorded" in shown, shown
    assert "wrong ticket" in shown
    again = await form(anna, ticket, "back", to="recorded", reason="wrong ticket", seen=standing(ticket), again="1")
    assert (again.status_code, text_of(again.text).count("wrong ticket")) == (200, 1)


async def test_a_closed_ticket_is_reopened_with_a_promise_and_a_new_answer(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    anna, ticket = await log_in(client, "anna"), await closed(desk)
    page = (await anna.get(f"/tickets/{ticket.number}")).text
    assert f'hx-post="/tickets/{ticket.number}/reopen"' in page
    assert f'hx-post="/tickets/{ticket.number}/back"' not in page
    told = (await post(anna, ticket, "reopen", "k1", reason="it drips still", seen=standing(ticket))).json()
    assert (told["stage"], told["answer"]) == ("recorded", None)
    assert told["promise"]["by"] > ticket.draft.promise.by.isoformat()
    assert (await post(anna, ticket, "reopen", "k1", reason="it drips still", seen=standing(ticket))).status_code == 200
    assert (await post(anna, ticket, "reopen", "k2", reason="once more")).status_code == 409
    assert (await post(anna, ticket, "stage", to="closed")).status_code == 422, "the old answer was none"
    assert ticket.number in (await anna.get("/tickets?view=reopened")).text
    actions = [entry.action for entry in await desk.audit.entries(9)]
    assert actions.count(Action.TICKET_REOPENED) == 1


@pytest.mark.parametrize("kind", ["correct", "assign", "back", "merge"])
async def test_what_is_typed_into_a_tickets_forms_is_kept(anna: httpx.AsyncClient, desk: Desk, kind: str) -> None:
    ticket = await desk.ticket(None)
    path = f"/api/v1/me/drafts/{kind}-{ticket.id}"
    assert (await anna.put(path, json={"fields": {"reason": "half a sen"}})).status_code == 204
    assert (await anna.get(path)).json()["fields"] == {"reason": "half a sen"}
