"""A person chooses a password of their own."""

import re

import httpx
import pytest

from tests.unit.web.demo import Desk
from tests.unit.web.stand_ins_records import PASSWORD

CHOSEN = "seven green kettles"


async def log_in(client: httpx.AsyncClient, password: str = PASSWORD) -> int:
    page = await client.get("/login")
    mark = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert mark
    return (await client.post("/login", data={"csrf": mark[1], "login": "anna", "password": password})).status_code


async def change(client: httpx.AsyncClient, **typed: str) -> httpx.Response:
    page = await client.get("/password")
    mark = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert mark
    fields = {"current": PASSWORD, "wanted": CHOSEN, "again": CHOSEN} | typed
    return await client.post("/password", data={"csrf": mark[1], **fields})


@pytest.fixture
async def page(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Anna's browser."""
    assert await log_in(client) == 303
    return client


async def test_it_is_found_from_every_page_and_holds_from_now_on(page: httpx.AsyncClient) -> None:
    assert 'href="/password"' in (await page.get("/")).text
    answer = await change(page)
    assert (answer.status_code, "is changed" in answer.text) == (200, True)
    assert (await page.get("/")).status_code == 200
    page.cookies.clear()
    assert await log_in(page) == 401
    assert await log_in(page, CHOSEN) == 303


async def test_every_other_session_of_the_person_ends_at_once(page: httpx.AsyncClient, desk: Desk) -> None:
    transport = httpx.ASGITransport(desk.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as other:
        answer = await other.post("/api/v1/sessions", json={"login": "anna", "password": PASSWORD})
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        assert (await other.get("/api/v1/me", headers=bearer)).status_code == 200
        before = page.cookies["onenumber_session"]
        await change(page)
        assert (await other.get("/api/v1/me", headers=bearer)).status_code == 401
        old = {"Authorization": f"Bearer {before}"}
        assert (await other.get("/api/v1/me", headers=old)).status_code == 401
    entries = await desk.audit.entries(9)
    assert [(entry.actor, entry.action, entry.subject) for entry in entries if entry.action == "password_changed"] == [
        ("agent:anna", "password_changed", "anna")
    ]
    assert CHOSEN not in repr(entries)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"current": "wrong"}, "current password is wrong"),
        ({"again": "something else"}, "not typed twice alike"),
        ({"wanted": "short", "again": "short"}, "fewer than ten"),
        ({"wanted": "anna12345678", "again": "anna12345678"}, "hardly more than your login"),
        ({"wanted": "password2026", "again": "password2026"}, "first that are guessed"),
        ({"wanted": PASSWORD, "again": PASSWORD}, "have already"),
    ],
)
async def test_what_is_refused_says_why(page: httpx.AsyncClient, typed: dict[str, str], says: str) -> None:
    answer = await change(page, **typed)
    assert answer.status_code in (401, 422)
    assert says in answer.text
    page.cookies.clear()
    assert await log_in(page) == 303


async def test_the_current_password_cannot_be_guessed_at_will(page: httpx.AsyncClient) -> None:
    statuses = [(await change(page, current=f"guess {number}")).status_code for number in range(8)]
    assert statuses == [401] * 6 + [429] * 2


async def test_a_forged_change_is_refused(page: httpx.AsyncClient) -> None:
    fields = {"current": PASSWORD, "wanted": CHOSEN, "again": CHOSEN}
    assert (await page.post("/password", data=fields)).status_code == 403
