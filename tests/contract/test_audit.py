"""Who did what at the desk: in memory, on SQLite, on PostgreSQL."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from routing.archive import Action, Audit, AuditQuery
from routing.fake_audit import MemoryAudit
from store.records import open_records
from tests.contract.samples import NASTY, NOW, later


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def audit(request: pytest.FixtureRequest) -> AsyncIterator[Audit]:
    if request.param == "memory":
        yield MemoryAudit()
        return
    if request.param == "sqlite":
        url = str(request.getfixturevalue("sqlite_url"))
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create(request.getfixturevalue("migrated_template"))
    async with open_records(url) as records:
        yield records.audit


async def test_entries_come_newest_first_page_by_page(audit: Audit) -> None:
    for number in range(5):
        await audit.note("agent:anna", Action.STAGE_SET, f"ticket-{number}", later(number), {"to": "accepted"})
    page = await audit.entries(2)
    assert [entry.subject for entry in page] == ["ticket-4", "ticket-3"]
    rest = await audit.entries(9, before=page[-1].id)
    assert [entry.subject for entry in rest] == ["ticket-2", "ticket-1", "ticket-0"]
    first = rest[-1]
    assert (first.at, first.actor, first.action, first.detail) == (NOW, "agent:anna", "stage_set", {"to": "accepted"})


async def test_entries_are_found_by_who_what_about_and_when(audit: Audit) -> None:
    await audit.note("agent:anna", Action.READ, "/calls", NOW, {"shown": "call:c-1 ticket:t-1", "role": "anna"})
    await audit.note("agent:bo", Action.STAGE_SET, "t-1", later(60), {"to": "accepted"})
    await audit.note("operator:root", Action.PASSWORD_CHANGED, "anna", later(120))
    await audit.note("stranger", Action.LOGIN_REFUSED, "bo", later(180), {"why": "100 % wrong"})

    async def found(**asked: Any) -> list[str]:
        return [entry.actor for entry in await audit.entries(9, query=AuditQuery(**asked))]

    assert await found() == ["stranger", "operator:root", "agent:bo", "agent:anna"]
    assert await found(who="anna") == ["agent:anna"]
    assert await found(who="root") == ["operator:root"]
    assert await found(who="stranger") == ["stranger"]
    assert await found(who="ann") == []
    assert await found(action=Action.STAGE_SET) == ["agent:bo"]
    assert await found(about="t-1") == ["agent:bo", "agent:anna"]
    assert await found(about="anna") == ["operator:root"]
    assert [await found(about=about) for about in ("100 %", "%", "_", "t-_", "' OR 1=1 --", NASTY)] == [
        ["stranger"], ["stranger"], [], [], [], [],
    ]  # fmt: skip
    assert await found(since=later(60), until=later(180)) == ["operator:root", "agent:bo"]
    assert await found(who="bo", about="t-1", action=Action.STAGE_SET, since=NOW) == ["agent:bo"]
    newest = await audit.entries(1, query=AuditQuery(about="t-1"))
    rest = await audit.entries(9, newest[0].id, AuditQuery(about="t-1"))
    assert [entry.actor for entry in rest] == ["agent:anna"]


async def test_a_login_that_somebody_typed_may_be_anything(audit: Audit) -> None:
    await audit.note("stranger", Action.LOGIN_REFUSED, NASTY, NOW)
    (entry,) = await audit.entries(9)
    assert "DROP TABLE" in entry.subject
    assert entry.detail == {}
