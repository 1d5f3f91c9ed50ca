"""Which edition is in force, and which were: one row per publication, the latest one counts.

A publication names the edition that it takes the place of. Whoever has not seen what is in force changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from routing.model import NotFound, RoutingError
from store.columns import storable
from store.portable import insert_unless_there
from store.records import SqlRecords
from store.tables import document_folders, editions, publications

ANY_FOLDER = ""  # of an edition that was in force before folders were noted
NEWEST_FIRST = publications.c.number.desc()


@dataclass(frozen=True)
class Publication:
    number: int  # from 1 on
    edition: str  # its hash
    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True)
class FolderMark:
    """What a folder of documents was when it was last looked at."""

    imported: str  # the edition in it, by its hash
    seen: str | None  # the edition in force that its documents are based on


class PublishedMeanwhile(RoutingError):
    """Other documents are in force than the publisher has seen."""

    def __init__(self, in_force: Publication | None) -> None:
        who = f"edition {in_force.edition[:12]}, published by {in_force.by}" if in_force else "no edition"
        super().__init__(f"Other documents are in force than you have seen: {who}.")
        self.in_force = in_force


async def published(records: SqlRecords) -> Publication | None:
    """What is in force; None before the first publication."""
    return await records.database.read(lambda connection: _latest(connection, records.site_id))


async def history(records: SqlRecords, limit: int = 100) -> Sequence[Publication]:
    """The latest publications, newest first."""
    query = select(publications).where(publications.c.site_id == records.site_id).order_by(NEWEST_FIRST).limit(limit)
    return await records.database.read(lambda connection: [_publication(row) for row in connection.execute(query)])


async def publish(
    records: SqlRecords, edition: str, by: str, note: str = "", *, expected: str | None, now: datetime | None = None
) -> Publication:
    """Put a stored edition in force in the place of `expected`; what is in force already is not published again.

    Raises: PublishedMeanwhile, where something else than `expected` is in force; NotFound.
    """
    at = now or datetime.now(UTC)

    def work(connection: Connection) -> Publication:
        known = select(editions.c.hash).where(editions.c.hash == edition, editions.c.site_id == records.site_id)
        if connection.execute(known).first() is None:
            raise NotFound(f"edition {edition}")
        latest = _latest(connection, records.site_id)
        if latest and latest.edition == edition:
            return latest
        if (latest.edition if latest else None) != expected:
            raise PublishedMeanwhile(latest)
        made = Publication(latest.number + 1 if latest else 1, edition, at, storable(by), storable(note))
        if not insert_unless_there(connection, publications, _row(records.site_id, made)):
            raise PublishedMeanwhile(_latest(connection, records.site_id))  # at the same moment
        return made

    return await records.database.write(work)


async def sites(records: SqlRecords) -> Sequence[str]:
    """The sites that have published anything in this database."""
    query = select(publications.c.site_id).distinct().order_by(publications.c.site_id)
    return await records.database.read(lambda connection: list(connection.execute(query).scalars()))


async def folder_mark(records: SqlRecords, folder: str) -> FolderMark | None:
    """What was noted of a folder; of one that is not known, what was in force before folders were noted."""
    of = document_folders.c
    query = select(document_folders).where(of.site_id == records.site_id, of.folder.in_([folder, ANY_FOLDER]))
    query = query.order_by(of.folder.desc())  # the empty name last
    row = await records.database.read(lambda connection: connection.execute(query).first())
    return None if row is None else FolderMark(row.imported, row.seen)


async def mark_folder(records: SqlRecords, folder: str, mark: FolderMark) -> None:
    """Note what a folder is now."""
    where = (document_folders.c.site_id == records.site_id, document_folders.c.folder == folder)
    values = {"imported": mark.imported, "seen": mark.seen}

    def work(connection: Connection) -> None:
        if not connection.execute(update(document_folders).where(*where).values(**values)).rowcount:
            row = {"site_id": records.site_id, "folder": folder, **values}
            insert_unless_there(connection, document_folders, row)

    await records.database.write(work)


def _latest(connection: Connection, site_id: str) -> Publication | None:
    query = select(publications).where(publications.c.site_id == site_id).order_by(NEWEST_FIRST).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _publication(row)


def _publication(row: Any) -> Publication:
    return Publication(row.number, row.edition_hash, row.published_at, row.published_by, row.note)


def _row(site_id: str, made: Publication) -> dict[str, object]:
    return {
        "site_id": site_id, "number": made.number, "edition_hash": made.edition, "published_at": made.at,
        "published_by": made.by, "note": made.note,
    }  # fmt: skip
