import asyncio

import pytest

from routing.fake import MemoryNews
from routing.news_waiter import NewsWaiter

pytestmark = pytest.mark.virtual_time


async def test_news_of_its_call_wakes_a_waiter_and_other_news_does_not() -> None:
    news = MemoryNews()
    news_waiter = NewsWaiter(news)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(news_waiter.run())
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        began = loop.time()
        waiting = group.create_task(news_waiter.wait(("offer",), 60, "call-1"))
        await asyncio.sleep(1)
        await news.publish("offer", call="call-2")
        await news.publish("queue", call="call-1")
        await asyncio.sleep(1)
        assert not waiting.done()
        await news.publish("offer", call="call-1")
        await waiting
        assert loop.time() - began < 3
        running.cancel()


async def test_a_wait_ends_without_news() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await NewsWaiter(MemoryNews()).wait(("offer",), 0.5)
    assert 0.4 < loop.time() - began < 0.6


async def test_what_was_found_elsewhere_rings_as_news_does() -> None:
    news_waiter = NewsWaiter(MemoryNews())
    async with asyncio.timeout(1), asyncio.TaskGroup() as group:
        waiting = group.create_task(news_waiter.wait(("offer",), 60, "call-1"))
        await asyncio.sleep(0)
        news_waiter.ring("offer", "call-2")
        await asyncio.sleep(0)
        assert not waiting.done()
        news_waiter.ring("offer", "call-1")
        await waiting
