"""Documents as immutable versions: a call finds those it began with, whatever was published since."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from config.documents import Edition, digest
from routing.model import NotFound
from store.portable import insert_unless_there
from store.records import SqlRecords
from store.tables import documents, editions


async def keep(records: SqlRecords, edition: Edition, now: datetime | None = None) -> dict[str, str]:
    """Store what is new of an edition; returns its hashes. Harmless when repeated; it is not in force by that."""
    kept_at, site_id = now or datetime.now(UTC), edition.site.id
    written = await asyncio.to_thread(lambda: _written(edition.model_dump(mode="json")))

    def work(connection: Connection) -> dict[str, str]:
        hashes = _keep_documents(connection, site_id, written, kept_at)
        row = {"hash": digest(hashes), "site_id": site_id, "hashes": hashes, "kept_at": kept_at}
        insert_unless_there(connection, editions, row)
        return hashes

    return await records.database.write(work)


async def keep_beside(records: SqlRecords, site_id: str, bodies: Mapping[str, Any]) -> dict[str, str]:
    """Store what a call pins besides its edition, by kind; returns the hashes. Harmless when repeated."""
    seen_at, written = datetime.now(UTC), await asyncio.to_thread(_written, bodies)
    return await records.database.write(lambda connection: _keep_documents(connection, site_id, written, seen_at))


def _written(bodies: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Hash and canonical text by kind; as long as a few frames of a caller's sound."""
    return {kind: (digest(body), _canonical(body)) for kind, body in bodies.items()}


def _keep_documents(
    connection: Connection, site_id: str, written: Mapping[str, tuple[str, str]], seen_at: datetime
) -> dict[str, str]:
    for kind, (content_hash, body) in written.items():
        row = {"hash": content_hash, "site_id": site_id, "kind": kind, "seen_at": seen_at}
        insert_unless_there(connection, documents, {**row, "body": body})
    return {kind: content_hash for kind, (content_hash, _) in written.items()}


def of_edition(pins: Mapping[str, str]) -> dict[str, str]:
    """Those of a call's pins that name documents of an edition."""
    return {kind: pins[kind] for kind in Edition.model_fields if kind in pins}


def name_of(edition: Edition) -> str:
    """The hash by which an edition is published."""
    return digest(edition.hashes())


async def named(records: SqlRecords, edition_hash: str) -> Edition:
    """The edition of this hash. Raises: NotFound."""
    query = select(editions.c.hashes).where(editions.c.hash == edition_hash, editions.c.site_id == records.site_id)
    hashes = await records.database.read(lambda connection: connection.execute(query).scalar())
    if hashes is None:
        raise NotFound(f"edition {edition_hash}")
    return await load(records, hashes)


async def load(records: SqlRecords, pins: Mapping[str, str]) -> Edition:
    """The edition that a call began with, by its pins.

    Raises: NotFound.
    """
    hashes = of_edition(pins)
    query = select(documents.c.hash, documents.c.body).where(documents.c.hash.in_(list(hashes.values())))
    bodies: dict[str, str] = await records.database.read(
        lambda connection: {row.hash: row.body for row in connection.execute(query)}
    )
    missing = [kind for kind, content_hash in hashes.items() if content_hash not in bodies]
    if missing:
        raise NotFound(f"documents {', '.join(missing)}")
    return await asyncio.to_thread(_edition, hashes, bodies)  # as long as a few frames of a caller's sound


def _edition(hashes: Mapping[str, str], bodies: Mapping[str, str]) -> Edition:
    return Edition.model_validate({kind: json.loads(bodies[content_hash]) for kind, content_hash in hashes.items()})


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
