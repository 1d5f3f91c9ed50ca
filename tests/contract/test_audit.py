"""Who did what at the desk: in memory, on SQLite, on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from routing.archive import Action, Audit
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


async def test_a_login_that_somebody_typed_may_be_anything(audit: Audit) -> None:
    await audit.note("stranger", Action.LOGIN_REFUSED, NASTY, NOW)
    (entry,) = await audit.entries(9)
    assert "DROP TABLE" in entry.subject
    assert entry.detail == {}
