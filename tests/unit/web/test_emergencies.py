"""Emergencies at the desk: shown to everybody, taken by one, written down."""

import re

import httpx

from routing.emergencies import Emergency, EmergencyEvent, Ring
from routing.emergency_desk import EmergencyDesk
from routing.identity import new_id
from routing.model import AgentState, CallerId
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Desk
from tests.unit.web.stand_ins_records import PASSWORD

CHANNEL = "1795918200.17"


async def raised(desk: Desk, caller: CallerId | None = None, topic: str = "electrical") -> Emergency:
    call = await (desk.call(caller) if caller else desk.call())
    ticket = await desk.ticket(call, topic, words="a socket is sparking", urgency="critical", caller=call.caller)
    emergency = await desk.records.emergencies.open(Emergency(new_id(), call.id, CHANNEL, desk.at()))
    await desk.records.emergencies.attach(emergency.id, ticket.id)
    return emergency


async def rings(desk: Desk, emergency: Emergency, *phones: str) -> None:
    for n, phone in enumerate(phones):
        await desk.records.emergencies.ring(Ring(emergency.id, f"1795918201.{n}", phone, desk.at()))


async def page(client: httpx.AsyncClient, desk: Desk) -> str:
    await desk.app.state.context.emergencies.read(anew=True)  # pages share one reading for a quarter of a second
    text = (await client.get("/")).text
    return text[text.index('<section id="emergency"') : text.index('<header class="bar">')]


async def test_who_calls_from_where_about_what_and_who_is_rung(desk: Desk, anna: httpx.AsyncClient) -> None:
    emergency = await raised(desk)
    await rings(desk, emergency, "urgent1", "agent2")
    shown = await page(anna, desk)
    for words in (
        "EMERGENCY",
        "Ward 4 desk",
        "Ward 4<",
        "Electrical",
        "a socket is sparking",
        "urgent1",
        "Bo Lindqvist",
    ):
        assert words in shown
    assert 'role="alert"' in shown
    assert 'data-key="e"' in shown
    (listed,) = (await anna.get("/api/v1/emergencies")).json()
    assert (listed["state"], listed["topic"], listed["place"]) == ("ringing", "electrical", "ward-4")
    assert [rung["name"] for rung in listed["rung"]] == ["urgent1", "Bo Lindqvist"]


async def test_an_agent_takes_it_and_everybody_is_told(desk: Desk, anna: httpx.AsyncClient) -> None:
    emergency = await raised(desk)
    await desk.available("anna")
    answer = await anna.post(f"/desk/emergencies/{emergency.id}/take", headers={"HX-Request": "true"})
    assert 'id="emergency" hx-swap-oob="innerHTML"' in answer.text
    assert "Your phone is about to ring" in answer.text
    agent = await desk.records.agents.load("agent-anna")
    assert (agent.state, agent.reason) == (AgentState.NOT_READY, "emergency")
    bo = await log_in(httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url="http://desk"), "bo")
    refused = await bo.post(f"/api/v1/emergencies/{emergency.id}/take")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_now")
    await desk.records.emergencies.advance(emergency.id, EmergencyEvent.ANSWERED, desk.at(), "agent:anna")
    shown = await page(bo, desk)
    assert "Anna de Vries has taken it." in shown
    assert 'role="alert"' not in shown
    assert "data-key" not in shown
    await bo.aclose()
    (entry,) = [entry for entry in await desk.audit.entries(9) if entry.action == "emergency_taken"]
    assert (entry.actor, entry.detail) == ("agent:anna", {"emergency": emergency.id})


async def test_the_button_needs_no_script(desk: Desk, client: httpx.AsyncClient) -> None:
    emergency = await raised(desk)
    login = {"login": "anna", "password": PASSWORD}
    mark = re.search(r'name="csrf" value="([^"]+)"', (await client.get("/login")).text)
    assert mark
    await client.post("/login", data={**login, "csrf": mark[1], "next": "/"})
    shown = await page(client, desk)
    form = re.search(r'<form method="post" action="([^"]+)".*?name="csrf" value="([^"]+)"', shown)
    assert form
    assert (await client.post(form[1])).status_code == 403  # a page that is not ours takes nothing
    answer = await client.post(form[1], data={"csrf": form[2]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await desk.records.emergencies.load(emergency.id)).take


async def test_without_a_phone_nobody_takes_a_caller_but_may_look_after_one_who_is_gone(
    desk: Desk, anna: httpx.AsyncClient
) -> None:
    emergency = await raised(desk)
    await desk.records.agents.phones_registered({"agent1": False}, desk.at())
    assert (await anna.post(f"/api/v1/emergencies/{emergency.id}/take")).status_code == 409
    emergencies = EmergencyDesk(desk.records, desk.news, None, desk.at)  # type: ignore[arg-type]
    await emergencies.caller_gone(CHANNEL)
    shown = await page(anna, desk)
    assert "nobody had answered" in shown
    assert 'role="alert"' in shown
    assert (await anna.post(f"/api/v1/emergencies/{emergency.id}/take")).status_code == 204
    assert (await desk.records.emergencies.load(emergency.id)).taken_by == "agent:anna"
    assert await desk.records.emergencies.live() == []


async def test_a_second_one_is_shown_too_and_those_nobody_has_taken_come_first(
    desk: Desk, anna: httpx.AsyncClient
) -> None:
    first = await raised(desk)
    await desk.records.emergencies.advance(first.id, EmergencyEvent.ANSWERED, desk.at(), "phone:urgent1")
    second = await raised(desk, CallerId(withheld=True))
    shown = await page(anna, desk)
    assert shown.index(second.id) < shown.index(first.id)
    assert "urgent1 has taken it." in shown
    assert "No phone of the emergency team rings" in shown


async def test_a_number_that_nothing_proves_is_told_once_and_as_such(desk: Desk, anna: httpx.AsyncClient) -> None:
    number = "+31612345678"
    await raised(desk, CallerId(raw=number, number=number, kind="unproven"))
    shown = await page(anna, desk)
    assert shown.count(number) == 1
    assert "number not proven" in shown


async def test_admins_see_it_and_cannot_take_it(desk: Desk, client: httpx.AsyncClient) -> None:
    emergency = await raised(desk)
    admin = await log_in(client, "admin")
    shown = await page(admin, desk)
    assert "EMERGENCY" in shown
    assert "data-key" not in shown
    assert (await admin.post(f"/api/v1/emergencies/{emergency.id}/take")).status_code == 409


async def test_what_callers_say_stays_text(desk: Desk, anna: httpx.AsyncClient) -> None:
    caller = CallerId(raw="<b>1", number="<b>1", name="<script>alert(1)</script>")
    await raised(desk, caller, topic="<i>x</i>")
    shown = await page(anna, desk)
    assert "<script" not in shown
    assert "<b>" not in shown
    assert "<i>" not in shown


async def test_of_many_words_the_last_are_shown_from_the_beginning_of_one(desk: Desk, anna: httpx.AsyncClient) -> None:
    call = await desk.call()
    ticket = await desk.ticket(call, words="ringing " * 60 + "fire")
    emergency = await desk.records.emergencies.open(Emergency(new_id(), call.id, CHANNEL, desk.at()))
    await desk.records.emergencies.attach(emergency.id, ticket.id)
    assert '<bdi class="outside">… ringing ringing' in await page(anna, desk)
