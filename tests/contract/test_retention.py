"""A backlog of any size is forgotten, a few rows at a time, on both databases."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Connection, func, select

from routing.model import Call, RecordsUnavailable
from store.database import Database
from store.records import SqlRecords, open_records
from store.retention import PRIVATE, ClockLeapt, forgotten_until, look, purge
from store.tables import event_private
from tests.contract.samples import NOW, an_event, later, opened_call

T = TypeVar("T")
OVERDUE = NOW + timedelta(days=400)
EVENTS = 7


class Noting:
    """A database that counts units of work that write, and fails at the one that it is told to."""

    def __init__(self, database: Database, fails_at: int | None = None) -> None:
        self._database = database
        self._fails_at = fails_at
        self.answers: list[object] = []

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._database.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        if len(self.answers) == self._fails_at:
            raise RecordsUnavailable
        answer = await self._database.write(work)
        self.answers.append(answer)
        return answer

    async def close(self) -> None:
        await self._database.close()


@pytest.fixture
async def records(database_url: str) -> AsyncIterator[SqlRecords]:
    async with open_records(database_url) as opened:
        yield opened


async def talked(records: SqlRecords) -> Call:
    """A call that still goes on, and what was said in it."""
    call = await opened_call(records)
    await records.calls.append([an_event(call.id, private={"text": "the drain"}) for _ in range(EVENTS)])
    return call


async def left(records: SqlRecords) -> int:
    query = select(func.count()).select_from(event_private)
    return int(await records.database.read(lambda connection: connection.execute(query).scalar_one()))


async def test_a_backlog_goes_in_small_units_of_work(records: SqlRecords) -> None:
    await talked(records)
    database = Noting(records.database)
    gone = await purge(SqlRecords(database), OVERDUE, batch=3)
    assert gone["event_private"] == EVENTS
    assert database.answers == [0, 3, 3, 1] + [0] * len(PRIVATE)
    assert await left(records) == 0


async def test_what_is_still_needed_is_in_nobodys_way(records: SqlRecords) -> None:
    live = [await talked(records) for _ in range(3)]
    done = await opened_call(records, started_at=later(60))
    await records.calls.end(done.id, "hung up", later(90))
    assert (await purge(records, OVERDUE, batch=2))["call_private"] == 1
    assert (await records.calls.load(done.id)).caller.number is None
    assert all([(await records.calls.load(call.id)).caller.number for call in live])


async def test_what_is_gone_stays_gone_when_the_records_fail(records: SqlRecords) -> None:
    await talked(records)
    failing = SqlRecords(Noting(records.database, fails_at=3))
    with pytest.raises(RecordsUnavailable):
        await purge(failing, OVERDUE, batch=3)
    assert await left(records) == EVENTS - 6
    await purge(records, OVERDUE, batch=3)
    assert await left(records) == 0


async def test_a_leap_of_the_clock_is_noticed(records: SqlRecords) -> None:
    assert await forgotten_until(records) is None
    for at in (NOW, later(3_600), NOW):  # also when it was set back
        await look(records, at)
        assert await forgotten_until(records) == at
    with pytest.raises(ClockLeapt):
        await look(records, OVERDUE)
    assert await forgotten_until(records) == NOW
    await look(records, OVERDUE, trusted=True)
    assert await forgotten_until(records) == OVERDUE
