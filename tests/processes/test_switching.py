"""A controller puts a published edition into service beside its calls."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert

from config.documents import Edition, digest, load_edition
from config.in_force import EditionInForce
from config.settings import PROJECT, Settings, SpeechSettings, VoiceSettings
from controller.controller import EDITIONS_KEPT, Controller
from routing.fake import MemoryNews
from store import SqlRecords, editions, open_records, publications, tables
from store.migrate import upgrade
from tests.conftest import free_port
from tests.contract.samples import NOW

DEMO = load_edition(PROJECT / "config")


def waiting(limit_s: int) -> Edition:
    """A few topics, quickly learned, and rules by which it is told apart."""
    rules = DEMO.site.waiting.model_copy(update={"limit_s": limit_s})
    site = DEMO.site.model_copy(update={"waiting": rules, "languages": ("en",)})
    topics = {name: DEMO.topics[name] for name in ("plumbing", "printer")}
    return DEMO.model_copy(update={"site": site, "topics": topics, "emergencies": {}, "examples": {}})


@pytest.fixture(autouse=True)
def without_a_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the robot's, which would say every sentence of every edition."""
    monkeypatch.setattr("tts.preparing.engines", lambda voices, language: ())


def bare(folder: Path) -> Settings:
    """An installation with neither voice nor recogniser."""
    return Settings(
        data_dir=folder, database_url="", redis_url=f"redis://127.0.0.1:{free_port()}/0",
        voices=VoiceSettings(home=folder / "none", models=folder / "none"), speech=SpeechSettings(engine="none"),
    )  # fmt: skip


async def publish(records: SqlRecords, made: Edition, expected: str | None) -> str:
    await editions.keep(records, made)
    return (await publications.publish(records, editions.name_of(made), "ann", expected=expected)).edition


async def test_new_calls_have_what_was_published_and_those_under_way_what_they_pinned(tmp_path: Path) -> None:
    settings = bare(tmp_path)
    await asyncio.to_thread(upgrade, settings.database)
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(open_records(settings.database, DEMO.site.id))
        in_force = EditionInForce(waiting(100), load=partial(editions.load, records))
        controller = Controller(settings, in_force, records, MemoryNews())
        stack.push_async_callback(controller.voice.close)
        name = await publish(records, waiting(100), None)
        await controller._switch(in_force.edition, stack)
        began_with = in_force.pins
        following = controller.following(stack)
        await following.look()
        assert in_force.pins is began_with  # nothing was published since
        for limit_s in range(101, 102 + EDITIONS_KEPT):
            name = await publish(records, waiting(limit_s), name)
            await following.look()
            assert in_force.edition == waiting(limit_s)
            assert in_force.waiting().limit_s == limit_s
            assert (await controller._pinned(in_force.pins, stack)).edition is in_force.edition
        assert len(controller.loaded_editions) == EDITIONS_KEPT
        assert {"classifier", "settings"} <= in_force.pins.keys()
        assert (await controller._pinned(began_with, stack)).edition == waiting(100)
        assert (await in_force.of(began_with)).site.waiting.limit_s == 100


async def test_calls_pin_what_is_in_the_database_also_of_an_edition_that_an_earlier_version_published(
    tmp_path: Path,
) -> None:
    """Read again, its documents have what is new by default, and with that other hashes."""
    settings = bare(tmp_path)
    await asyncio.to_thread(upgrade, settings.database)
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(open_records(settings.database, DEMO.site.id))
        controller = Controller(settings, EditionInForce(waiting(100)), records, MemoryNews())
        stack.push_async_callback(controller.voice.close)
        name = await publish(records, waiting(100), None)
        following = controller.following(stack)
        earlier = await as_published_earlier(records, waiting(101))
        await publications.publish(records, earlier, "ann", expected=name)
        await following.look()
        assert editions.name_of(controller.in_force.edition) != earlier
        assert await editions.load(records, controller.in_force.pins) == waiting(101)


async def as_published_earlier(records: SqlRecords, edition: Edition) -> str:
    """Store it as a version did that did not know yet how long an agent is kept for a callback."""
    bodies = edition.model_dump(mode="json")
    del bodies["site"]["waiting"]["callback_hold_s"]
    hashes = await editions.keep_beside(records, edition.site.id, bodies)
    row = {"hash": digest(hashes), "site_id": edition.site.id, "hashes": hashes, "kept_at": NOW}
    await records.database.write(lambda connection: connection.execute(insert(tables.editions).values(row)))
    return str(row["hash"])
