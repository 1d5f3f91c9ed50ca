"""The queue as desk and API show it: whose turn is next and why, how long they wait, how right what was told is."""

from datetime import timedelta

import httpx
import pytest

from routing.event_types import EventType
from routing.lifecycle import AgentEvent, OfferEvent
from routing.model import CallerId, NewEvent, QueueEntry, Ticket
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Desk


async def talked(desk: Desk, told_s: int | None = None, waited_s: float = 30, ticket: Ticket | None = None) -> None:
    """A caller has been told a wait, answered by Anna, and wrapped up."""
    call = await desk.call(ago_s=120)
    entry = await desk.waits(call, ticket)
    if told_s:
        at = desk.at() - timedelta(seconds=waited_s)
        told = NewEvent(call.id, EventType.WAIT_TOLD, at, payload={"told_s": told_s})
        await desk.records.calls.append([told])
    offer = await desk.offer(entry)
    for event, agent in ((OfferEvent.SHOWN, None), (OfferEvent.ANSWERED, AgentEvent.ANSWERED)):
        await desk.records.offers.advance(offer.id, event, desk.at(), agent=agent)
    await desk.records.calls.append([NewEvent(call.id, EventType.AGENT_ANSWERED, desk.at())])
    talk_over = (OfferEvent.TALK_ENDED, AgentEvent.TALK_ENDED)
    await desk.records.offers.advance(offer.id, talk_over[0], desk.at() + timedelta(seconds=180), agent=talk_over[1])
    wrapped = desk.at() + timedelta(seconds=240)
    await desk.records.wrap_ups.wrap_up(offer.id, "answered", "", desk.agent_ids["anna"], wrapped)
    await desk.records.agents.change(desk.agent_ids["anna"], AgentEvent.WRAPPED_UP, desk.at())


async def one_of_each(desk: Desk) -> list[QueueEntry]:
    """Ordinary, pressing, repeated, urgent, and one whose matter Anna knows."""
    pressing = await desk.ticket(None, due_s=60)
    known = await desk.ticket(None, due_s=90_000)
    await talked(desk, ticket=known)
    entries = [
        await desk.waits(await desk.call(ago_s=10), None, "critical"),
        await desk.waits(await desk.call(ago_s=9), pressing),
        await desk.waits(await desk.call(ago_s=90), None),
        await desk.waits(await desk.call(ago_s=80), known),
    ]
    await desk.records.waits.press(desk.at() + timedelta(seconds=600))
    return entries


async def test_the_api_tells_whose_turn_it_is_and_why(anna: httpx.AsyncClient, desk: Desk) -> None:
    await desk.available()
    entries = await one_of_each(desk)
    rows = (await anna.get("/api/v1/queue")).json()
    assert [row["id"] for row in rows] == [entry.id for entry in entries]
    assert [(row["position"], row["why"]) for row in rows] == [
        (1, ["critical"]), (2, ["pressing"]), (3, ["longest"]), (4, ["behind", "known"]),
    ]  # fmt: skip
    assert rows[0]["because"] == "Next: critical"
    assert rows[1]["because"].startswith("promised by 20")
    assert rows[3]["because"] == "others of its kind wait longer, Anna de Vries knows the matter"
    assert rows[0]["crews"] == ["technical"]


async def test_the_desk_says_why_this_caller_is_next(anna: httpx.AsyncClient, desk: Desk) -> None:
    await desk.available()
    await one_of_each(desk)
    page = (await anna.get("/")).text
    assert page.count("Next: ") == 1
    assert "Next: critical<" in page
    assert "waits longest of its kind" in page
    assert "knows the matter" in page


async def test_a_hostile_agents_name_stays_text(anna: httpx.AsyncClient, desk: Desk) -> None:
    await desk.available()
    ticket = await desk.ticket(None)
    await talked(desk, ticket=ticket)
    state = desk.records.state.agents  # type: ignore[attr-defined]
    kept = state[desk.agent_ids["anna"]]
    state[kept.id] = type(kept)(**{**vars(kept), "name": "<script>alert(1)</script>"})
    await desk.waits(await desk.call(caller=CallerId(raw="1", name="<i>")), ticket)
    assert "<script>alert(1)</script> knows" not in (await anna.get("/")).text


async def test_the_wait_is_shown_once_enough_is_known(anna: httpx.AsyncClient, desk: Desk) -> None:
    await desk.available()
    await desk.records.agents.heartbeat(desk.agent_ids["anna"], desk.at())
    for _ in range(5):
        await talked(desk)
    busy = await desk.waits(await desk.call(), None)
    await desk.offer(busy)
    for _ in range(2):
        await desk.waits(await desk.call(), None)
    rows = (await anna.get("/api/v1/queue")).json()
    assert [row["expected_wait_s"] for row in rows] == [240, 480]
    page = (await anna.get("/")).text
    assert "about 5 min more" in page
    assert "about 10 min more" in page


@pytest.mark.parametrize(("login", "allowed"), [("anna", False), ("chen", True)])
async def test_how_right_told_waits_were_is_for_who_answers_for_the_line(
    client: httpx.AsyncClient, desk: Desk, login: str, allowed: bool
) -> None:
    await desk.available()
    for told_s, waited_s in ((60, 30), (60, 60), (60, 180)):
        await talked(desk, told_s, waited_s)
    await log_in(client, login)
    answer = await client.get("/api/v1/queue/told-waits", params={"hours": 2})
    assert answer.status_code == (200 if allowed else 403)
    shown = "Waits told to callers, last 24 hours: 3. 67 % answered in that time; off by 50 s on average."
    assert (shown in (await client.get("/")).text) is allowed
    if allowed:
        assert answer.json() == {
            "hours": 2, "count": 3, "in_time": pytest.approx(2 / 3), "median_s": 0.0, "mean_abs_s": 50.0,
        }  # fmt: skip


async def test_a_long_queue_is_shown_in_part_and_counted_whole(anna: httpx.AsyncClient, desk: Desk) -> None:
    for _ in range(205):
        await desk.waits(await desk.call(), None)
    page = (await anna.get("/")).text
    assert "on the line: 205" in page
    assert "and 5 more, who come later" in page
    assert len((await anna.get("/api/v1/queue")).json()) == 205
