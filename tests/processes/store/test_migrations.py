"""The migrations make exactly the tables that the code uses, on both databases, whoever runs them at once."""

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, inspect, text

from routing.model import OutboundCallState
from routing.purposes import Purpose
from store import open_records, tables, tables_dispatch, tables_emergencies, tables_matters, tables_nodes, tables_talks
from store.columns import metadata
from store.database import Database, connect
from store.migrate import alembic_config, upgrade
from tests.contract.samples import a_callback, an_attempt, later, opened_ticket

BEFORE_PUBLICATIONS = "0009"
BEFORE_INTAKE = "0012"
BEFORE_OUTBOUND_CALLS = "0011"
FILLED_BY = (tables, tables_dispatch, tables_emergencies, tables_matters, tables_nodes, tables_talks)


BY_EXPRESSION = {  # which Alembic cannot compare, and says so
    index.name
    for table in metadata.tables.values()
    for index in table.indexes
    if not all(isinstance(each, Column) for each in index.expressions)
}
pytestmark = [
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
]


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"include_object": is_comparable})
    return list(compare_metadata(context, metadata))


def is_comparable(thing: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    return kind != "index" or name not in BY_EXPRESSION


def indexes(connection: Connection) -> set[str]:
    sqlite = "SELECT name FROM sqlite_master WHERE type = 'index'"
    query = sqlite if connection.dialect.name == "sqlite" else "SELECT indexname FROM pg_indexes"
    return set(connection.execute(text(query)).scalars())


async def check(url: str) -> None:
    database: Database = connect(url)
    try:
        assert await database.read(differences) == []
        assert await database.read(indexes) >= BY_EXPRESSION
    finally:
        await database.close()


async def test_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deep' / 'folder' / 'records.db'}"
    upgrade(url)
    upgrade(url)
    await check(url)


async def test_on_postgres(postgres_url: str) -> None:
    upgrade(postgres_url)
    upgrade(postgres_url)
    await check(postgres_url)


async def test_two_processes_may_migrate_at_once(tmp_path: Path, postgres_url: str) -> None:
    for url in (f"sqlite:///{tmp_path / 'records.db'}", postgres_url):
        await asyncio.gather(*(asyncio.to_thread(upgrade, url) for _ in range(3)))
        await check(url)


async def test_every_migration_can_be_undone(sqlite_url: str, postgres_url: str) -> None:
    upgrade(postgres_url)
    for url in (sqlite_url, postgres_url):
        database = connect(url)
        await database.write(lambda connection: command.downgrade(alembic_config(connection), "base"))
        left = await database.read(lambda connection: inspect(connection).get_table_names())
        assert left == ["alembic_version"]
        await database.close()


async def test_private_things_are_apart_and_have_their_time(sqlite_url: str) -> None:
    private = [table for name, table in metadata.tables.items() if name.endswith("_private")]
    assert len(private) == 11
    for table in private:
        assert "purge_after" in table.c
        assert not table.c.purge_after.nullable


async def test_every_root_row_names_its_site(sqlite_url: str) -> None:
    for name in ("calls", "tickets", "queue_entries", "agents", "outbound_calls", "users", "documents", "audit"):
        assert "site_id" in metadata.tables[name].c


OLD_ROWS = (
    """INSERT INTO tickets (id, site_id, number, opened_at, stage, topic, crew, urgency_suggested, withheld, shared,
       caller_kind, answer) VALUES (:id, 'demo', :id, '2026-11-22', 'closed', 'lift', 'technical', 'low', :no, :no,
       'staff', 'told Ms Jansen')""",
    """INSERT INTO ticket_changes (id, ticket_id, at, actor, what, "to", note)
       VALUES (:id, :id, '2026-11-22', 'agent:anna', 'stage', 'closed', 'told Ms Jansen')""",
)
PRIVATE_ROW = """INSERT INTO ticket_private (ticket_id, words, why, raw, name, purge_after)
    VALUES (:id, '', '[]', '', '', '2027-02-20')"""
HELD = """SELECT ticket_id, answer, note FROM ticket_private LEFT JOIN ticket_change_private ON change_id = ticket_id"""
HELD_BEFORE = "SELECT id, answer, (SELECT note FROM ticket_changes WHERE ticket_id = tickets.id) FROM tickets"


async def test_answers_and_notes_go_where_they_are_forgotten_and_those_overdue_go(
    sqlite_url: str, postgres_url: str
) -> None:
    upgrade(postgres_url)
    for url in (sqlite_url, postgres_url):
        database = connect(url)

        def told_before(connection: Connection) -> None:
            command.downgrade(alembic_config(connection), "0001")
            for ticket_id in ("kept", "overdue"):
                for row in OLD_ROWS:
                    connection.execute(text(row), {"id": ticket_id, "no": False})
            connection.execute(text(PRIVATE_ROW), {"id": "kept"})

        await database.write(told_before)
        await database.write(lambda connection: command.upgrade(alembic_config(connection), "head"))
        held = await database.read(lambda connection: connection.execute(text(HELD)).all())
        assert [tuple(row) for row in held] == [("kept", "told Ms Jansen", "told Ms Jansen")]
        await database.write(lambda connection: command.downgrade(alembic_config(connection), "0001"))
        back = await database.read(lambda connection: connection.execute(text(HELD_BEFORE)).all())
        assert {tuple(row) for row in back} == {("kept", "told Ms Jansen", "told Ms Jansen"), ("overdue", None, "")}
        await database.close()


OLD_EDITION = """INSERT INTO editions (hash, site_id, hashes, published_at) VALUES (:hash, :site, '{}', :at)"""
IN_FORCE = "SELECT site_id, number, edition_hash FROM publications ORDER BY site_id"
FOLDERS = "SELECT site_id, folder, imported, seen FROM document_folders ORDER BY site_id"


async def test_what_was_in_force_before_publications_stays_in_force(sqlite_url: str, postgres_url: str) -> None:
    upgrade(postgres_url)
    rows = [("a1", "a", "2026-11-21"), ("a2", "a", "2026-11-23"), ("a3", "a", "2026-11-22"), ("b1", "b", "2026-11-20")]
    for url in (sqlite_url, postgres_url):
        database = connect(url)

        def started_before(connection: Connection) -> None:
            command.downgrade(alembic_config(connection), BEFORE_PUBLICATIONS)
            for name, site, at in rows:
                connection.execute(text(OLD_EDITION), {"hash": name, "site": site, "at": datetime.fromisoformat(at)})

        await database.write(started_before)
        await database.write(lambda connection: command.upgrade(alembic_config(connection), "head"))
        told = await database.read(lambda connection: connection.execute(text(IN_FORCE)).all())
        assert [tuple(row) for row in told] == [("a", 1, "a2"), ("b", 1, "b1")]
        noted = await database.read(lambda connection: connection.execute(text(FOLDERS)).all())
        assert [tuple(row) for row in noted] == [("a", "", "a2", "a2"), ("b", "", "b1", "b1")]
        await database.close()


TOLD_BEFORE = """INSERT INTO tickets (id, site_id, number, key, opened_at, stage, topic, crew, urgency_suggested,
    withheld, shared, caller_kind) VALUES (:id, 'demo', :id, :key, '2026-11-22', 'recorded', 'person', 'dispatch',
    'normal', :no, :no, 'unknown')"""
RECORDED_BEFORE = "INSERT INTO messages (id, ticket_id, recording, at) VALUES (:id, :id, '1.wav', '2026-11-22')"
WHENCE = "SELECT id, source, taken_by FROM tickets ORDER BY id"


async def test_what_the_dialplan_had_recorded_came_as_a_message_all_else_by_telephone(
    sqlite_url: str, postgres_url: str
) -> None:
    upgrade(postgres_url)
    keys = {"alone": "c1:spool:1795918200.17", "talked": "c2:spool:1795918200.18", "told": "c3:matter"}
    for url in (sqlite_url, postgres_url):
        database = connect(url)

        def told_before(connection: Connection) -> None:
            command.downgrade(alembic_config(connection), BEFORE_INTAKE)
            for ticket_id, key in keys.items():
                connection.execute(text(TOLD_BEFORE), {"id": ticket_id, "key": key, "no": False})
            for ticket_id in ("alone", "told"):
                connection.execute(text(RECORDED_BEFORE), {"id": ticket_id})

        await database.write(told_before)
        await database.write(lambda connection: command.upgrade(alembic_config(connection), "head"))
        whence = await database.read(lambda connection: connection.execute(text(WHENCE)).all())
        assert [tuple(row) for row in whence] == [
            ("alone", "message", ""),
            ("talked", "call", ""),
            ("told", "call", ""),
        ]
        await database.close()


async def test_callbacks_and_their_attempts_go_back_and_forth_and_keep_their_places(
    sqlite_url: str, postgres_url: str
) -> None:
    upgrade(postgres_url)
    for url in (sqlite_url, postgres_url):
        async with open_records(url) as records:
            owed = await records.outbound_calls.store(a_callback(await opened_ticket(records), due=later(60)))
            await records.outbound_calls.store(a_callback(await opened_ticket(records), purpose=Purpose.SURVEY))
            attempt = an_attempt(owed)
            assert await records.outbound_calls.claim_attempt(attempt)
            before = await records.queue.of_callback(owed.id)

            def back_and_forth(connection: Connection) -> None:
                command.downgrade(alembic_config(connection), BEFORE_OUTBOUND_CALLS)
                command.upgrade(alembic_config(connection), "head")

            await records.database.write(back_and_forth)
            (kept,) = await records.outbound_calls.open()
            assert kept == replace(owed, state=OutboundCallState.DIALLING, attempts=1)
            assert await records.outbound_calls.attempts_of(owed.id) == [attempt]
            assert before is not None
            assert await records.queue.of_callback(owed.id) == before
