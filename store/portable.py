"""What both databases do, each in its own dialect."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Select, Table
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from routing.effects import Lost


def insert_unless_there(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert, unless any unique index has it already; whether the row went in."""
    return connection.execute(_insertion(connection.dialect.name, table), dict(row)).rowcount == 1


@cache
def _insertion(dialect: str, table: Table) -> Executable:
    """Built once: some are run several times a second for each call."""
    if dialect == "postgresql":
        return postgres_insert(table).on_conflict_do_nothing()
    return sqlite_insert(table).on_conflict_do_nothing()


def hold(connection: Connection, rows: Select[Any]) -> None:
    """Lock rows until the transaction ends, where the database can: SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(rows.with_for_update(key_share=True))


def must_win(won: bool) -> None:
    """Raises: Lost."""
    if not won:
        raise Lost
