"""What `onenumber documents` does; each command tells what it did, or refuses in sentences."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from config import files
from config.documents import Edition
from config.settings import Settings
from routing.archive import Action
from routing.model import NotFound
from runtime import credentials, installation, operator, publishing
from runtime.editions import SHOWN, Folder, described, faults_of, folder_name, look, read_folder
from runtime.following import TOPIC
from store import SqlRecords, editions, publications, seed
from store.news import RedisNews
from store.publications import FolderMark, Publication, PublishedMeanwhile
from supervisor import preparing
from telephony.asterisk_text import ConfigRefused

Ready = Callable[[Settings, Edition], None]


def make_ready(settings: Settings, edition: Edition) -> None:
    """Sentences rendered and examples learned on this machine, so that no controller does it beside its callers."""
    from ivr.understanding.understander import build  # loads a sentence encoder

    preparing.sentences(settings, edition, print)
    build(edition, settings.paths.understanding)


def take_in(path: Path | None, publish: bool, note: str, expect: str, ready: Ready = make_ready) -> None:
    settings = credentials.settings()
    folder = read_folder(settings, path)
    edition = _right(folder)
    if not publish:
        name = asyncio.run(_store(settings, folder, edition))
        print(f"imported: edition {name[:SHOWN]}; --publish puts it in force")
        return
    _fits_asterisk(settings, edition)
    ready(settings, edition)
    made = asyncio.run(_publish_folder(settings, folder, edition, note, expect))
    _afterwards(settings, edition, made)


def _right(folder: Folder) -> Edition:
    if folder.edition is None:
        operator.refuse("the documents are refused:\n" + "\n".join(folder.faults))
    return folder.edition


def _fits_asterisk(settings: Settings, edition: Edition) -> None:
    """Where this machine has its configuration, it can be made of these documents; else they are refused."""
    try:
        preparing.asterisk_is_made_of(settings, edition)
    except ConfigRefused as refusal:
        operator.refuse(f"Asterisk's configuration cannot be made of these documents: {refusal}.")


async def _store(settings: Settings, folder: Folder, edition: Edition) -> str:
    async with _records_of(settings, edition) as records:
        return await publishing.take_in(records, folder, edition)


async def _publish_folder(
    settings: Settings, folder: Folder, edition: Edition, note: str, expect: str
) -> Publication:  # fmt: skip
    async with _records_of(settings, edition) as records:
        seen = await look(records, folder)
        expected = await _known(records, expect) if expect else seen.mark.seen if seen.mark else None
        try:
            made = await publishing.put_in_force(records, folder, edition, note, expected)
            return await _audited(records, made, seen.publication)
        except PublishedMeanwhile as refusal:
            _refuse_unseen(refusal)


async def _audited(records: SqlRecords, made: Publication, before: Publication | None) -> Publication:
    """Who publishes may have to answer for it; what was in force already was not published."""
    if before is None or made.number != before.number:
        detail = {"instead_of": before.edition if before else ""}
        await records.audit.note(made.by, Action.DOCUMENTS_PUBLISHED, made.edition, made.at, detail)
    return made


def _refuse_unseen(refusal: PublishedMeanwhile) -> NoReturn:
    if refusal.in_force is None:
        operator.refuse("nothing is in force yet: leave --expect out.")
    operator.refuse(
        f"these documents are not based on those in force: {described(refusal.in_force)}. "
        f"See `onenumber documents diff`, take those over with `export`, "
        f"or replace them with --expect {refusal.in_force.edition[:SHOWN]}."
    )


def export(path: Path, start: str, replace: bool) -> None:
    settings = credentials.settings()
    name, edition = asyncio.run(_stored(settings, start))
    try:
        changed = files.write(edition, path, replace)
    except files.OtherDocuments as others:
        operator.refuse(f"other documents in {path} would be lost ({others}): --replace writes all the same.")
    except OSError as error:
        operator.refuse(f"{path} cannot be written: {error.strerror}.")
    asyncio.run(_note_export(settings, path, name))
    print(f"exported: edition {name[:SHOWN]}, {len(changed)} files written or removed")


async def _stored(settings: Settings, start: str) -> tuple[str, Edition]:
    """Hash and documents of the edition in force, or of the one that begins so."""
    async with operator.records(settings) as records:
        if start:
            name = await _known(records, start)
        elif latest := await publications.published(records):
            name = latest.edition
        else:
            operator.refuse("nothing is in force yet: start the line once, or import with --publish.")
        try:
            return name, await editions.named(records, name)
        except ValidationError:
            operator.refuse(f"an earlier version published edition {name[:SHOWN]}, and this one cannot read it.")


async def _note_export(settings: Settings, path: Path, name: str) -> None:
    async with operator.records(settings) as records:
        await publications.mark_folder(records, folder_name(settings, path), FolderMark(name, name))


def diff(path: Path | None) -> None:
    settings = credentials.settings()
    folder = read_folder(settings, path)
    edition = _right(folder)
    name, now = asyncio.run(_stored(settings, ""))
    lines = list(files.differences(now, edition))
    print("\n".join(lines) if lines else f"{folder.path} is the same as what is in force: edition {name[:SHOWN]}")


def history() -> None:
    for number, found in enumerate(asyncio.run(_history(credentials.settings()))):
        print(f"{described(found)}{'  ← in force' if number == 0 else ''}")


async def _history(settings: Settings) -> list[Publication]:
    async with operator.records(settings) as records:
        return list(await publications.history(records))


def rollback(start: str, note: str, expect: str, ready: Ready = make_ready) -> None:
    settings = credentials.settings()
    name, edition = asyncio.run(_stored(settings, start))
    if wrong := faults_of(edition):
        operator.refuse(
            "an earlier version published this edition, and it lacks what this one needs:\n" + "\n".join(wrong)
        )
    _fits_asterisk(settings, edition)
    ready(settings, edition)
    made = asyncio.run(_again(settings, name, note or "taken back", expect))
    _afterwards(settings, edition, made)


async def _again(settings: Settings, name: str, note: str, expect: str) -> Publication:
    async with operator.records(settings) as records:
        latest = await publications.published(records)
        expected = await _known(records, expect) if expect else latest.edition if latest else None
        try:
            made = await publications.publish(records, name, operator.actor(), note, expected=expected)
            return await _audited(records, made, latest)
        except PublishedMeanwhile as refusal:
            _refuse_unseen(refusal)


async def _known(records: SqlRecords, start: str) -> str:
    try:
        return await publishing.published_before(records, start)
    except NotFound as error:
        operator.refuse(f"{error}: see `onenumber documents history`.")


@asynccontextmanager
async def _records_of(settings: Settings, edition: Edition) -> AsyncIterator[SqlRecords]:
    """The records, for documents of this very site."""
    async with operator.records(settings) as records:
        if edition.site.id != records.site_id:
            operator.refuse(f"these are documents of the site “{edition.site.id}”; this line is “{records.site_id}”.")
        yield records


def _afterwards(settings: Settings, edition: Edition, made: Publication) -> None:
    """Everybody hears of it: controllers and desks, the people it names, and whoever published it."""
    asyncio.run(_tell(settings, made))
    logins = [agent.login for agent in edition.site.agents]
    known = credentials.load_or_make(settings.paths.secrets, logins)
    asyncio.run(seed.seed(settings.database, edition, credentials.passwords(known, logins)))
    print(f"in force: {described(made)}")
    if not preparing.asterisk_is_made_of(settings, edition):
        print(f"Asterisk: {installation.what_renews_asterisk(settings.paths)}")


async def _tell(settings: Settings, made: Publication) -> None:
    async with RedisNews(settings.redis_url) as news:
        await news.publish(TOPIC, edition=made.edition)
