"""What rows remember, and who waits for whom, on real databases."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

from routing.lifecycle import OutboundCallEvent
from routing.model import QueueEntry
from store.database import PostgresDatabase
from store.queue_rows import enter
from store.records import SqlRecords, open_records
from store.tables_dispatch import queue_entries
from tests.conftest import PostgresServer
from tests.contract.samples import (
    a_callback,
    an_attempt,
    an_event,
    an_offer,
    answered,
    available_agent,
    later,
    opened_call,
    opened_ticket,
    phone_taken,
    waiting_call,
)

HELD = text("SELECT id FROM calls WHERE id = :call FOR NO KEY UPDATE")
CALLBACK_HELD = text("SELECT id FROM outbound_calls WHERE id = :callback FOR NO KEY UPDATE")
ATTEMPT_HELD = text("SELECT id FROM attempts WHERE id = :attempt FOR NO KEY UPDATE")
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
END_NOW = text("UPDATE calls SET ended_at = now() WHERE id = :call")


@pytest.fixture
async def records(database_url: str) -> AsyncIterator[SqlRecords]:
    async with open_records(database_url) as opened:
        yield opened


@pytest.fixture
async def on_postgres(postgres_server: PostgresServer, migrated_template: str) -> AsyncIterator[SqlRecords]:
    async with open_records(postgres_server.create(migrated_template)) as opened:
        yield opened


async def called_back(records: SqlRecords) -> QueueEntry:
    """Somebody called back, with an agent; answers the place they had."""
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    (entry,) = await records.queue.waiting()
    offer, attempt = an_offer(entry, await available_agent(records)), an_attempt(callback)
    await records.offers.claim(offer)
    await records.outbound_calls.claim_attempt(attempt)
    await phone_taken(records, attempt, later(3))
    call = await opened_call(records, direction="outbound", outbound_call_id=callback.id)
    await records.outbound_calls.connect(attempt.id, call.id, later(4))
    held = await records.queue.of_call(call.id)
    await answered(records, offer, later(5))
    assert held is not None
    return held


async def kept(records: SqlRecords, entry: QueueEntry) -> tuple[str | None, str]:
    query = select(queue_entries.c.call_id, queue_entries.c.urgency).where(queue_entries.c.id == entry.id)
    row = await records.database.read(lambda connection: connection.execute(query).one())
    return row.call_id, row.urgency


async def test_a_place_that_was_given_up_keeps_what_it_was(records: SqlRecords) -> None:
    entry = await called_back(records)
    await records.calls.end(entry.call_id or "", "hung up", later(9))
    await records.tickets.set_urgency(entry.ticket_id or "", "critical", "anna", later(10))
    assert await kept(records, entry) == (entry.call_id, "normal")


async def test_a_callback_that_is_tried_again_leaves_its_old_places_alone(records: SqlRecords) -> None:
    entry = await called_back(records)
    assert entry.callback_id is not None
    assert await records.outbound_calls.advance(entry.callback_id, OutboundCallEvent.LOST, later(9))
    assert await kept(records, entry) == (entry.call_id, "normal")
    assert [(found.call_id, found.callback_id) for found in await records.queue.waiting()] == [
        (None, entry.callback_id)
    ]


async def test_a_call_does_not_end_while_it_enters_the_queue(on_postgres: SqlRecords) -> None:
    entry = await waiting_call(on_postgres)
    database = on_postgres.database
    assert isinstance(database, PostgresDatabase)
    async with database._engine.begin() as entering, database._engine.connect() as ending:
        await entering.run_sync(lambda connection: enter(connection, entry, "demo"))
        await ending.execute(text("SET lock_timeout = '200ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await ending.execute(END_NOW, {"call": entry.call_id})


async def is_offered(records: SqlRecords, entry: QueueEntry) -> None:
    assert await records.offers.claim(an_offer(entry, await available_agent(records)))


async def leaves(records: SqlRecords, entry: QueueEntry) -> None:
    await records.queue.leave(entry.id, "overflow", later(5))


async def ends(records: SqlRecords, entry: QueueEntry) -> None:
    assert await records.calls.end(entry.call_id or "", "hung up", later(5))


@pytest.mark.parametrize("meanwhile", [is_offered, leaves, ends], ids=lambda meanwhile: meanwhile.__name__)
async def test_who_waits_for_a_call_holds_no_place(
    on_postgres: SqlRecords, meanwhile: Callable[[SqlRecords, QueueEntry], Coroutine[None, None, None]]
) -> None:
    entry = await waiting_call(on_postgres)
    database = on_postgres.database
    assert isinstance(database, PostgresDatabase)
    async with database._engine.begin() as entering:
        await entering.execute(HELD, {"call": entry.call_id})
        going_on = asyncio.create_task(meanwhile(on_postgres, entry))
        while not await database.read(lambda connection: connection.execute(WAITING).scalar()):
            pass
        await entering.execute(text("SET LOCAL lock_timeout = '200ms'"))
        await entering.run_sync(lambda connection: enter(connection, entry, "demo"))
    await going_on


async def test_a_callback_that_ends_just_as_it_is_renewed_is_owed_anew(on_postgres: SqlRecords) -> None:
    ticket = await opened_ticket(on_postgres)
    first = await on_postgres.outbound_calls.store(a_callback(ticket))
    database = on_postgres.database
    assert isinstance(database, PostgresDatabase)
    inserted: list[str] = []

    def end_the_first(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO outbound_calls"):
            inserted.append(statement)
            if len(inserted) == 1:
                await_only(on_postgres.outbound_calls.advance(first.id, OutboundCallEvent.TALKED, later(4)))

    event.listen(database._engine.sync_engine, "after_cursor_execute", end_the_first)
    again = await on_postgres.outbound_calls.store(a_callback(ticket, number="204"))
    assert (len(inserted), again.id != first.id) == (2, True)
    assert await on_postgres.outbound_calls.open() == [again]
    assert [found.callback_id for found in await on_postgres.queue.waiting()] == [again.id]


async def test_who_waits_for_a_callback_holds_no_attempt_of_it(on_postgres: SqlRecords) -> None:
    """A person who is there, while the callback is called off: a deadlock would be a second of silence for them."""
    callback = await on_postgres.outbound_calls.store(a_callback(await opened_ticket(on_postgres)))
    attempt, database = an_attempt(callback), on_postgres.database
    await on_postgres.outbound_calls.claim_attempt(attempt)
    await phone_taken(on_postgres, attempt, later(3))
    call = await opened_call(on_postgres, direction="outbound", outbound_call_id=callback.id)
    assert isinstance(database, PostgresDatabase)
    async with database._engine.begin() as calling_off:
        await calling_off.execute(CALLBACK_HELD, {"callback": callback.id})
        connecting = asyncio.create_task(on_postgres.outbound_calls.connect(attempt.id, call.id, later(4)))
        while not await database.read(lambda connection: connection.execute(WAITING).scalar()):
            pass
        await calling_off.execute(text("SET LOCAL lock_timeout = '200ms'"))
        await calling_off.execute(ATTEMPT_HELD, {"attempt": attempt.id})
    assert await connecting


async def test_who_waits_for_the_call_that_asked_holds_no_callback_of_it(on_postgres: SqlRecords) -> None:
    """An agent answers that call just as its callback is to be dialled: the answer calls the callback off."""
    call, database = await opened_call(on_postgres), on_postgres.database
    callback = await on_postgres.outbound_calls.store(a_callback(await opened_ticket(on_postgres), call_id=call.id))
    assert isinstance(database, PostgresDatabase)
    async with database._engine.begin() as answering:
        await answering.execute(HELD, {"call": call.id})
        claim = on_postgres.outbound_calls.claim_attempt(an_attempt(callback), [an_event(call.id)])
        claiming = asyncio.create_task(claim)
        while not await database.read(lambda connection: connection.execute(WAITING).scalar()):
            pass
        await answering.execute(text("SET LOCAL lock_timeout = '200ms'"))
        await answering.execute(CALLBACK_HELD, {"callback": callback.id})
    assert await claiming
