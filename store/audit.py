"""Who did and read what at the desk, as a chain: each row's seal covers its content and the seal before it.

The seals are keyed (HMAC-SHA-256, RFC 2104): whoever writes in the database cannot make them. A reading that goes on
changes its row's last time, which has a seal of its own.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, case, cast, insert, or_, select, update

from routing.archive import EVERYTHING, Action, AuditEntry, AuditQuery
from routing.identity import new_id
from store.columns import storable
from store.database import Database
from store.tables_dispatch import audit, audit_marks

HEAD = "head"


class SqlAudit:
    """Implements `routing.archive.Audit`."""

    def __init__(self, database: Database, site_id: str, key: bytes = b"") -> None:
        self._database = database
        self._site_id = site_id
        self._key = key

    async def note(
        self, actor: str, action: Action, subject: str, at: datetime, detail: Mapping[str, str] | None = None
    ) -> str:
        kept = {storable(name): storable(value) for name, value in (detail or {}).items()}
        row = {
            "id": new_id(), "site_id": self._site_id, "at": at, "actor": storable(actor), "action": str(action),
            "subject": storable(subject), "detail": kept,
        }  # fmt: skip
        await self._database.write(lambda connection: append(connection, self._key, row))
        return str(row["id"])

    async def again(self, entry_id: str, at: datetime) -> None:
        change = update(audit).where(audit.c.id == entry_id)
        change = change.values(last_at=at, last_seal=seal(self._key, "last", entry_id, moment(at)))
        await self._database.write(lambda connection: connection.execute(change).rowcount)

    async def entries(
        self, limit: int, before: str | None = None, query: AuditQuery = EVERYTHING
    ) -> Sequence[AuditEntry]:
        of = audit.c
        rows = select(of.id, of.at, of.actor, of.action, of.subject, of.detail, of.last_at)
        rows = rows.where(of.site_id == self._site_id, *_asked(query)).order_by(of.id.desc()).limit(limit)
        rows = rows.where(of.id < before) if before else rows
        return await self._database.read(lambda connection: [AuditEntry(*row) for row in connection.execute(rows)])


def _asked(query: AuditQuery) -> Iterator[ColumnElement[bool]]:
    of = audit.c
    if query.who:
        yield of.actor.in_([storable(actor) for actor in query.actors])
    if query.action:
        yield of.action == str(query.action)
    if query.about:
        named, shown = cast(of.detail, Text), of.detail["shown"].as_string()  # a reading tells its circumstances, too
        told = case((of.action == str(Action.READ), shown), else_=named)
        about = storable(query.about)
        yield or_(of.subject == about, told.contains(about, autoescape=True))
    if query.since:
        yield of.at >= query.since
    if query.until:
        yield of.at < query.until


def append(connection: Connection, key: bytes, row: Mapping[str, Any]) -> None:
    """As the chain's next row; writers take turns at its head."""
    seq, before = head(connection)
    sealed = seal(key, before, content(row, seq + 1))
    connection.execute(insert(audit).values({**row, "seq": seq + 1, "seal": sealed}))
    move_head(connection, seq + 1, sealed)


def head(connection: Connection) -> tuple[int, str]:
    """Number and seal of the last row; nobody else appends until this transaction ends."""
    query = select(audit_marks.c.seq, audit_marks.c.seal).where(audit_marks.c.name == HEAD).with_for_update()
    found = connection.execute(query).one()
    return found.seq, found.seal


def move_head(connection: Connection, seq: int, sealed: str) -> None:
    connection.execute(update(audit_marks).where(audit_marks.c.name == HEAD).values(seq=seq, seal=sealed))


def content(row: Mapping[str, Any], seq: int) -> str:
    """What a row's seal covers: all but the last time."""
    kept = [row[name] for name in ("id", "site_id", "actor", "action", "subject", "detail")]
    return json.dumps([seq, moment(row["at"]), *kept], sort_keys=True, ensure_ascii=False)


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def seal(key: bytes, *parts: str) -> str:
    return hmac.new(key, json.dumps(parts).encode(), hashlib.sha256).hexdigest()
