"""Whoever serves follows the publications, by news and without."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import insert
from structlog.testing import capture_logs

from config.documents import Edition, digest
from config.in_force import EditionInForce
from config.settings import Settings
from routing.fake import MemoryNews
from routing.news_waiter import NewsWaiter
from runtime.following import POLL_S, RETRY_S, TOPIC, Following
from store import SqlRecords, editions, open_records, publications, tables
from store.migrate import upgrade
from supervisor import preparing
from supervisor.asterisk_following import READ_AGAIN, AsteriskFollowing
from telephony import asterisk_config
from tests.conftest import free_port, wait_until
from tests.contract.samples import NOW
from tests.unit.web.stand_ins import small_edition

SECRET = SecretStr("plain-characters")


def called(name: str, urgent: str = "urgent1") -> Edition:
    edition = small_edition()
    emergency = edition.site.emergency.model_copy(update={"urgent_phones": (urgent,)})
    site = edition.site.model_copy(update={"name": {"en": name}, "emergency": emergency})
    return edition.model_copy(update={"site": site})


async def publish(records: SqlRecords, edition: Edition) -> None:
    await editions.keep(records, edition)
    latest = await publications.published(records)
    name, expected = editions.name_of(edition), latest.edition if latest else None
    await publications.publish(records, name, "ann", expected=expected)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[SqlRecords]:
    url = f"sqlite:///{tmp_path / 'onenumber.db'}"
    await asyncio.to_thread(upgrade, url)
    async with open_records(url) as opened:
        yield opened


@asynccontextmanager
async def following(records: SqlRecords, news: MemoryNews, switch: Callable[[Edition], None]) -> AsyncIterator[None]:
    async def switched(edition: Edition) -> None:
        switch(edition)

    news_waiter = NewsWaiter(news)
    work = Following(records, news_waiter, switched, editions.name_of(called("first")))
    tasks = [asyncio.create_task(news_waiter.run()), asyncio.create_task(work.run())]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def until(check: Callable[[], bool], limit_s: float) -> None:
    async with asyncio.timeout(limit_s):
        while not check():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


async def test_what_is_published_serves_within_the_poll_also_without_news(records: SqlRecords) -> None:
    await publish(records, called("first"))
    in_force = EditionInForce(called("first"))
    async with following(records, MemoryNews(), in_force.switch):
        await publish(records, called("second"))
        await until(lambda: in_force.site.name["en"] == "second", 5 * POLL_S)
    assert in_force.pins == called("second").hashes()


async def test_news_of_it_comes_at_once(records: SqlRecords) -> None:
    await publish(records, called("first"))
    news, in_force = MemoryNews(), EditionInForce(called("first"))
    async with following(records, news, in_force.switch):
        await publish(records, called("second"))
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await news.publish(TOPIC)
        await until(lambda: in_force.site.name["en"] == "second", 5 * POLL_S)
        assert loop.time() - began_s < POLL_S / 2


async def test_what_cannot_be_made_ready_leaves_what_serves_and_is_tried_again(records: SqlRecords) -> None:
    await publish(records, called("first"))
    tries: list[str] = []

    async def fails(edition: Edition) -> None:
        tries.append(edition.site.name["en"])
        raise OSError("no model")

    in_force = EditionInForce(called("first"))
    work = Following(records, NewsWaiter(MemoryNews()), fails, editions.name_of(called("first")))
    await publish(records, called("second"))
    for _ in range(2):
        with pytest.raises(OSError, match="no model"):
            await work.look()
    assert tries == ["second", "second"]
    assert in_force.site.name["en"] == "first"
    assert RETRY_S >= POLL_S


async def test_the_log_says_where_documents_cannot_be_read_and_nothing_that_stands_there(records: SqlRecords) -> None:
    site = called("first").site.model_dump(mode="json")
    site["contacts"] = [{"number": "0612345678"}]  # nameless, as an earlier version perhaps allowed
    hashes = await editions.keep(records, called("first"))
    hashes = {**hashes, **await editions.keep_beside(records, "demo", {"site": site})}
    row = {"hash": digest(hashes), "site_id": "demo", "hashes": hashes, "kept_at": NOW}
    await records.database.write(lambda connection: connection.execute(insert(tables.editions).values(row)))
    await publications.publish(records, digest(hashes), "ann", expected=None)
    with capture_logs() as logs:
        async with following(records, MemoryNews(), lambda edition: None):
            await until(lambda: bool(logs), 5 * POLL_S)
    assert "site.contacts.0.name" in logs[0]["why"]
    assert "0612345678" not in str(logs)


async def test_a_call_under_way_has_the_documents_that_it_began_with(records: SqlRecords) -> None:
    in_force = EditionInForce(called("first"), load=partial(editions.load, records))
    began_with = await editions.keep(records, called("first"))
    in_force.switch(called("second"))
    assert (await in_force.of({**began_with, "settings": "s"})).site.name["en"] == "first"
    assert await in_force.of(in_force.pins) is in_force.edition
    assert await in_force.of({"site": "0" * 64}) is in_force.edition  # lost: those in force are better than none


def configured(data_dir: Path, edition: Edition) -> Settings:
    """An installation whose Asterisk is configured by these documents."""
    settings = Settings(
        data_dir=data_dir, database_url="", redis_url=f"redis://127.0.0.1:{free_port()}/0",
        phone_secret=SECRET, trunk_secret=SECRET, browser_secret=SECRET, agi_secret=SECRET, ami_secret=SECRET,
    )  # fmt: skip
    upgrade(settings.database)
    folder = settings.paths.asterisk
    asterisk_config.render(settings, edition, folder)
    (folder / "made-of").write_text(preparing.asterisk_mark(settings, edition))
    return settings


def test_an_asterisk_that_was_found_running_reads_what_was_written_meanwhile(tmp_path: Path) -> None:
    commands: list[str] = []

    def command(text: str) -> str:
        commands.append(text)
        return ""

    settings = configured(tmp_path, called("first"))
    with AsteriskFollowing(settings, called("first"), command, started=False) as followed:
        wait_until(lambda: "goes by" in followed.news(), "nobody was told")
    assert commands == list(READ_AGAIN)


def test_asterisk_reads_its_configuration_again_when_it_has_changed(tmp_path: Path) -> None:
    first = called("first")
    settings = configured(tmp_path, first)
    folder = settings.paths.asterisk
    assert preparing.asterisk_is_made_of(settings, first)
    assert preparing.asterisk_is_made_of(settings, called("another name"))
    assert not preparing.asterisk_is_made_of(settings, called("first", "urgent7"))
    asyncio.run(_publish(settings, first))
    commands: list[str] = []

    def command(text: str) -> str:
        assert "urgent7" in (folder / "etc/extensions.conf").read_text()
        commands.append(text)
        return ""

    with AsteriskFollowing(settings, first, command) as followed:
        asyncio.run(_publish(settings, called("first", "urgent7")))
        wait_until(lambda: len(commands) == len(READ_AGAIN), "Asterisk was not told to read its configuration")
        assert commands == list(READ_AGAIN)
        wait_until(lambda: "goes by" in followed.news(), "nobody was told")


async def _publish(settings: Settings, edition: Edition) -> None:
    async with open_records(settings.database) as records:
        await publish(records, edition)
