"""Documents as immutable versions: a call finds those it began with, whatever was published since."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from config.documents import Edition, digest
from routing.model import NotFound
from store.portable import insert_unless_there
from store.records import SqlRecords
from store.tables import documents, editions


async def keep(records: SqlRecords, edition: Edition, now: datetime | None = None) -> dict[str, str]:
    """Store what is new of an edition and publish it; answers its hashes. Harmless when repeated."""
    seen_at = now or datetime.now(UTC)
    site_id, bodies = edition.site.id, edition.model_dump(mode="json")

    def work(connection: Connection) -> dict[str, str]:
        hashes = _keep_documents(connection, site_id, bodies, seen_at)
        published = {"hash": digest(hashes), "site_id": site_id, "hashes": hashes, "published_at": seen_at}
        if not insert_unless_there(connection, editions, published):
            again = update(editions).where(editions.c.hash == published["hash"])
            connection.execute(again.values(published_at=seen_at))
        return hashes

    return await records.database.write(work)


async def keep_beside(records: SqlRecords, site_id: str, bodies: Mapping[str, Any]) -> dict[str, str]:
    """Store what a call pins besides its edition, by kind; answers the hashes. Harmless when repeated."""
    seen_at = datetime.now(UTC)
    return await records.database.write(lambda connection: _keep_documents(connection, site_id, bodies, seen_at))


def _keep_documents(
    connection: Connection, site_id: str, bodies: Mapping[str, Any], seen_at: datetime
) -> dict[str, str]:
    hashes = {kind: digest(body) for kind, body in bodies.items()}
    for kind, body in bodies.items():
        row = {"hash": hashes[kind], "site_id": site_id, "kind": kind, "seen_at": seen_at}
        insert_unless_there(connection, documents, {**row, "body": _canonical(body)})
    return hashes


def of_edition(pins: Mapping[str, str]) -> dict[str, str]:
    """Those of a call's pins that name documents of an edition."""
    return {kind: pins[kind] for kind in Edition.model_fields if kind in pins}


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
    return Edition.model_validate({kind: json.loads(bodies[content_hash]) for kind, content_hash in hashes.items()})


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
