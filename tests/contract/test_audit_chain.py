"""Whoever alters the audit in the database is found out; so is who takes rows away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.sql import text

from routing.archive import Action
from store import audit_chain
from store.audit_chain import ChainCheck
from store.records import SqlRecords, open_records
from store.tables_dispatch import audit
from tests.contract.samples import NOW

KEY = "the-key-of-the-tests"


@pytest.fixture
async def records(database_url: str) -> AsyncIterator[SqlRecords]:
    async with open_records(database_url, audit_key=KEY) as opened:
        yield opened


async def noted(records: SqlRecords, count: int = 5) -> list[str]:
    return [
        await records.audit.note("agent:anna", Action.READ, f"t{number}", NOW + timedelta(days=number), {"why": "x\0é"})
        for number in range(count)
    ]


async def check(records: SqlRecords, known: tuple[int, str] | None = None) -> ChainCheck:
    return await audit_chain.verify(records.database, KEY.encode(), known)


async def run(records: SqlRecords, sql: str) -> None:
    await records.database.write(lambda connection: connection.execute(text(sql)).rowcount)


async def test_what_nobody_touched_holds(records: SqlRecords) -> None:
    ids = await noted(records)
    await records.audit.again(ids[1], NOW + timedelta(hours=1))
    verdict = await check(records)
    assert (verdict.trouble, verdict.rows, verdict.seq) == ("", 5, 5)
    assert (await records.audit.entries(9))[3].last_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE audit SET actor = 'agent:bo' WHERE seq = 2", "row 2 .* was altered"),
        ("UPDATE audit SET detail = '{}' WHERE seq = 5", "row 5 .* was altered"),
        ("UPDATE audit SET last_at = at WHERE seq = 3", "last time of row 3"),
        ("DELETE FROM audit WHERE seq = 1", "1 rows are missing before row 2"),
        ("DELETE FROM audit WHERE seq IN (2, 3)", "2 rows are missing before row 4"),
        ("DELETE FROM audit WHERE seq = 5", "after row 4, are missing"),
        ("UPDATE audit SET seq = NULL WHERE seq = 5", "without a seal"),
        ("UPDATE audit SET seal = (SELECT seal FROM audit AS b WHERE b.seq = 1) WHERE seq = 4", "row 4 .* was altered"),
    ],
)
async def test_what_was_altered_is_named(records: SqlRecords, sql: str, says: str) -> None:
    await noted(records)
    await run(records, sql)
    with pytest.raises(AssertionError, match=says):
        raise AssertionError((await check(records)).trouble)


async def test_rows_cut_off_the_new_end_with_its_mark_are_missed_by_who_checked_before(records: SqlRecords) -> None:
    await noted(records)
    before = await check(records)
    await run(records, "DELETE FROM audit WHERE seq > 3")
    await run(records, "UPDATE audit_marks SET seq = 3, seal = (SELECT seal FROM audit WHERE seq = 3)")
    assert "after row 3, are missing" in (await check(records, (before.seq, before.seal))).trouble
    await noted(records)
    assert "not the one that an earlier check saw" in (await check(records, (before.seq, before.seal))).trouble


async def test_another_key_does_not_fit(records: SqlRecords) -> None:
    await noted(records)
    assert "row 1" in (await audit_chain.verify(records.database, b"another")).trouble


async def test_many_writers_make_one_chain(records: SqlRecords, database_url: str) -> None:
    async with open_records(database_url, audit_key=KEY) as other:
        await asyncio.gather(*(noted(each, 20) for each in (records, other, records)))
    verdict = await check(records)
    assert (verdict.trouble, verdict.rows) == ("", 60)


async def test_the_old_end_is_cut_and_the_rest_still_holds(records: SqlRecords) -> None:
    await noted(records)
    before = await check(records)
    assert await audit_chain.cut(records.database, KEY.encode(), NOW + timedelta(days=3)) == 3
    assert await audit_chain.cut(records.database, KEY.encode(), NOW + timedelta(days=3)) == 0
    await noted(records, 1)
    verdict = await check(records, (before.seq, before.seal))
    assert (verdict.trouble, verdict.rows, verdict.seq) == ("", 3, 6)
    await run(records, "DELETE FROM audit WHERE seq = 4")
    await run(records, "UPDATE audit_marks SET seq = 4 WHERE name = 'anchor'")
    assert "was altered" in (await check(records)).trouble


async def test_all_of_it_may_be_cut(records: SqlRecords) -> None:
    await noted(records)
    assert await audit_chain.cut(records.database, KEY.encode(), NOW + timedelta(days=30)) == 5
    assert (await check(records)).trouble == ""
    await noted(records, 2)
    assert ((await check(records)).trouble, (await check(records)).seq) == ("", 7)


async def test_what_was_noted_before_there_were_seals_is_sealed_once(records: SqlRecords) -> None:
    ids = await noted(records, 3)
    await records.database.write(lambda connection: connection.execute(update(audit).values(seq=None)).rowcount)
    await run(records, "UPDATE audit_marks SET seq = 0, seal = ''")
    assert await audit_chain.adopt(records.database, KEY.encode()) == 3
    assert (await check(records)).trouble == ""
    row = await records.database.read(
        lambda connection: dict(connection.execute(select(audit).where(audit.c.id == ids[0])).one()._mapping)
    )
    forged = {**row, "id": "forged", "seq": None, "seal": None}
    await records.database.write(lambda connection: connection.execute(insert(audit).values(forged)).rowcount)
    assert await audit_chain.adopt(records.database, KEY.encode()) == 0
    assert "without a seal" in (await check(records)).trouble
