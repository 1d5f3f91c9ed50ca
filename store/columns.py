"""Columns that behave alike on SQLite and PostgreSQL, whatever a caller's phone sends."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, ForeignKey, Index, MetaData, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

ID = String(36)
WORD = String(64)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC; SQLite keeps them without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class HostileText(TypeDecorator[str]):
    """Text from outside: NUL (which PostgreSQL refuses) and lone surrogates become visible substitutes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


Json = JSON().with_variant(JSONB(), "postgresql")


def storable(text: str) -> str:
    """The text without what a database cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def to_json(value: Any) -> str:
    """JSON that both databases hold, hostile text included."""
    return storable(json.dumps(value, ensure_ascii=False)).replace("\\u0000", "\N{REPLACEMENT CHARACTER}")


def one_at_most(name: str, where: object, *columns: Column[Any]) -> Index:
    """A partial unique index: one row for the columns' values among those that `where` selects."""
    return Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


def reference(name: str, target: str, nullable: bool = False, key: bool = False) -> Column[str]:
    return Column(name, ID, ForeignKey(target, ondelete="CASCADE"), nullable=nullable, primary_key=key)
