"""One stream of news, many waiters in this process."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from routing.ports import News


@dataclass(eq=False)
class Watch:
    """What is waited for, again and again."""

    topics: Collection[str]
    call_id: str | None
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, limit_s: float) -> None:
        """Until such news has come since the last wait, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self.rung.wait()
        self.rung.clear()


class NewsWaiter:
    """Wakes whoever waits for a topic; each wait has a limit, for news may be lost."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._watches = set[Watch]()

    async def run(self) -> None:
        async for _, topic, fields in self._news.listen():
            self.ring(topic, fields.get("call"))

    def ring(self, topic: str, call_id: str | None) -> None:
        """As if that news had come: for who finds in the database what news should have told."""
        for watch in self._watches:
            if topic in watch.topics and watch.call_id in (None, call_id):
                watch.rung.set()

    async def wait(self, topics: Collection[str], limit_s: float, call_id: str | None = None) -> None:
        """Until such news comes (of this call, where one is given), or the time is over."""
        with self.watch(topics, call_id) as watch:
            await watch.wait(limit_s)

    @contextmanager
    def watch(self, topics: Collection[str], call_id: str | None = None) -> Iterator["Watch"]:
        """Such news from now on: also what comes while whoever watches does something else."""
        watch = Watch(topics, call_id)
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)
