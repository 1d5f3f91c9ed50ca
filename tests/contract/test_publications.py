"""Which documents are in force, on both databases: publishers who do not see each other, history, folders."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from config.documents import Edition, load_edition
from config.settings import PROJECT
from routing.model import NotFound
from store import editions, publications
from store.publications import FolderMark, PublishedMeanwhile, publish
from store.records import SqlRecords, open_records
from tests.contract.samples import NOW

EDITION = load_edition(PROJECT / "config")


def called(name: str) -> Edition:
    site = EDITION.site.model_copy(update={"name": {"en": name}})
    return EDITION.model_copy(update={"site": site})


async def kept(records: SqlRecords, name: str) -> str:
    """The hash of a stored edition of a site with this name."""
    await editions.keep(records, called(name), NOW)
    return editions.name_of(called(name))


@pytest.fixture
async def records(database_url: str) -> AsyncIterator[SqlRecords]:
    async with open_records(database_url) as opened:
        yield opened


async def test_an_edition_that_was_only_stored_is_not_in_force(records: SqlRecords) -> None:
    await kept(records, "first")
    assert await publications.published(records) is None


async def test_the_latest_publication_is_in_force_and_all_are_kept_with_who_when_and_why(records: SqlRecords) -> None:
    first, second = await kept(records, "first"), await kept(records, "second")
    await publish(records, first, "operator:ann", "opening", expected=None, now=NOW)
    at = NOW + timedelta(hours=1)
    made = await publish(records, second, "operator:bo", "new greeting\x00", expected=first, now=at)
    assert (made.edition, made.at, made.by) == (second, at, "operator:bo")
    assert await publications.published(records) == made
    told = [(found.number, found.edition, found.by, found.note) for found in await publications.history(records)]
    assert told == [
        (2, second, "operator:bo", "new greeting\N{REPLACEMENT CHARACTER}"),
        (1, first, "operator:ann", "opening"),
    ]
    assert await editions.named(records, second) == called("second")


async def test_whoever_has_not_seen_what_is_in_force_changes_nothing(records: SqlRecords) -> None:
    first, second, third = [await kept(records, name) for name in ("first", "second", "third")]
    await publish(records, first, "ann", expected=None)
    await publish(records, second, "ann", expected=first)
    with pytest.raises(PublishedMeanwhile, match="published by ann") as refused:
        await publish(records, third, "bo", expected=first)
    assert refused.value.in_force
    assert refused.value.in_force.edition == second
    assert len(await publications.history(records)) == 2


async def test_of_two_publishers_at_the_same_moment_one_wins(records: SqlRecords, database_url: str) -> None:
    first = await kept(records, "first")
    await publish(records, first, "ann", expected=None)
    rivals = [await kept(records, f"rival {number}") for number in range(6)]
    async with open_records(database_url) as others:
        sides = (records, others)
        tries = [publish(sides[number % 2], rival, "bo", expected=first) for number, rival in enumerate(rivals)]
        done = await asyncio.gather(*tries, return_exceptions=True)
    won = [result for result in done if not isinstance(result, PublishedMeanwhile)]
    assert won == [await publications.published(records)]


async def test_going_back_is_another_publication_of_an_earlier_edition(records: SqlRecords) -> None:
    first, second = await kept(records, "first"), await kept(records, "second")
    await publish(records, first, "ann", expected=None)
    await publish(records, second, "ann", expected=first)
    await publish(records, first, "bo", "it was better", expected=second)
    assert [found.edition for found in await publications.history(records)] == [first, second, first]


async def test_what_is_in_force_is_not_published_again(records: SqlRecords) -> None:
    first = await kept(records, "first")
    made = await publish(records, first, "ann", expected=None)
    assert await publish(records, first, "bo", expected=first) == made


async def test_what_is_not_stored_or_of_another_site_is_never_in_force(records: SqlRecords, database_url: str) -> None:
    first = await kept(records, "first")
    with pytest.raises(NotFound):
        await publish(records, "0" * 64, "ann", expected=None)
    async with open_records(database_url, "elsewhere") as elsewhere:
        with pytest.raises(NotFound):
            await publish(elsewhere, first, "ann", expected=None)
        with pytest.raises(NotFound):
            await editions.named(elsewhere, first)
    await publish(records, first, "ann", expected=None)
    assert await publications.sites(records) == ["demo"]


async def test_a_folder_is_what_was_noted_of_it(records: SqlRecords) -> None:
    assert await publications.folder_mark(records, "here:/site") is None
    await publications.mark_folder(records, publications.ANY_FOLDER, FolderMark("old", "old"))
    assert await publications.folder_mark(records, "here:/site") == FolderMark("old", "old")
    for mark in (FolderMark("new", None), FolderMark("newer", "new")):
        await publications.mark_folder(records, "here:/site", mark)
        assert await publications.folder_mark(records, "here:/site") == mark
    assert await publications.folder_mark(records, "there:/site") == FolderMark("old", "old")
