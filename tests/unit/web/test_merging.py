"""One matter reported twice becomes one ticket, and related ones are linked: at the desk and by programs."""

from typing import Any

import httpx

from routing.acts import standing
from routing.archive import Action
from routing.model import CallerId, Stage, Ticket
from tests.unit.web.demo import Desk
from tests.unit.web.test_handling import HOSTILE, form, text_of

BO = CallerId(raw="205", number="205", name="Bo", contact="Ward 5 desk", kind="staff")


async def two(desk: Desk) -> tuple[Ticket, Ticket]:
    """A ticket that is reported once more, and the one that stays."""
    stays = await desk.ticket(await desk.call(), words="the drain is blocked", due_s=9_000)
    return await desk.ticket(await desk.call(BO), words=HOSTILE, caller=BO, due_s=600), stays


async def merge(client: httpx.AsyncClient, ticket: Ticket, into: str, **body: Any) -> httpx.Response:
    return await client.post(f"/api/v1/tickets/{ticket.number}/merge", json={"into": into, **body})


async def test_a_merged_ticket_points_to_the_one_that_stays(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket, stays = await two(desk)
    other = " ".join(stays.number)
    answer = await form(anna, ticket, "relation", how="same", other=other, seen=standing(ticket), again="1")
    shown = text_of(answer.text)
    assert (answer.status_code, f"Merged into {stays.number}" in shown) == (200, True), shown
    assert "Undo the merge" in shown
    assert "forgotten" not in shown
    page = (await anna.get(f"/tickets/{stays.number}")).text
    told = text_of(page)
    assert f"{ticket.number} was merged into this one" in told
    assert "To be told, each once: Ward 4 desk · 204 Ward 5 desk · 205" in told
    assert "<img" not in page
    assert "merged" in (await anna.get("/tickets?stage=closed")).text
    api = (await anna.get(f"/api/v1/tickets/{stays.number}")).json()
    assert [each["number"] for each in api["merged"]] == [ticket.number]
    assert len(api["calls"]) == 2
    assert api["promise"]["by"].startswith(ticket.draft.promise.by.isoformat()[:19])
    assert [entry.action for entry in await desk.audit.entries(99)].count(Action.TICKET_MERGED) == 1


async def test_a_merge_is_undone_until_the_matter_is_closed(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket, stays = await two(desk)
    told = (await merge(anna, ticket, stays.number, reason="both", seen=standing(ticket))).json()
    assert (told["stage"], told["merged_into"]) == ("closed", stays.id)
    back = await form(anna, ticket, "unmerge", seen=told["standing"], again="2")
    assert (back.status_code, "seen to on the other ticket" in back.text) == (200, False)
    assert (await desk.records.tickets.load(stays.id)).draft.promise == stays.draft.promise
    await merge(anna, ticket, stays.id)
    await desk.records.tickets.move(stays.id, Stage.CLOSED, "agent:bo", desk.at(), "told both")
    late = await anna.post(f"/api/v1/tickets/{ticket.number}/unmerge", json={})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "transition_refused")
    assert "open a new ticket" in late.json()["error"]["message"]


async def test_a_merge_on_old_knowledge_or_with_nothing_is_refused_in_words(
    anna: httpx.AsyncClient, desk: Desk
) -> None:
    ticket, stays = await two(desk)
    seen = standing(ticket)
    await desk.records.tickets.move(ticket.id, Stage.DISPATCHED, "agent:bo", desk.at())
    late = await form(anna, ticket, "relation", how="same", other=stays.number, seen=seen)
    assert (late.status_code, "Somebody changed this meanwhile" in late.text) == (409, True)
    for other, sentence in (("99999", "no ticket of that number"), (ticket.number, "not merged into itself")):
        refused = await form(anna, ticket, "relation", how="same", other=other)
        assert (refused.status_code >= 400, sentence in refused.text) == (True, True), other


async def test_related_tickets_are_shown_on_both(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket, other = await two(desk)
    assert (await form(anna, ticket, "relation", how="related", other=other.number)).status_code == 200
    for one, its in ((ticket, other), (other, ticket)):
        assert f"Related to {its.number}" in text_of((await anna.get(f"/tickets/{one.number}")).text)
    link = f"/api/v1/tickets/{ticket.number}/links/{other.number}"
    assert [each["number"] for each in (await anna.put(link)).json()["linked"]] == [other.number]
    assert (await anna.delete(link)).json()["linked"] == []
    assert (await form(anna, other, "unlink", other=ticket.number)).status_code == 200
    actions = [entry.action for entry in await desk.audit.entries(99)]
    assert (actions.count(Action.TICKETS_LINKED), actions.count(Action.LINK_REMOVED)) == (1, 1)


async def test_who_calls_about_a_merged_ticket_is_shown_with_the_one_that_stays(
    anna: httpx.AsyncClient, desk: Desk
) -> None:
    ticket, stays = await two(desk)
    await merge(anna, ticket, stays.number)
    call = await desk.call(BO)
    entry = await desk.waits(call, await desk.records.tickets.load(ticket.id))
    await desk.available("anna")
    await desk.offer(entry)
    assert f"/tickets/{stays.number}" in (await anna.get("/")).text
