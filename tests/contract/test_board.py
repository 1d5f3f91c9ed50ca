"""The board is read whole: in memory, on SQLite and on PostgreSQL, however many wait."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from config.documents import WaitingRules
from routing.identity import new_id
from routing.ports import Records
from store.database import Database, connect
from store.records import SqlRecords
from tests.contract.samples import (
    NOW,
    a_callback,
    a_caller,
    an_agent,
    later,
    opened_call,
    opened_ticket,
    waiting_call,
)
from web.board import read_board

T = TypeVar("T")


class CountedReads:
    """A database that counts what is read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.reads = 0

    async def read(self, work: Callable[[Connection], T]) -> T:
        self.reads += 1
        return await self._database.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await self._database.write(work)

    async def close(self) -> None:
        await self._database.close()


async def test_calls_tickets_and_callbacks_are_found_many_at_once(records: Records) -> None:
    call, ticket = await opened_call(records), await opened_ticket(records)
    callback = await records.outbound_calls.store(a_callback(ticket))
    await opened_call(records)
    assert await records.calls.known([call.id, new_id()]) == {call.id: call}
    assert await records.tickets.known({ticket.id, new_id()}) == {ticket.id: ticket}
    assert await records.outbound_calls.known([new_id(), callback.id]) == {callback.id: callback}
    assert not await records.calls.known([])
    assert not await records.tickets.known([])
    assert not await records.outbound_calls.known([])


async def test_the_board_shows_whoever_waits_with_what_is_known(records: Records) -> None:
    await records.agents.enrol(an_agent())
    ticket = await opened_ticket(records, caller=a_caller(number="204"), callback_number="205")
    callback = await records.outbound_calls.store(a_callback(ticket, number="205", since=later(5)))
    ticket = await records.tickets.load(ticket.id)
    plain = await waiting_call(records)
    named = await waiting_call(records, ticket_id=ticket.id, since=later(9), urgency="high")
    board = await read_board(records, WaitingRules(), NOW)
    assert [row.entry for row in board.rows[:2]] == [named, plain]
    assert [row.entry.callback_id for row in board.rows] == [None, None, callback.id]
    assert [row.caller.number for row in board.rows] == ["+31205550204", "+31205550204", "204"]
    assert [row.ticket for row in board.rows] == [ticket, None, ticket]
    assert [row.number for row in board.rows] == [None, None, "205"]
    assert (board.waiting.live, board.waiting.callbacks, len(board.agents)) == (2, 1, 1)


async def one_more_of_each(records: Records) -> None:
    ticket = await opened_ticket(records)
    await waiting_call(records, ticket_id=ticket.id)
    await records.outbound_calls.store(a_callback(ticket))


async def test_a_surge_costs_no_more_readings(database_url: str) -> None:
    database = CountedReads(connect(database_url))
    records = SqlRecords(database)
    counted = []
    for _ in range(3):
        await one_more_of_each(records)
        database.reads = 0
        board = await read_board(records, WaitingRules(), NOW)
        counted.append((len(board.rows), database.reads))
    await database.close()
    assert counted == [(2, 6), (4, 6), (6, 6)]
