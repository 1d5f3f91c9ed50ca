"""News over one Redis stream. Redis may be flushed, restarted or gone: that costs time, never truth."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()
STREAM = "onenumber:news"
KEPT = 10_000  # about so many news; older ones are of no use to anybody
WAIT_MS = 1_000  # then look whether the stream was flushed
ANSWER_S = 1.0  # Redis answers within this, or counts as gone
SILENT_S = 1.0  # after a failure nobody waits for Redis again before this
BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)
ID = re.compile(r"\d{1,18}-\d{1,18}", re.ASCII)
NOTHING = "0-0"
FAILURES = (RedisError, OSError, TimeoutError)


class RedisNews:
    """Implements `routing.ports.News`."""

    def __init__(self, redis_url: str) -> None:
        self._redis: Redis = Redis.from_url(
            redis_url, decode_responses=True, socket_timeout=ANSWER_S + WAIT_MS / 1000, socket_connect_timeout=ANSWER_S
        )
        self._silent_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._redis.aclose()

    async def publish(self, topic: str, **fields: str) -> None:
        if time.monotonic() < self._silent_until:
            return
        news: dict[Any, Any] = {**fields, "topic": topic}
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._redis.xadd(STREAM, news, maxlen=KEPT, approximate=True)
        except FAILURES as error:
            self._silent_until = time.monotonic() + SILENT_S
            log.warning("news not told", topic=topic, why=repr(error))

    async def position(self) -> str:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._latest()
        except FAILURES:
            return NOTHING

    async def mentioning(self, pattern: re.Pattern[str]) -> list[str]:
        """Ids of the news in which something stands; none while Redis is away, which then keeps nothing."""
        try:
            entries: Any = await self._redis.xrange(STREAM)
        except FAILURES:
            return []
        return [news_id for news_id, fields in entries if any(map(pattern.search, map(str, fields.values())))]

    async def forget(self, news_ids: Sequence[str]) -> None:
        """Delete these news."""
        if news_ids:
            await self._redis.xdel(STREAM, *news_ids)

    async def _latest(self) -> str:
        newest: Any = await self._redis.xrevrange(STREAM, count=1)
        return str(newest[0][0]) if newest else NOTHING

    async def listen(self, after: str = "$") -> AsyncIterator[tuple[str, str, Mapping[str, str]]]:
        """An id that is none counts as now."""
        last = after if ID.fullmatch(after) else ""
        failures = 0
        while True:
            try:
                last = last or await self._latest()
                batch = await self._read(last)
                failures = 0
            except FAILURES as error:
                log.warning("news unheard", why=repr(error))
                await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                failures += 1
                continue
            for news_id, fields in batch:
                last = news_id
                yield news_id, fields.pop("topic", ""), fields
            if not batch and await self._was_flushed(last):
                last = NOTHING

    async def _read(self, last: str) -> list[tuple[str, dict[str, str]]]:
        streams: Any = await self._redis.xread({STREAM: last}, block=WAIT_MS)
        entries = streams.values() if isinstance(streams, dict) else [batch for _, batch in streams or ()]
        return [(news_id, dict(fields)) for batch in entries for news_id, fields in _flat(batch)]

    async def _was_flushed(self, last: str) -> bool:
        """After a flush, or on another Redis, ids may begin before the one we have read."""
        try:
            return _order(await self._latest()) < _order(last)
        except FAILURES:
            return False


def _flat(batch: Any) -> Any:
    """RESP3 wraps the entries of a stream once more than RESP2 does."""
    return batch[0] if batch and batch[0] and isinstance(batch[0][0], list | tuple) else batch


def _order(news_id: str) -> tuple[int, int]:
    milliseconds, _, number = news_id.partition("-")
    return int(milliseconds), int(number)
