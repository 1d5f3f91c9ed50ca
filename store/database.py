"""Units of work over SQLite or PostgreSQL.

A unit of work is a plain function of a connection; it is one transaction, may be run again after
a conflict, and so touches nothing but the database.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from routing.model import RecordsUnavailable
from store.columns import to_json
from store.sqlite import SqliteDatabase

T = TypeVar("T")
Work = Callable[[Connection], T]
TRIES = 6
CONNECT_S = 3.0
COMMAND_S = 4.0
PATIENCE_S = 8.0  # for a unit of work with all its tries: a caller is on the line meanwhile
CONFLICTS = {"40001", "40P01", "55P03", "23505"}  # serialization, deadlock, lock not available, a unique row raced us
# Connection lost, shutting down or starting, out of disk, memory or connections, read-only, a disk that fails
# (PostgreSQL manual, Appendix A).
GONE = ("08", "57P", "53", "25006", "58")


class Database(Protocol):
    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a unit of work that changes nothing."""

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a unit of work and commit it before answering; what it raises rolls it back."""

    async def close(self) -> None: ...


class PostgresDatabase:
    """One transaction per unit of work; PostgreSQL groups commits by itself.

    A server that is gone, with or without a word, or a lock that is never released, raises RecordsUnavailable.
    """

    def __init__(self, engine: AsyncEngine, patience_s: float = PATIENCE_S) -> None:
        self._engine = engine
        self._patience_s = patience_s

    async def read(self, work: Work[T]) -> T:
        async with _within(self._patience_s), self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Work[T]) -> T:
        async with _within(self._patience_s):
            return await self._until_it_fits(work)

    async def _until_it_fits(self, work: Work[T]) -> T:
        for failures in range(1, TRIES):
            try:
                return await self._once(work)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in CONFLICTS:
                    raise
            await asyncio.sleep(random.uniform(0.005, 0.02) * 2**failures)
        return await self._once(work)

    async def _once(self, work: Work[T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()


@asynccontextmanager
async def _within(patience_s: float) -> AsyncIterator[None]:
    """Raises: RecordsUnavailable."""
    try:
        async with asyncio.timeout(patience_s):
            yield
    except OSError as error:  # no server there; or a time-out, be it ours, a command's, a connection's or the pool's
        raise RecordsUnavailable(str(error) or "no answer in time") from error
    except DBAPIError as error:
        if _is_gone(error):
            raise RecordsUnavailable(str(error.orig).partition("\n")[0]) from error
        raise


def _is_gone(error: DBAPIError) -> bool:
    """Whether the server has gone, lets nobody in or cannot write: nothing that was asked is at fault."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or state.startswith(GONE)


def write_nothing(connection: Connection) -> None:
    """A write that changes nothing, and needs all that any write needs. Raises: RecordsUnavailable."""
    if connection.dialect.name == "sqlite":
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        connection.exec_driver_sql(f"PRAGMA user_version={int(version)}")
    elif connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on":
        raise RecordsUnavailable("The records do not answer: the database may only be read.")
    else:
        connection.exec_driver_sql("SELECT txid_current()")


def connect(database_url: str) -> Database:
    """Raises: ValueError for a database that we do not know."""
    url = make_url(database_url)
    match url.get_backend_name():
        case "sqlite":
            return SqliteDatabase(url.database or "")
        case "postgresql":
            return PostgresDatabase(postgres_engine(database_url))
        case other:
            raise ValueError(f"neither sqlite nor postgresql: {other}")


def postgres_engine(database_url: str, command_s: float | None = COMMAND_S, **options: Any) -> AsyncEngine:
    """An engine over asyncpg, whatever driver the URL names; its errors tell no values."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    limits = {"timeout": CONNECT_S, "command_timeout": command_s}
    return create_async_engine(
        url, pool_pre_ping=True, json_serializer=to_json, hide_parameters=True, connect_args=limits, **options
    )
