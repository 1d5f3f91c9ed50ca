"""What people do at the desk is written down, for admins to read."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Clock, Desk
from tests.unit.web.stand_ins_records import PASSWORD

Line = tuple[str, str, str]


async def noted(desk: Desk) -> list[Line]:
    """Actor, action and subject, oldest first."""
    entries = reversed(await desk.audit.entries(100))
    return [(entry.actor, entry.action, entry.subject) for entry in entries if entry.action != "read"]


async def try_to_log_in(client: httpx.AsyncClient, login: str, password: str) -> int:
    return (await client.post("/api/v1/sessions", json={"login": login, "password": password})).status_code


async def test_logging_in_and_out_is_noted(client: httpx.AsyncClient, desk: Desk) -> None:
    await log_in(client, "anna")
    await client.delete("/api/v1/sessions/current")
    assert await noted(desk) == [("agent:anna", "logged_in", "anna"), ("agent:anna", "logged_out", "anna")]


async def test_a_refused_login_is_noted_without_its_password(client: httpx.AsyncClient, desk: Desk) -> None:
    assert await try_to_log_in(client, "anna", "hunter2") == 401
    (entry,) = await desk.audit.entries(9)
    assert (entry.actor, entry.action, entry.subject) == ("stranger", "login_refused", "anna")
    assert "hunter2" not in repr(entry)


async def test_a_password_typed_as_the_login_is_not_written_down(client: httpx.AsyncClient, desk: Desk) -> None:
    statuses = [await try_to_log_in(client, PASSWORD, "anna") for _ in range(7)]
    assert statuses == [401] * 6 + [429]
    entries = await desk.audit.entries(9)
    assert [(entry.subject, entry.detail["why"]) for entry in entries] == [
        ("unknown", why) for why in ["too_many"] + ["wrong"] * 6
    ]
    assert PASSWORD not in repr(entries)


async def test_a_flood_of_guesses_is_noted_once_per_wait(client: httpx.AsyncClient, desk: Desk, clock: Clock) -> None:
    async def whys() -> list[str]:
        return [entry.detail["why"] for entry in reversed(await desk.audit.entries(100))]

    statuses = [await try_to_log_in(client, "anna", "guess") for _ in range(20)]
    assert statuses == [401] * 6 + [429] * 14
    assert await whys() == ["wrong"] * 6 + ["too_many"]
    clock.pass_s(301)
    for _ in range(8):
        await try_to_log_in(client, "anna", "guess")
    assert (await whys())[7:] == ["wrong"] * 6 + ["too_many"]


async def test_changes_of_state_are_noted_with_who_made_them(client: httpx.AsyncClient, desk: Desk) -> None:
    await log_in(client, "anna")
    await client.post("/api/v1/me/heartbeat", json={"page": "page-0001", "take": True})
    await client.post("/api/v1/me/state", json={"state": "available"})
    await client.post("/api/v1/me/state", json={"state": "not_ready", "reason": "ill"})
    await desk.available("anna")
    await log_in(client, "chen")
    await client.post("/api/v1/agents/agent-anna/not-ready")
    changes = [entry for entry in reversed(await desk.audit.entries(9)) if entry.action == "state_changed"]
    assert [(entry.actor, entry.subject, entry.detail) for entry in changes] == [
        ("agent:anna", "anna", {"to": "available"}),
        ("agent:anna", "anna", {"to": "not_ready"}),
        ("agent:chen", "anna", {"to": "not_ready"}),
    ]


async def test_what_people_do_to_a_ticket_is_noted_without_the_answer(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    await anna.post(f"/api/v1/tickets/{ticket.number}/urgency", json={"urgency": "critical"})
    await anna.post(f"/api/v1/tickets/{ticket.number}/stage", json={"to": "closed", "answer": "told Ms Jansen"})
    await anna.post(f"/api/v1/tickets/{ticket.number}/stage", json={"to": "accepted"})  # refused: it is closed
    entries = [entry for entry in (await desk.audit.entries(9))[::-1][1:] if entry.action != "read"]
    assert [(entry.actor, entry.action, entry.subject, entry.detail) for entry in entries] == [
        ("agent:anna", "urgency_set", ticket.id, {"to": "critical"}),
        ("agent:anna", "stage_set", ticket.id, {"to": "closed"}),
    ]


async def test_listening_to_a_message_is_noted(anna: httpx.AsyncClient, desk: Desk, tmp_path: Path) -> None:
    desk.app.state.recordings = replace(desk.app.state.recordings, folder=tmp_path)
    ticket = await desk.ticket(None)
    (tmp_path / "one.wav").write_bytes(b"RIFF")
    await desk.records.tickets.add_message(ticket.id, str(tmp_path / "one.wav"), desk.at())
    assert (await anna.get(f"/api/v1/tickets/{ticket.number}/messages/0")).status_code == 200
    assert (await anna.get(f"/api/v1/tickets/{ticket.number}/messages/1")).status_code == 404
    assert (await noted(desk))[1:] == [("agent:anna", "message_heard", ticket.id)]


@pytest.mark.parametrize(("login", "status"), [("anna", 403), ("chen", 403), ("admin", 200)])
async def test_only_admins_read_the_audit(client: httpx.AsyncClient, login: str, status: int) -> None:
    assert (await client.get("/api/v1/audit")).status_code == 401
    await log_in(client, login)
    assert (await client.get("/api/v1/audit")).status_code == status


async def test_the_audit_is_read_page_by_page_newest_first(client: httpx.AsyncClient) -> None:
    for login in ("anna", "bo"):
        await try_to_log_in(client, login, "wrong")
    await log_in(client, "admin")
    first = (await client.get("/api/v1/audit", params={"limit": 2})).json()
    assert [entry["subject"] for entry in first["items"]] == ["admin", "bo"]
    rest = (await client.get("/api/v1/audit", params={"limit": 2, "before": first["next"]})).json()
    assert ([entry["subject"] for entry in rest["items"]], rest["next"]) == (["anna"], None)
    described = (await client.get("/api/openapi.json")).json()
    assert "/api/v1/audit" in described["paths"]
