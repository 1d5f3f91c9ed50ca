"""News: told in order, heard from a place on, and never in the way; in memory and over a real Redis."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import cast

import pytest
from redis.asyncio import Redis

from routing.fake import MemoryNews
from routing.ports import News
from store.news import RedisNews
from tests.conftest import RedisServer

Told = tuple[str, str, Mapping[str, str]]


@pytest.fixture(params=["memory", "redis"])
async def news(request: pytest.FixtureRequest) -> AsyncIterator[News]:
    if request.param == "memory":
        yield MemoryNews()
        return
    async with RedisNews(request.getfixturevalue("redis_url")) as over_redis:
        yield over_redis


async def hear(news: News, count: int, after: str, heard: list[Told] | None = None) -> list[Told]:
    """The next so many; they are in `heard` as soon as they come."""
    listening = cast("AsyncGenerator[Told]", news.listen(after))
    heard = [] if heard is None else heard
    async with asyncio.timeout(30):
        async for told in listening:
            heard.append(told)
            if len(heard) == count:
                break
    await listening.aclose()
    return heard


async def test_what_was_told_is_heard_in_order_from_a_place_on(news: News) -> None:
    await news.publish("queue", call="c0")
    place = await news.position()
    for number in range(1, 4):
        await news.publish("offer", offer=f"o{number}", call="c1")
    heard = await hear(news, 3, place)
    assert [(topic, dict(fields)) for _, topic, fields in heard] == [
        ("offer", {"offer": f"o{number}", "call": "c1"}) for number in range(1, 4)
    ]
    assert await news.position() == heard[-1][0]
    again = await hear(news, 2, heard[0][0])
    assert again == heard[1:]


async def told_until_heard(news: News, listening: "asyncio.Task[list[Told]]") -> list[Told]:
    """Tell again and again: when somebody has begun to listen is not to be seen from outside."""
    async with asyncio.timeout(20):
        while not listening.done():
            await news.publish("queue", call="after")
            await asyncio.wait([listening], timeout=0.02)
        return await listening


async def reads(server: RedisServer) -> None:
    """Until somebody waits for news at that Redis."""
    async with Redis.from_url(server.url) as client, asyncio.timeout(20):
        while not any(each["cmd"] == "xread" for each in await client.client_list()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_listener_hears_what_comes_after_it_began(news: News) -> None:
    await news.publish("queue", call="before")
    listening = asyncio.create_task(hear(news, 1, "$"))
    assert (await told_until_heard(news, listening))[0][2] == {"call": "after"}


async def test_every_listener_hears_everything(news: News) -> None:
    heard: list[list[Told]] = [[], [], []]
    listening = [asyncio.create_task(hear(news, 2, "0-0", each)) for each in heard]
    await news.publish("a")
    async with asyncio.timeout(30):
        while not all(heard):  # noqa: ASYNC110 - what comes over Redis has no event
            await asyncio.sleep(0.01)
    await news.publish("b")
    await asyncio.gather(*listening)
    assert all([topic for _, topic, _ in each] == ["a", "b"] for each in heard)


async def test_nothing_told_is_the_beginning(news: News) -> None:
    assert await news.position() == "0-0"


@pytest.mark.parametrize("place", ["", "nonsense", "1-", "-1", "9" * 40 + "-0", "1-1\r\nFLUSHALL", "$"])
async def test_a_place_that_is_none_counts_as_now(redis_url: str, place: str) -> None:
    async with RedisNews(redis_url) as news:
        await news.publish("queue", call="before")
        listening = asyncio.create_task(hear(news, 1, place))
        assert (await told_until_heard(news, listening))[0][2] == {"call": "after"}


async def test_a_flushed_redis_is_heard_again(redis_server: RedisServer) -> None:
    async with RedisNews(redis_server.url) as news:
        await news.publish("queue", call="before")
        listening = asyncio.create_task(hear(news, 1, "$"))
        await reads(redis_server)
        redis_server.flush()
        await news.publish("queue", call="after")
        assert (await listening)[0][2] == {"call": "after"}


async def test_ids_that_begin_anew_are_heard(redis_server: RedisServer) -> None:
    """As after a flush with a clock that was set back."""
    async with RedisNews(redis_server.url) as news:
        listening = asyncio.create_task(hear(news, 1, "99999999999999-0"))
        await reads(redis_server)
        await news.publish("queue", call="earlier id")
        assert (await listening)[0][2] == {"call": "earlier id"}


async def test_a_restarted_redis_is_heard_again(redis_server: RedisServer) -> None:
    async with RedisNews(redis_server.url) as news:
        await news.publish("queue", call="before")
        listening = asyncio.create_task(hear(news, 1, "$"))
        await reads(redis_server)
        redis_server.stop()
        redis_server.start()
        assert (await told_until_heard(news, listening))[0][2] == {"call": "after"}


async def test_an_absent_redis_costs_neither_an_error_nor_time(redis_server: RedisServer) -> None:
    redis_server.stop()
    async with RedisNews(redis_server.url) as news:
        began = time.monotonic()
        for _ in range(200):
            await news.publish("queue", call="c1")
        assert time.monotonic() - began < 20  # a tenth of a second each: nobody waits for a connection
        assert await news.position() == "0-0"
