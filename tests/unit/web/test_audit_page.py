"""The audit as admins read it: a page with filters, and a file."""

import csv
import io
from datetime import timedelta

import httpx
import pytest

from routing.archive import Action
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Desk

HOSTILE = "<img src=x onerror=alert(1)>"
PAGE = {"accept": "text/html"}


@pytest.fixture
async def admin(client: httpx.AsyncClient) -> httpx.AsyncClient:
    return await log_in(client, "admin")


async def rows(admin: httpx.AsyncClient, **asked: str) -> list[str]:
    """What the list says, row by row."""
    page = (await admin.get("/audit", params=asked, headers=PAGE)).text
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [row for row in body.split("<tr ") if row.strip()]


async def test_it_tells_who_did_what_in_words(admin: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    await desk.audit.note("agent:bo", Action.URGENCY_SET, ticket.id, desk.at(), {"to": "high"})
    first, second = await rows(admin)
    assert all(
        said in first for said in ("Bo Ek", "Urgency set", "<code>to</code>", "high", f'href="/tickets/{ticket.id}"')
    )
    assert "Logged in" in second


async def test_its_filters(admin: httpx.AsyncClient, desk: Desk) -> None:
    ticket, call = await desk.ticket(None), await desk.call()
    shown = {"shown": f"ticket:{ticket.id} call:{call.id}"}
    await desk.audit.note("agent:bo", Action.READ, "/tickets", desk.at() - timedelta(days=1), shown)
    await desk.audit.note("agent:chen", Action.STAGE_SET, ticket.id, desk.at())
    assert [len(await rows(admin, about=about)) for about in (ticket.id, call.id, "00000")] == [2, 1, 0]
    (read,) = await rows(admin, who="bo", action="read")
    assert [each in read for each in (f'href="/tickets/{ticket.id}"', f'href="/calls/{call.id}"')] == [True, True]
    today = desk.at().date().isoformat()
    assert [len(await rows(admin, about=ticket.id, from_day=day)) for day in (today, "2020-01-01")] == [1, 2]
    assert [len(await rows(admin, about=ticket.id, to_day=day)) for day in (today, "2020-01-01")] == [2, 0]
    assert len(await rows(admin, about=ticket.number)) == 2
    page = (await admin.get("/audit", params={"who": HOSTILE}, headers=PAGE)).text
    assert ("Nothing noted fits" in page, "<img" in page) == (True, False)
    for wrong in ({"action": "nothing"}, {"from_day": "yesterday"}, {"from_day": "2026-02-31"}, {"who": "x" * 101}):
        assert (await admin.get("/audit", params=wrong, headers=PAGE)).status_code == 422, wrong


async def test_older_ones_are_on_the_next_page(admin: httpx.AsyncClient, desk: Desk) -> None:
    for number in range(55):
        await desk.audit.note("agent:anna", Action.NOTE_ADDED, f"t-{number}", desk.at())
    page = (await admin.get("/audit", params={"who": "anna"}, headers=PAGE)).text
    assert page.count('<tr id="audit-') == 50
    older = page.rpartition('class="more"')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    page = (await admin.get(older, headers=PAGE)).text
    assert (page.count('<tr id="audit-'), "Newest" in page, "Older" in page) == (5, True, False)


async def test_a_file_has_the_same_and_its_taking_is_noted(admin: httpx.AsyncClient, desk: Desk) -> None:
    await desk.audit.note("stranger", Action.LOGIN_REFUSED, "=cmd()", desk.at(), {"why": 'wrong, "again"'})
    await desk.audit.note("agent:anna", Action.LOGGED_IN, "anna", desk.at())
    answer = await admin.get("/audit.csv", params={"who": "stranger"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-2026-11-22-')
    head, entry = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head == ["at", "last_at", "actor", "action", "subject", "detail", "id"]
    assert entry[2:6] == ["stranger", "login_refused", "'=cmd()", '{"why": "wrong, \\"again\\""}']
    noted = next(entry for entry in await desk.audit.entries(9) if entry.action != "read")
    assert (noted.actor, noted.action, dict(noted.detail)) == (
        "agent:admin", "audit_exported", {"who": desk.app.state.readings.mark("stranger"), "entries": "1"}
    )  # fmt: skip


async def test_spreadsheets_of_each_language_expect_their_separator(admin: httpx.AsyncClient, desk: Desk) -> None:
    assert (await admin.get("/audit.csv")).text.startswith('\ufeff"at","last_at"')
    await desk.accounts.choose_language("admin", "nl")
    assert (await admin.get("/audit.csv")).text.startswith('\ufeff"at";"last_at"')


async def test_a_form_that_asks_for_nothing_in_particular_is_taken(admin: httpx.AsyncClient) -> None:
    every = {"who": "", "action": "", "about": "", "from_day": "", "to_day": ""}
    assert await rows(admin, **every)
    edges = [("from_day", "0001-01-01"), ("to_day", "9999-12-31"), ("from_day", "9999-12-31")]
    for name, day in edges:
        assert (await admin.get("/audit", params={name: day}, headers=PAGE)).status_code in (200, 422), day
    for at in ("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"):
        assert (await admin.get("/api/v1/audit", params={"since": at})).status_code == 422


@pytest.mark.parametrize("login", ["anna", "chen"])
async def test_it_is_for_admins(client: httpx.AsyncClient, login: str) -> None:
    await log_in(client, login)
    assert [(await client.get(path)).status_code for path in ("/audit", "/audit.csv")] == [403, 403]
    assert 'href="/audit"' not in (await client.get("/", headers=PAGE)).text


async def test_programs_have_the_same_filters(admin: httpx.AsyncClient, desk: Desk) -> None:
    await desk.audit.note("agent:bo", Action.STAGE_SET, "t-1", desk.at())

    async def found(**asked: str) -> int:
        return len((await admin.get("/api/v1/audit", params=asked)).json()["items"])

    assert [await found(who_did="bo"), await found(action="stage_set"), await found(about="t-1")] == [1, 1, 1]
    assert await found(since=(desk.at() + timedelta(seconds=1)).isoformat()) == 0
    assert (await admin.get("/api/v1/audit", params={"since": "2026-11-22T10:00:00"})).status_code == 422
    assert (await admin.get("/api/v1/audit", params={"action": "nothing"})).status_code == 422
