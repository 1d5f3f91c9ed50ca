"""One stream of news, many waiters in this process."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field

from routing.ports import News


@dataclass(eq=False)
class _Waiter:
    topics: Collection[str]
    call_id: str | None
    rung: asyncio.Event = field(default_factory=asyncio.Event)


class NewsWaiter:
    """Wakes whoever waits for a topic; each wait has a limit, for news may be lost."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._waiters: set[_Waiter] = set()

    async def run(self) -> None:
        async for _, topic, fields in self._news.listen():
            self.ring(topic, fields.get("call"))

    def ring(self, topic: str, call_id: str | None) -> None:
        """As if that news had come: for who finds in the database what news should have told."""
        for waiter in self._waiters:
            if topic in waiter.topics and waiter.call_id in (None, call_id):
                waiter.rung.set()

    async def wait(self, topics: Collection[str], limit_s: float, call_id: str | None = None) -> None:
        """Until such news comes (of this call, where one is given), or the time is over."""
        waiter = _Waiter(topics, call_id)
        self._waiters.add(waiter)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await waiter.rung.wait()
        finally:
            self._waiters.discard(waiter)
