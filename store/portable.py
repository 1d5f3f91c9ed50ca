"""What both databases do, each in its own dialect."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from routing.effects import Lost


def insert_unless_there(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert, unless any unique index has it already; whether the row went in."""
    if connection.dialect.name == "postgresql":
        return connection.execute(postgres_insert(table).values(**row).on_conflict_do_nothing()).rowcount == 1
    return connection.execute(sqlite_insert(table).values(**row).on_conflict_do_nothing()).rowcount == 1


def must_win(won: bool) -> None:
    """Raises: Lost."""
    if not won:
        raise Lost
