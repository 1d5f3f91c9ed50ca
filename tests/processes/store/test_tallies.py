"""Counting everything is done now and then, whoever asks how often."""

import asyncio

from store.records import SqlRecords
from store.tallies import FRESH_S, Tallies
from tests.contract.samples import opened_ticket


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def test_counts_are_a_few_seconds_old_at_most(records: SqlRecords) -> None:
    clock = Clock()
    tallies = Tallies(records.database, clock)
    await opened_ticket(records)
    first = await tallies.read()
    assert first["tickets"] == {"recorded": 1}
    await opened_ticket(records)
    clock.now_s = FRESH_S - 0.1
    assert await tallies.read() is first
    clock.now_s = FRESH_S
    assert (await tallies.read())["tickets"] == {"recorded": 2}


async def test_those_who_ask_at_once_share_one_count(records: SqlRecords) -> None:
    tallies = Tallies(records.database)
    first, *others = await asyncio.gather(*(tallies.read() for _ in range(5)))
    assert all(other is first for other in others)


async def test_the_archive_counts_so(records: SqlRecords) -> None:
    first = await records.archive.tallies()
    await opened_ticket(records)
    assert await records.archive.tallies() is first
