"""Puts documents in force: what a folder brings at a start, and what somebody publishes or takes back."""

from collections.abc import Callable

from config.documents import Edition
from config.settings import Settings
from routing.model import NotFound
from runtime import operator
from runtime.editions import SHOWN, Folder, Standing, described, look, read_folder, remember, sentence, standing
from store import SqlRecords, editions, open_records, publications
from store.publications import FolderMark, Publication, PublishedMeanwhile

Tell = Callable[[str], None]
FIRST, CHANGED = "in the folder at the first start", "changed in the folder before a start"
TRIES = 3  # against somebody who publishes at the same moment


async def settle(settings: Settings, edition: Edition, tell: Tell) -> Edition:
    """Before a start: publish what changed in the folder, unless others have published since; returns what counts.

    `edition` counts where nothing was ever published and the folder's documents are refused.
    """
    folder = read_folder(settings)
    site_id = (folder.edition or edition).site.id
    async with open_records(settings.database, site_id) as records:
        for _ in range(TRIES):
            try:
                edition = await _settled(records, folder, edition, tell)
                break
            except PublishedMeanwhile:
                continue
    remember(settings.paths, edition)
    return edition


async def _settled(records: SqlRecords, folder: Folder, edition: Edition, tell: Tell) -> Edition:
    """Raises: PublishedMeanwhile."""
    seen = await look(records, folder)
    where = standing(folder, seen)
    if folder.edition is not None and where in (Standing.FIRST, Standing.CHANGED, Standing.SAME):
        expected = seen.publication.edition if seen.publication else None
        note = CHANGED if seen.publication else FIRST
        made = await put_in_force(records, folder, folder.edition, note, expected)
        if made != seen.publication:
            tell(f"documents: {described(made)}")
        return folder.edition
    if difference := sentence(where, folder, seen):
        tell(f"WARNING: {difference}")
    return seen.edition or edition


async def put_in_force(
    records: SqlRecords, folder: Folder, edition: Edition, note: str, expected: str | None
) -> Publication:
    """Store and publish a folder's documents in the place of `expected`. Raises: PublishedMeanwhile."""
    await editions.keep(records, edition)
    name = editions.name_of(edition)
    made = await publications.publish(records, name, operator.actor(), note, expected=expected)
    await publications.mark_folder(records, folder.name, FolderMark(name, name))
    return made


async def take_in(records: SqlRecords, folder: Folder, edition: Edition) -> str:
    """Store a folder's documents without putting them in force; returns the edition's hash."""
    await editions.keep(records, edition)
    mark = await publications.folder_mark(records, folder.name)
    name = editions.name_of(edition)
    await publications.mark_folder(records, folder.name, FolderMark(name, mark.seen if mark else None))
    return name


async def published_before(records: SqlRecords, start: str) -> str:
    """The whole hash of the one published edition that begins so. Raises: NotFound."""
    known = {found.edition for found in await publications.history(records, limit=10_000)}
    fitting = [name for name in known if name.startswith(start)]
    if len(fitting) != 1 or not start:
        raise NotFound(f"{'several editions begin' if fitting else 'no published edition begins'} with {start[:SHOWN]}")
    return fitting[0]
