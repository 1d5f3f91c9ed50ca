"""SQLite: durable before acknowledged, grouped so that it stays cheap, and patient with other processes."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from config.settings import PROJECT
from routing.model import RecordsUnavailable
from store.sqlite import SqliteDatabase
from tests.disks import fill, small_disk


@pytest.fixture
async def database(tmp_path: Path) -> SqliteDatabase:
    database = SqliteDatabase(str(tmp_path / "work.db"))
    await database.write(lambda connection: connection.execute(text("CREATE TABLE notes (said TEXT UNIQUE)")).rowcount)
    return database


def insert(said: str) -> object:
    return text("INSERT INTO notes VALUES (:said)").bindparams(said=said)


async def note(database: SqliteDatabase, said: str) -> None:
    await database.write(lambda connection: connection.execute(insert(said)).rowcount)  # type: ignore[call-overload]


async def count(database: SqliteDatabase) -> int:
    return await database.read(
        lambda connection: int(connection.execute(text("SELECT count(*) FROM notes")).scalar_one())
    )


async def test_commits_reach_the_disk_before_they_are_acknowledged(database: SqliteDatabase) -> None:
    def pragma(name: str) -> object:
        def work(connection: Connection) -> object:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        return work

    full = 2
    assert await database.write(pragma("synchronous")) == full  # type: ignore[arg-type]
    assert await database.write(pragma("journal_mode")) == "wal"  # type: ignore[arg-type]
    assert await database.write(pragma("foreign_keys")) == 1  # type: ignore[arg-type]
    await database.close()


async def test_many_at_once_share_few_commits(database: SqliteDatabase) -> None:
    commits: list[Connection] = []
    event.listen(database._writing, "commit", commits.append)
    await asyncio.gather(*(note(database, f"{number}") for number in range(200)))
    assert await count(database) == 200
    assert len(commits) < 50
    await database.close()


async def test_one_that_fails_fails_alone(database: SqliteDatabase) -> None:
    results = await asyncio.gather(
        note(database, "a"), note(database, "a"), note(database, "b"), return_exceptions=True
    )
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    assert await count(database) == 2
    await database.close()


async def test_what_was_ordered_is_finished_before_closing(database: SqliteDatabase, tmp_path: Path) -> None:
    ordered = [asyncio.create_task(note(database, f"{number}")) for number in range(50)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*ordered)
    with sqlite3.connect(tmp_path / "work.db") as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (50,)
    connection.close()


async def test_another_process_that_writes_is_waited_for(database: SqliteDatabase, tmp_path: Path) -> None:
    locked, release, tried = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        other = sqlite3.connect(tmp_path / "work.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        locked.set()
        release.wait(60)
        other.execute("ROLLBACK")
        other.close()

    holding = threading.Thread(target=hold)
    holding.start()
    await asyncio.to_thread(locked.wait)

    event.listen(database._writing, "begin", lambda _connection: tried.set())
    writing = asyncio.create_task(note(database, "patient"))
    assert await asyncio.to_thread(tried.wait, 30)
    assert await count(database) == 0  # readers do not wait
    assert not writing.done()
    release.set()
    await asyncio.wait_for(writing, 30)
    await asyncio.to_thread(holding.join)
    await database.close()


async def test_one_that_writes_for_ever_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    database = SqliteDatabase(str(tmp_path / "held.db"), patience_s=0.5)
    await database.write(lambda connection: connection.execute(text("CREATE TABLE notes (said TEXT)")).rowcount)
    other = sqlite3.connect(tmp_path / "held.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsUnavailable):
        await note(database, "in vain")
    other.execute("ROLLBACK")
    other.close()
    await note(database, "again")
    assert await count(database) == 1
    await database.close()


ENDLESS = """WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted)
    SELECT count(*) FROM counted"""


async def test_what_reads_for_ever_is_stopped_and_holds_nobody_up(database: SqliteDatabase, tmp_path: Path) -> None:
    impatient = SqliteDatabase(str(tmp_path / "work.db"), patience_s=1.0)
    endless = [impatient.read(lambda connection: connection.execute(text(ENDLESS)).scalar()) for _ in range(6)]
    async with asyncio.timeout(30):
        stopped = await asyncio.gather(*endless, return_exceptions=True)
        assert [type(error) for error in stopped] == [RecordsUnavailable] * 6
        assert await count(impatient) == 0
    await impatient.close()
    await database.close()


async def test_a_read_that_is_refused_tells_why(database: SqliteDatabase) -> None:
    with pytest.raises(OperationalError, match="no such table"):
        await database.read(lambda connection: connection.execute(text("SELECT * FROM nowhere")).all())
    await database.close()


async def test_a_caller_who_gives_up_waiting_disturbs_nobody(database: SqliteDatabase) -> None:
    impatient = asyncio.create_task(note(database, "a"))
    await asyncio.sleep(0)
    impatient.cancel()
    await note(database, "b")
    assert await count(database) in (1, 2)  # whether the first was written is not said to who has gone
    await database.close()


def test_memory_is_no_database_for_several_threads() -> None:
    with pytest.raises(ValueError, match="file"):
        SqliteDatabase(":memory:")


WRITER = """
import asyncio, sys
from sqlalchemy import text
from store.sqlite import SqliteDatabase
from tests.disks import fill, small_disk
async def main():
    database = SqliteDatabase(sys.argv[1])
    for number in range(100_000):
        await database.write(lambda c: c.execute(text(f"INSERT INTO notes VALUES ('{number}')")).rowcount)
        print(number, flush=True)
asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_minus_nine(database: SqliteDatabase, tmp_path: Path) -> None:
    command = ("-c", WRITER, str(tmp_path / "work.db"))
    writer = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=subprocess.PIPE, cwd=PROJECT)
    assert writer.stdout is not None
    said = b"".join([await writer.stdout.readline() for _ in range(20)])
    writer.kill()
    said += await writer.stdout.read()
    await writer.wait()
    acknowledged = said.count(b"\n")
    assert acknowledged <= await count(database) <= acknowledged + 1
    await database.close()


async def test_a_full_disk_is_said_in_words_and_over_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2) as disk:
        database = SqliteDatabase(str(disk / "work.db"))
        await database.write(
            lambda connection: connection.execute(text("CREATE TABLE notes (said TEXT UNIQUE)")).rowcount
        )
        filled = fill(disk)
        said = [f"{number}" * 5_000 for number in range(10, 30)]
        told = await asyncio.gather(*(note(database, text) for text in said), return_exceptions=True)
        assert {(type(error), str(error)) for error in told} == {
            (RecordsUnavailable, "The records do not answer: the disk is full.")
        }
        assert await count(database) == 0
        filled.unlink()
        await note(database, "there is room")
        assert await count(database) == 1
        await database.close()


async def test_a_database_that_may_only_be_read_is_said_in_words(tmp_path: Path) -> None:
    database = SqliteDatabase(str(tmp_path / "work.db"))
    event.listen(database._writing, "begin", lambda connection: connection.exec_driver_sql("PRAGMA query_only=ON"))
    with pytest.raises(RecordsUnavailable, match="may only be read"):
        await database.write(lambda connection: connection.execute(text("CREATE TABLE notes (said TEXT)")).rowcount)
    await database.close()
