"""The documents that the line runs with: those that were published, wherever they came from.

A folder of documents is where editions come from and go to. What it says counts when it is published
(`runtime.publishing`); documents that cannot be meant change nothing.
"""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from config.documents import DocumentsRefused, Edition, read_edition
from config.meaning import faults
from config.paths import DataPaths
from config.settings import Settings
from ivr.flow import Flow
from ivr.sound_files import write_whole
from ivr.understanding.acts import Acts
from ivr.understanding.emergency import EmergencyWords
from ivr.understanding.numbers import Numbers
from ivr.understanding.patterns import PatternError
from ivr.understanding.places import Names
from ivr.validation import problems
from routing.model import NotFound, RecordsUnavailable
from store import SqlRecords, editions, open_records, publications
from store.publications import FolderMark, Publication

NEEDED_FLOWS = ("main", "callback")
CONFIGURED = "configured"
SHOWN = 12  # digits of a hash that people read
PUBLISH = "`onenumber documents import --publish`"


class Standing(Enum):
    """How a folder's documents stand to those in force."""

    REFUSED = auto()  # they are not right
    FIRST = auto()  # nothing is in force
    SAME = auto()
    CHANGED = auto()  # since they were those in force
    IMPORTED = auto()  # taken in, and meant not to be in force yet
    OVERTAKEN = auto()  # others were published since, which this folder has not seen


@dataclass(frozen=True)
class Folder:
    """A folder of documents: an edition, or what is wrong with it."""

    path: Path
    name: str  # as it is noted in the database
    edition: Edition | None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What the database says of the documents."""

    publication: Publication | None = None
    edition: Edition | None = None  # in force
    mark: FolderMark | None = None  # of the folder
    away: bool = False  # it does not answer


@dataclass(frozen=True)
class InForce:
    """An edition, what is wrong with the folder's documents, and how they differ from those in force."""

    edition: Edition
    refused: tuple[str, ...] = ()
    differs: str = ""  # one sentence
    coming: Edition | None = None  # what the next start puts in force

    @property
    def warning(self) -> str:
        """One sentence, empty when the folder's documents are right."""
        if not self.refused:
            return ""
        more = f" And {len(self.refused) - 1} more: see `onenumber doctor --json`." if len(self.refused) > 1 else ""
        return f"the documents were refused, the earlier ones stay in force: {self.refused[0]}{more}"


def in_force(settings: Settings) -> InForce:
    """What is in force; it takes a moment, and needs no database.

    Raises: DocumentsRefused where no documents were ever right.
    """
    folder, kept = read_folder(settings), _kept(settings.paths)
    with ThreadPoolExecutor(1) as apart:  # the caller may be inside an event loop of its own
        seen = apart.submit(lambda: asyncio.run(_look(settings, folder, kept))).result()
    if seen.edition is not None:
        remember(settings.paths, seen.edition)
        where = standing(folder, seen)
        coming = folder.edition if where is Standing.CHANGED else None
        return InForce(seen.edition, folder.faults, sentence(where, folder, seen), coming)
    edition = kept or folder.edition if seen.away else folder.edition or kept
    if edition is None:
        raise DocumentsRefused(folder.faults)
    return InForce(edition, folder.faults)


def read_folder(settings: Settings, path: Path | None = None) -> Folder:
    """The configured folder, or another one."""
    path = path or settings.line.config_dir
    try:
        return Folder(path, folder_name(settings, path), checked(path))
    except DocumentsRefused as refusal:
        return Folder(path, folder_name(settings, path), None, refusal.faults)


def folder_name(settings: Settings, path: Path) -> str:
    """A database in a file has one installation: its configured folder may move, and its machine be renamed."""
    alone = make_url(settings.database).get_backend_name() == "sqlite"
    if alone and path.resolve() == settings.line.config_dir.resolve():
        return CONFIGURED
    return f"{socket.gethostname()}:{path.resolve()}"


def standing(folder: Folder, seen: Seen) -> Standing:
    """Pure; only what is CHANGED is nobody else's to publish."""
    if folder.edition is None:
        return Standing.REFUSED
    if seen.publication is None:
        return Standing.FIRST
    found, now = editions.name_of(folder.edition), seen.publication.edition
    if found == now:
        return Standing.SAME
    if seen.mark is None or seen.mark.seen != now:
        return Standing.OVERTAKEN
    return Standing.IMPORTED if seen.mark.imported == found else Standing.CHANGED


def sentence(where: Standing, folder: Folder, seen: Seen) -> str:
    """What to tell of a folder that differs, and what to do; empty where there is nothing to tell."""
    match where:
        case Standing.CHANGED:
            return f"the documents in {folder.path} have changed: {PUBLISH}, or the next start, puts them in force."
        case Standing.IMPORTED:
            return f"the documents in {folder.path} were imported and are not in force: {PUBLISH} publishes them."
        case Standing.OVERTAKEN if seen.publication:
            return (
                f"the documents in {folder.path} are not those in force, {described(seen.publication)}: see "
                f"`onenumber documents diff`; {PUBLISH} --expect {seen.publication.edition[:SHOWN]} replaces those."
            )
    return ""


def described(publication: Publication) -> str:
    """A publication for people."""
    note = f" ({publication.note})" if publication.note else ""
    when = f"{publication.at:%Y-%m-%d %H:%M} UTC"
    return f"edition {publication.edition[:SHOWN]}, published by {publication.by} at {when}{note}"


async def look(records: SqlRecords, folder: Folder) -> Seen:
    """What is in force, and what was noted of the folder."""
    mark = await _as_read_now(records, await publications.folder_mark(records, folder.name))
    publication = await publications.published(records)
    return Seen(publication, await _readable(records, publication.edition) if publication else None, mark)


async def _as_read_now(records: SqlRecords, mark: FolderMark | None) -> FolderMark | None:
    """With what was imported only by the hash it has as this version reads it: the same documents, and no change."""
    if mark is None or mark.imported == mark.seen:
        return mark
    with suppress(NotFound):
        if edition := await _readable(records, mark.imported):
            return replace(mark, imported=editions.name_of(edition))
    return mark


async def _readable(records: SqlRecords, name: str) -> Edition | None:
    """A published edition; None where an earlier version of ours took what this one does not know."""
    with suppress(ValidationError):
        return await editions.named(records, name)
    return None


async def _look(settings: Settings, folder: Folder, kept: Edition | None) -> Seen:
    """The same of a database that may be away, not there yet, or of an earlier version."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return Seen()
    try:
        async with open_records(settings.database, await _site_id(settings, folder, kept)) as records:
            return await look(records, folder)
    except (RecordsUnavailable, OSError):
        return Seen(away=True)
    except (DBAPIError, NotFound):  # before its migration, which the next start makes
        return Seen()


async def _site_id(settings: Settings, folder: Folder, kept: Edition | None) -> str:
    """Of the documents at hand; else of the only site in the database. Raises: NotFound."""
    if edition := folder.edition or kept:
        return edition.site.id
    async with open_records(settings.database) as records:
        known = await publications.sites(records)
    if len(known) != 1:
        raise NotFound("site")
    return known[0]


def remember(paths: DataPaths, edition: Edition) -> None:
    """Keep a copy for a start while the database is away; without it, that start takes the folder's documents."""
    path, content = paths.edition_in_force, edition.model_dump_json().encode()
    with suppress(OSError):
        if not path.exists() or path.read_bytes() != content:
            write_whole(path, content)


def _kept(paths: DataPaths) -> Edition | None:
    with suppress(OSError, ValueError):
        return Edition.model_validate_json(paths.edition_in_force.read_bytes())
    return None


def checked(folder: Path) -> Edition:
    """The documents of a folder, in form and meaning, flows and patterns too. Raises: DocumentsRefused."""
    edition = read_edition(folder)
    if found := faults_of(edition):
        raise DocumentsRefused(found)
    return edition


def faults_of(edition: Edition) -> list[str]:
    """What an edition cannot mean, in sentences; flows and patterns are judged when the rest is right."""
    return faults(edition) or [*_flows(edition), *_patterns(edition)]


def _flows(edition: Edition) -> Iterator[str]:
    yield from (f"flows/{name}.yaml: is not there." for name in NEEDED_FLOWS if name not in edition.flows)
    for name, document in edition.flows.items():
        try:
            flow = Flow.model_validate(document)
        except ValidationError as error:
            yield from (f"flows/{name}.yaml: {'.'.join(map(str, e['loc']))}: {e['msg']}." for e in error.errors())
            continue
        if flow.id != name:
            yield f"flows/{name}.yaml: id: must be “{name}”, as the file is named."
        yield from (f"flows/{name}.yaml: {problem}." for problem in problems(flow, edition))


def _patterns(edition: Edition) -> Iterator[str]:
    for language, pack in edition.languages.items():
        try:
            for reader in (EmergencyWords, Acts, Numbers, partial(Names, {})):
                reader(pack)
        except PatternError as error:
            yield f"languages/{language}.yaml: {error}."
