"""SQLite with one writing thread, which commits together whatever piled up during the commit before.

Durable before acknowledged: `synchronous=FULL` flushes the write-ahead log at each commit, and the
grouping pays for it. An idle writer takes a unit of work at once; nobody waits for company.
"""

import asyncio
import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError

from routing.model import RecordsUnavailable
from store.columns import to_json

T = TypeVar("T")
BATCH = 64  # units of work that share a commit at most
READERS = 2
BUSY_MS = 1_000  # how long one try waits for another process's write …
PATIENCE_S = 4.0  # … and a unit of work for all its tries: a caller is on the line meanwhile
REFUSALS = {  # SQLite's primary result codes: nothing that was asked is at fault
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the database may only be read",
    sqlite3.SQLITE_IOERR: "the disk reads or writes no more",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened",
    sqlite3.SQLITE_PERM: "the database may not be opened",
}
STEPS = 20_000  # of SQLite's machine between two looks at the clock: about a millisecond of work
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")  # deleted words are blanked


class ReadingDialect(SQLiteDialect_pysqlite):
    """Begins transactions itself. (Listening to SQLAlchemy's events for it would slow down every statement.)"""

    supports_statement_cache = True
    begin = "BEGIN"

    def do_begin(self, dbapi_connection: Any) -> None:
        dbapi_connection.dbapi_connection.execute(self.begin)


class WritingDialect(ReadingDialect):
    """Takes the write lock at once, so that no transaction fails half-way."""

    supports_statement_cache = True
    begin = "BEGIN IMMEDIATE"


registry.register("sqlite.reading", __name__, ReadingDialect.__name__)
registry.register("sqlite.writing", __name__, WritingDialect.__name__)


def sqlite_engine(path: str, busy_ms: int = BUSY_MS, *, writes: bool = False) -> Engine:
    """An engine whose transactions read, or else take the write lock when they begin.

    Its errors tell no values: what callers said must not reach the logs.

    Raises: ValueError for a database in memory, which threads cannot share.
    """
    if path in ("", ":memory:"):
        raise ValueError("SQLite needs a file")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    dialect = "writing" if writes else "reading"
    engine = create_engine(
        f"sqlite+{dialect}:///{path}", json_serializer=to_json, pool_size=READERS + 2, hide_parameters=True
    )
    event.listen(engine, "connect", partial(_prepare, busy_ms))
    return engine


def _prepare(busy_ms: int, connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in (f"busy_timeout={busy_ms}", *PRAGMAS):
        connection.execute(f"PRAGMA {pragma}")


@dataclass
class WriteJob:
    """One unit of work on its way through the writer."""

    work: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    answer: Any = None
    error: BaseException | None = None
    ordered_s: float = field(default_factory=time.monotonic)

    def run(self, connection: Connection) -> None:
        """In a savepoint of its own: its failure is nobody else's."""
        self.answer = self.error = None
        sqlite: Any = connection.connection.dbapi_connection  # directly: `begin_nested` costs more than the work
        sqlite.execute("SAVEPOINT unit")
        try:
            self.answer = self.work(connection)
        except Exception as error:
            if _refusal(error):  # SQLite may have rolled everything back: the whole batch fails
                raise
            self.error = error
            sqlite.execute("ROLLBACK TO unit")
        sqlite.execute("RELEASE unit")

    def deliver(self) -> None:
        if self.done.done():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.answer)


class SqliteDatabase:
    def __init__(self, path: str, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._reading, self._writing = sqlite_engine(path), sqlite_engine(path, writes=True)
        self._orders: queue.SimpleQueue[WriteJob | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, "sqlite-read")
        self._writer = threading.Thread(target=self._serve, name="sqlite-write", daemon=True)
        self._writer.start()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Raises: RecordsUnavailable."""
        until_s = time.monotonic() + self._patience_s
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work, until_s)

    def _read(self, work: Callable[[Connection], T], until_s: float) -> T:
        if time.monotonic() > until_s:  # waited too long for those before it
            raise RecordsUnavailable("no reader in time")
        try:
            with self._reading.connect() as connection, _stopped_after(connection, until_s):
                return work(connection)
        except (DBAPIError, sqlite3.Error) as error:
            if is_busy(error) or _code(error) == sqlite3.SQLITE_INTERRUPT:
                raise RecordsUnavailable("not read in time") from error
            raise _translated(error) from error

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Raises: RecordsUnavailable."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._orders.put(WriteJob(work, loop, done))
        return await done

    async def close(self) -> None:
        """Finish what was ordered, then close."""
        self._orders.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        self._reading.dispose()
        self._writing.dispose()

    def _serve(self) -> None:
        going = True
        while going:
            batch, going = self._next_batch()
            if batch:
                self._commit(batch)
                _deliver(batch)

    def _next_batch(self) -> tuple[list[WriteJob], bool]:
        batch: list[WriteJob] = []
        try:
            order = self._orders.get()
            while order is not None:
                batch.append(order)
                if len(batch) == BATCH:
                    return batch, True
                order = self._orders.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _commit(self, batch: Sequence[WriteJob]) -> None:
        """Commit them, or give each its error; at least one try, and none when the oldest has waited too long."""
        until_s = batch[0].ordered_s + self._patience_s
        while error := self._fails(batch):
            if not is_busy(error) or time.monotonic() > until_s:
                _fail(batch, error)
                return
            time.sleep(random.uniform(0.005, 0.05))

    def _fails(self, batch: Sequence[WriteJob]) -> Exception | None:
        try:
            with self._writing.begin() as connection:
                for order in batch:
                    order.run(connection)
        except Exception as error:
            return error
        return None


@contextmanager
def _stopped_after(connection: Connection, until_s: float) -> Iterator[None]:
    """SQLite looks at the clock now and then, and interrupts what takes too long."""
    sqlite: Any = connection.connection.dbapi_connection
    sqlite.set_progress_handler(lambda: time.monotonic() > until_s, STEPS)
    try:
        yield
    finally:
        sqlite.set_progress_handler(None, STEPS)


def is_busy(error: Exception) -> bool:
    """Whether another process holds the database's lock."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _code(error: Exception) -> int:
    """SQLite's primary result code, 0 when it is not SQLite's error."""
    return int(getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)) & 0xFF


def _refusal(error: Exception) -> str:
    """Why the records cannot be had at all just now, empty when they can."""
    return REFUSALS.get(_code(error), "")


def _translated(error: Exception) -> Exception:
    """The error as the cores know it."""
    if is_busy(error):
        translated = RecordsUnavailable("The records are busy: another process holds them.")
    elif refusal := _refusal(error):
        translated = RecordsUnavailable(f"The records do not answer: {refusal}.")
    else:
        return error
    translated.__cause__ = error
    return translated


def _fail(batch: Sequence[WriteJob], error: Exception) -> None:
    translated = _translated(error)
    for order in batch:
        order.error = translated


def _deliver(batch: Sequence[WriteJob]) -> None:
    for loop in {order.loop for order in batch}:
        mine = [order for order in batch if order.loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_deliver_all, mine)


def _deliver_all(orders: Sequence[WriteJob]) -> None:
    for order in orders:
        order.deliver()
