"""Bring a database up to date; safe to run from several processes at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from routing.model import RecordsUnavailable
from store.database import connect, postgres_engine
from store.sqlite import sqlite_engine

if TYPE_CHECKING:  # loading Alembic takes longer than asking whether it is needed
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE_MS = 60_000  # for another process that migrates
LOCK = 0x6F6E656E  # any number that only we use
REVISION = "SELECT version_num FROM alembic_version"


def upgrade(database_url: str) -> None:
    """Apply every migration that the database does not have yet, creating it where it is SQLite."""
    with ThreadPoolExecutor(1) as apart:  # the caller may be inside an event loop of its own
        if apart.submit(current, database_url).result() != newest():
            apart.submit(_upgrade, database_url).result()


def newest() -> str:
    """The last migration's revision, after which its file is named."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current(database_url: str) -> str | None:
    """The revision that a database has, None when it has none."""
    return asyncio.run(_current(database_url))


async def _current(database_url: str) -> str | None:
    database = connect(database_url)
    try:
        return await database.read(lambda connection: connection.execute(text(REVISION)).scalar())
    except (DBAPIError, RecordsUnavailable):  # no such table, or no such database: the migration tells which
        return None
    finally:
        await database.close()


def alembic_config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _upgrade(database_url: str) -> None:
    from alembic import command

    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        engine = sqlite_engine(url.database or "", PATIENCE_MS, writes=True)
        with engine.begin() as connection:
            command.upgrade(alembic_config(connection), "head")
        engine.dispose()
    else:
        asyncio.run(_upgrade_postgres(database_url))


async def _upgrade_postgres(database_url: str) -> None:
    from alembic import command

    engine = postgres_engine(database_url, command_s=None, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "head"))
    await engine.dispose()
