"""PostgreSQL: no unit of work waits for ever, and a server that is gone is told as that and nothing else."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from routing.model import RecordsUnavailable
from store.database import PostgresDatabase, connect, postgres_engine, write_nothing
from tests.conftest import PostgresServer

SLEEPS = text("SELECT pg_sleep(600)")
SLEEPERS = "FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid()"
ONE = text("SELECT 1")
TRIES = 20  # a busy machine may not connect anew within so little time


async def asked(database: PostgresDatabase, question: TextClause) -> object:
    return await database.read(lambda connection: connection.execute(question).scalar())


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[PostgresDatabase]:
    database = connect(url)
    assert isinstance(database, PostgresDatabase)
    yield database
    await database.close()


@pytest.fixture
def short_lived() -> Iterator[PostgresServer]:
    """A server that the test stops."""
    folder = Path(tempfile.mkdtemp(prefix="onenumber-postgres-"))
    server = PostgresServer(folder)
    server.start()
    yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(("command_s", "patience_s"), [(0.2, 60.0), (60.0, 0.5)])
async def test_what_takes_too_long_fails_and_the_next_goes_on(
    postgres_url: str, command_s: float, patience_s: float
) -> None:
    database = PostgresDatabase(postgres_engine(postgres_url, command_s), patience_s)
    with pytest.raises(RecordsUnavailable):
        await database.write(lambda connection: connection.execute(SLEEPS).scalar())
    with pytest.raises(RecordsUnavailable):
        await asked(database, SLEEPS)
    assert await eventually_one(database) == 1
    await database.close()


async def eventually_one(database: PostgresDatabase) -> object:
    for _ in range(TRIES):
        with suppress(RecordsUnavailable):
            return await asked(database, ONE)
    return None


async def test_a_server_that_stops_is_unavailable_at_once_and_later(short_lived: PostgresServer) -> None:
    async with opened(short_lived.create()) as database:
        asking = asyncio.create_task(asked(database, SLEEPS))
        while not await asked(database, text(f"SELECT count(*) {SLEEPERS}")):
            pass
        await asyncio.to_thread(short_lived.stop)
        with pytest.raises(RecordsUnavailable):
            await asking
        with pytest.raises(RecordsUnavailable, match=r"refused|Connect call failed"):
            await asked(database, ONE)
        with pytest.raises(RecordsUnavailable):
            await database.write(lambda connection: connection.execute(ONE).scalar())


async def test_a_connection_that_is_cut_costs_one_unit_of_work(postgres_url: str) -> None:
    async with opened(postgres_url) as database:
        asking = asyncio.create_task(asked(database, SLEEPS))
        while not await asked(database, text(f"SELECT count(pg_terminate_backend(pid)) {SLEEPERS}")):
            pass
        with pytest.raises(RecordsUnavailable):
            await asking
        assert await asked(database, ONE) == 1


def doubled(connection: Connection) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE once (a int UNIQUE)"))
    connection.execute(text("INSERT INTO once VALUES (1), (1)"))


def misspelt(connection: Connection) -> None:
    connection.execute(text("SELEC 1"))


def mistyped(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT $1::int", ("one",))


@pytest.mark.parametrize(
    ("mistake", "told"), [(doubled, IntegrityError), (misspelt, ProgrammingError), (mistyped, DBAPIError)]
)
async def test_a_mistake_of_ours_is_told_as_that(postgres_url: str, mistake: object, told: type[Exception]) -> None:
    async with opened(postgres_url) as database:
        with pytest.raises(told):
            await database.write(mistake)  # type: ignore[arg-type]


async def test_a_server_that_may_only_be_read_is_told_as_that(postgres_url: str) -> None:
    read_only = {"server_settings": {"default_transaction_read_only": "on"}}
    engine = create_async_engine(postgres_url, connect_args=read_only)
    database = PostgresDatabase(engine)
    with pytest.raises(RecordsUnavailable, match="may only be read"):
        await database.write(write_nothing)
    with pytest.raises(RecordsUnavailable, match="read-only"):
        await database.write(lambda connection: connection.execute(text("CREATE TABLE notes (said TEXT)")).rowcount)
    await database.close()


async def test_a_write_that_changes_nothing_is_one(postgres_url: str) -> None:
    async with opened(postgres_url) as database:
        await database.write(write_nothing)
