"""A process follows the publications: what was published serves what begins next, without a restart."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice

import structlog
from pydantic import ValidationError

from config.documents import Edition
from routing.news_waiter import NewsWaiter
from store import SqlRecords, editions, publications

log = structlog.get_logger()
TOPIC = "documents"  # of the news
POLL_S = 2.0  # news may be lost
SHOWN = 5  # fields that are wrong
RETRY_S = 10.0  # of an edition that could not be made ready, or a database that is away


class Following:
    """Hands each edition that is put in force to `switch`, which makes it ready and then uses it."""

    def __init__(
        self, records: SqlRecords, news_waiter: NewsWaiter, switch: Callable[[Edition], Awaitable[None]], edition: str
    ) -> None:
        self._records, self._news_waiter, self._switch = records, news_waiter, switch
        self.edition = edition  # the hash of what is used now

    async def run(self) -> None:
        while True:
            await self._news_waiter.wait((TOPIC,), POLL_S)
            try:
                await self.look()
            except Exception as error:  # what is used now stays
                log.error("documents could not be followed; the earlier ones serve", why=_why(error))
                await asyncio.sleep(RETRY_S)

    async def look(self) -> None:
        """Use what is in force, where it is not used yet."""
        latest = await publications.published(self._records)
        if latest is None or latest.edition == self.edition:
            return
        await self._switch(await editions.named(self._records, latest.edition))
        self.edition = latest.edition
        log.info("other documents serve from now on", edition=latest.edition, published_by=latest.by)


def _why(error: Exception) -> str:
    """For a log; of documents that this version cannot read where they are wrong, and no number that stands there."""
    if not isinstance(error, ValidationError):
        return repr(error)
    wrong = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))
    return "; ".join(islice(wrong, SHOWN))
