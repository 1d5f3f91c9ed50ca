"""Asterisk follows the publications, too: whose phones an emergency rings stands in its configuration.

Only who keeps Asterisk up can have it read again: its manager's user may not (ADR 113).
"""

import asyncio
import queue
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from config.documents import Edition
from config.settings import Settings
from routing.news_waiter import NewsWaiter
from runtime.following import Following
from store import editions, open_records
from store.news import RedisNews
from supervisor import preparing
from telephony.asterisk_text import ConfigRefused
from telephony.instance import AsteriskDown, AsteriskInstance

READ_AGAIN = ("dialplan reload", "module reload res_pjsip.so", "module reload res_pjsip_endpoint_identifier_ip.so")
STOP_S = 3.0


class AsteriskFollowing:
    """While entered, in a thread of its own: the supervisor's work never waits for it."""

    def __init__(
        self, settings: Settings, edition: Edition, command: Callable[[str], str] | None = None, started: bool = True
    ) -> None:
        """`command` is a command of Asterisk's console; `started`: it has just read what was written of `edition`."""
        self._settings, self._edition, self._started = settings, edition, started
        self._command = command or AsteriskInstance(settings.asterisk.root, settings.paths.asterisk).cli
        self._messages: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="follow documents", daemon=True)
        self._over = threading.Event()
        self._read = ""  # the mark of what Asterisk has read

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(STOP_S)

    def news(self) -> str:
        """What happened since it was asked last, one thing at a time; empty when nothing did."""
        with suppress(queue.Empty):
            return self._messages.get_nowait()
        return ""

    def _run(self) -> None:
        asyncio.run(self._until_over())

    async def _until_over(self) -> None:
        following = asyncio.create_task(self._follow())
        await asyncio.to_thread(self._over.wait)
        following.cancel()

    async def _follow(self) -> None:
        """By looking alone: a few seconds are nothing to a configuration."""
        name = await asyncio.to_thread(editions.name_of, self._edition)
        await asyncio.to_thread(self._begin)
        async with open_records(self._settings.database, self._edition.site.id) as records:
            news_waiter = NewsWaiter(RedisNews(self._settings.redis_url))
            await Following(records, news_waiter, self._renew, name).run()

    def _begin(self) -> None:
        """An Asterisk that was found running may have read what an earlier start wrote."""
        try:
            if self._started:
                self._read = preparing.asterisk_mark(self._settings, self._edition)
            else:
                self._renew_now(self._edition)
        except (ConfigRefused, preparing.NotPrepared, AsteriskDown, subprocess.SubprocessError) as trouble:
            self._messages.put(f"Asterisk: may go by earlier documents: {trouble}")

    async def _renew(self, edition: Edition) -> None:
        await asyncio.to_thread(self._renew_now, edition)

    def _renew_now(self, edition: Edition) -> None:
        """Raises: NotPrepared, ConfigRefused, AsteriskDown; then it is tried again."""
        mark = preparing.asterisk_mark(self._settings, edition)
        if mark == self._read:
            return
        if not preparing.asterisk_is_made_of(self._settings, edition):
            preparing.asterisk_files(self._settings, edition, self._messages.put)
        for command in READ_AGAIN:
            self._command(command)
        self._read = mark
        self._messages.put("Asterisk: goes by the documents in force")
