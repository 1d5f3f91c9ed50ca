"""Logging in and out, roles, forged requests, guessing."""

import asyncio
import re

import httpx
import pytest

from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Clock, Desk
from tests.unit.web.stand_ins_records import PASSWORD


async def form(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    page = await client.get("/login")
    mark = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert mark
    return await client.post("/login", data={"csrf": mark[1], "next": "/tickets"} | fields)


async def test_a_right_password_opens_a_session_and_leads_on(client: httpx.AsyncClient, desk: Desk) -> None:
    answer = await form(client, login="anna", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tickets")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if "onenumber_session" in line)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    token = client.cookies["onenumber_session"]
    assert all(token not in stored for stored in desk.sessions), "only the hash may be stored"
    assert (await client.get("/tickets")).status_code == 200


@pytest.mark.parametrize(("login", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("anna", "")])
async def test_a_wrong_password_says_the_same_whoever_it_was(
    client: httpx.AsyncClient, login: str, password: str
) -> None:
    answer = await form(client, login=login, password=password)
    assert answer.status_code == 401
    assert "Login or password is wrong." in answer.text
    assert "onenumber_session" not in client.cookies


async def test_a_login_form_that_is_not_ours_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/login", data={"login": "anna", "password": PASSWORD})
    assert answer.status_code == 403


@pytest.mark.parametrize("mark", ["é", "\u96e8", ""])
async def test_a_mark_in_any_letters_is_refused_like_any_other(client: httpx.AsyncClient, mark: str) -> None:
    answer = await form(client, login="anna", password=PASSWORD, csrf=mark)
    assert (answer.status_code, "onenumber_session" in client.cookies) == (403, False)
    headers = [(b"Cookie", b"onenumber_form=x"), (b"X-CSRF-Token", mark.encode())]
    assert (await client.post("/login", headers=headers)).status_code == 403


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "/a\nb"]
)
async def test_logging_in_leads_nowhere_else(client: httpx.AsyncClient, elsewhere: str) -> None:
    answer = await form(client, login="anna", password=PASSWORD, next=elsewhere)
    assert answer.headers["location"] == "/"


async def test_pages_send_strangers_to_the_login_and_programs_away(client: httpx.AsyncClient) -> None:
    page = await client.get("/tickets", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/tickets")
    fragment = await client.get("/tickets/1/part", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["hx-redirect"]) == (401, "/login")
    program = await client.get("/api/v1/tickets")
    assert (program.status_code, program.json()["error"]["code"]) == (401, "not_logged_in")


async def test_a_session_ends_when_its_time_is_over(client: httpx.AsyncClient, clock: Clock) -> None:
    await log_in(client, "anna")
    clock.pass_s(12 * 3600 - 1)
    assert (await client.get("/api/v1/me")).status_code == 200
    clock.pass_s(2)
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_session_ends_when_its_owner_logs_out(client: httpx.AsyncClient) -> None:
    await log_in(client, "anna")
    assert (await client.delete("/api/v1/sessions/current")).status_code == 204
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_cookie_alone_changes_nothing(client: httpx.AsyncClient, desk: Desk) -> None:
    await form(client, login="anna", password=PASSWORD)
    forged = await client.post("/api/v1/me/state", json={"state": "not_ready"})
    assert (forged.status_code, forged.json()["error"]["code"]) == (403, "forgery_refused")
    assert (await client.post("/logout")).status_code == 403
    page = await client.get("/")
    mark = re.search(r'data-mark="([0-9a-f]+)"', page.text)
    assert mark
    headers = {"X-CSRF-Token": mark[1]}
    beat = await client.post("/api/v1/me/heartbeat", json={"page": "page-0001", "take": True}, headers=headers)
    assert beat.json()["live"] is True
    assert (await client.post("/logout", data={"csrf": mark[1]})).status_code == 303
    assert not desk.sessions


async def test_guessing_is_slowed_down_and_the_wait_is_said(client: httpx.AsyncClient, clock: Clock) -> None:
    for _ in range(6):
        await client.post("/api/v1/sessions", json={"login": "anna", "password": "guess"})
    refused = await client.post("/api/v1/sessions", json={"login": "anna", "password": PASSWORD})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_logins")
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert (await client.post("/api/v1/sessions", json={"login": "bo", "password": PASSWORD})).status_code == 201
    clock.pass_s(301)
    assert (await client.post("/api/v1/sessions", json={"login": "anna", "password": PASSWORD})).status_code == 201


async def test_tries_at_once_are_no_more_tries(client: httpx.AsyncClient) -> None:
    """Whoever guesses sends all guesses before the first is answered."""

    async def guess(number: int) -> int:
        answer = await client.post("/api/v1/sessions", json={"login": "anna", "password": f"guess {number}"})
        return answer.status_code

    statuses = await asyncio.gather(*(guess(number) for number in range(60)))
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 6
    right = await client.post("/api/v1/sessions", json={"login": "anna", "password": PASSWORD})
    assert right.status_code == 429


async def test_right_passwords_of_a_whole_ward_cost_nobody_a_wait(client: httpx.AsyncClient) -> None:
    for _ in range(70):
        answer = await client.post("/api/v1/sessions", json={"login": "anna", "password": PASSWORD})
        assert answer.status_code == 201


async def test_only_supervisors_take_others_out_of_the_rota(client: httpx.AsyncClient, desk: Desk) -> None:
    await desk.available("bo")
    await log_in(client, "anna")
    assert (await client.post("/api/v1/agents/agent-bo/not-ready")).status_code == 403
    await log_in(client, "chen")
    answer = await client.post("/api/v1/agents/agent-bo/not-ready")
    assert answer.json()["state"] == "not_ready"
    await log_in(client, "admin")
    assert (await client.get("/api/v1/me")).json()["error"]["code"] == "no_agent"


async def test_every_answer_carries_the_policies(client: httpx.AsyncClient) -> None:
    for path in ("/login", "/api/v1/tickets", "/static/desk.css", "/nothing"):
        headers = (await client.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"


async def test_pages_hold_no_inline_code_or_style(client: httpx.AsyncClient) -> None:
    await form(client, login="anna", password=PASSWORD)
    for path in ("/login", "/", "/tickets", "/calls", "/callbacks"):
        html = (await client.get(path)).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|<style|\son\w+=", html), path


async def test_the_login_page_says_why_a_session_is_over_and_leads_back(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    await form(client, login="anna", password=PASSWORD)
    clock.pass_s(12 * 3600 + 1)
    page = await client.get("/tickets?text=drain&stage=any", headers={"Accept": "text/html"})
    assert page.headers["location"] == "/login?next=/tickets%3Ftext%3Ddrain%26stage%3Dany"
    login = await client.get(page.headers["location"])
    assert "because it was 12 hours old" in login.text
    assert "has been kept" in login.text
    assert 'name="next" value="/tickets?text=drain&amp;stage=any"' in login.text


async def test_a_part_that_finds_its_session_over_leads_back_to_its_page(client: httpx.AsyncClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://desk/tickets/1?x=1"}
    answer = await client.post("/tickets/1/stage", headers=headers, data={"to": "closed"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login?next=/tickets/1%3Fx%3D1")


@pytest.mark.parametrize(
    ("path", "said"),
    [("/login?why=logged_out", "You have logged out."), ("/login?why=revoked", "logged you out"), ("/login", None),
     ("/login?why=%3Cb%3E", None)],
)  # fmt: skip
async def test_who_never_had_a_session_is_not_told_of_its_end(
    client: httpx.AsyncClient, path: str, said: str | None
) -> None:
    page = (await client.get(path)).text
    assert 'class="notice"' in page if said else 'class="notice"' not in page
    assert said is None or said in page


async def test_by_https_the_cookies_are_secure_and_stand_in_nobodys_way(desk: Desk) -> None:
    """A browser shares the cookies of all ports of a host; a page that came in clear cannot replace a secure one."""
    transport = httpx.ASGITransport(desk.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://desk") as client:
        answer = await form(client, login="anna", password=PASSWORD)
        cookie = next(line for line in answer.headers.get_list("set-cookie") if "onenumber_session" in line)
        assert cookie.startswith("__Secure-onenumber_session=")
        assert "Secure" in cookie.partition(";")[2]
        assert (await client.get("/tickets")).status_code == 200
        token = client.cookies["__Secure-onenumber_session"]
        mark = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get("/")).text)
        assert mark
        assert (await client.post("/logout", data={"csrf": mark[1]})).status_code == 303
        assert "__Secure-onenumber_session" not in client.cookies
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as clear:
        clear.cookies.set("__Secure-onenumber_session", token)
        assert (await clear.get("/tickets")).status_code in (303, 401)
        assert (await form(clear, login="anna", password=PASSWORD)).status_code == 303
        assert (await clear.get("/tickets")).status_code == 200
