"""The desk's process: API, event stream and pages."""

import asyncio
import contextlib
from datetime import timedelta

from fastapi import FastAPI

from config.documents import Edition
from config.in_force import EditionInForce
from config.settings import Settings
from desk import listening
from routing.news_waiter import NewsWaiter
from routing.ports import News
from runtime import clock, health
from runtime.editions import in_force
from runtime.following import Following
from store import SqlRecords, editions, open_records
from store.news import RedisNews
from telephony.browser_line import BrowserLine
from web.app import create_app


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    clock.share(settings.paths.clock)
    documents = EditionInForce((await asyncio.to_thread(in_force, settings)).edition)
    async with contextlib.AsyncExitStack() as stack:
        records, news = await _open_stores(settings, documents.site.id, stack)
        app = _application(settings, documents, records, news)
        following = asyncio.create_task(_follow(documents, records, news))
        try:
            await listening.serve(app, settings)
        finally:
            following.cancel()


async def open_desk(settings: Settings, documents: EditionInForce, stack: contextlib.AsyncExitStack) -> FastAPI:
    """The application over the records and the news that the settings name."""
    return _application(settings, documents, *await _open_stores(settings, documents.site.id, stack))


async def _open_stores(
    settings: Settings, site_id: str, stack: contextlib.AsyncExitStack
) -> tuple[SqlRecords, RedisNews]:
    words_kept = timedelta(days=settings.retention.words_days)
    audit_key = settings.audit_secret.get_secret_value()
    records = await stack.enter_async_context(open_records(settings.database, site_id, words_kept, audit_key))
    return records, await stack.enter_async_context(RedisNews(settings.redis_url))


def _application(settings: Settings, documents: EditionInForce, records: SqlRecords, news: News) -> FastAPI:
    return create_app(
        records, news, documents, settings,
        accounts=records.accounts, pages=records.pages, archive=records.archive, audit=records.audit,
        health=health.of_line(settings, records), phone_line=BrowserLine(settings), now=clock.now, wall=clock.wall_now,
    )  # fmt: skip


async def _follow(documents: EditionInForce, records: SqlRecords, news: News) -> None:
    """Pages name things as the documents do that are in force."""
    news_waiter = NewsWaiter(news)

    async def switch(edition: Edition) -> None:
        documents.switch(edition, await asyncio.to_thread(edition.hashes))

    following = Following(records, news_waiter, switch, editions.name_of(documents.edition))
    async with asyncio.TaskGroup() as group:
        group.create_task(news_waiter.run())
        group.create_task(following.run())
