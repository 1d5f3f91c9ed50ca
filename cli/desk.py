"""The desk's process: API, event stream and pages."""

import asyncio
import contextlib
from datetime import timedelta

import uvicorn
from fastapi import FastAPI

from cli import clock, health
from cli.editions import in_force
from config.documents import Edition
from config.settings import Settings
from store import open_records
from store.news import RedisNews
from web.app import create_app


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    clock.share(settings.data_dir)
    edition = (await asyncio.to_thread(in_force, settings)).edition
    async with contextlib.AsyncExitStack() as stack:
        app = await open_desk(settings, edition, stack)
        config = uvicorn.Config(
            app, host=settings.web.host, port=settings.web.port, log_config=None, access_log=False,
            timeout_graceful_shutdown=2,  # event streams never end by themselves
        )  # fmt: skip
        await uvicorn.Server(config).serve()


async def open_desk(settings: Settings, edition: Edition, stack: contextlib.AsyncExitStack) -> FastAPI:
    """The application over the records and the news that the settings name."""
    words_kept = timedelta(days=settings.retention.words_days)
    audit_key = settings.audit_secret.get_secret_value()
    records = await stack.enter_async_context(open_records(settings.database, edition.site.id, words_kept, audit_key))
    news = await stack.enter_async_context(RedisNews(settings.redis_url))
    return create_app(
        records, news, edition, settings,
        accounts=records.accounts, pages=records.pages, archive=records.archive, audit=records.audit,
        health=health.of_line(settings, records), now=clock.now, wall=clock.wall_now,
    )  # fmt: skip
