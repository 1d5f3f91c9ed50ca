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


async def test_what_comes_while_a_watcher_is_busy_is_not_missed() -> None:
    news_waiter, loop = NewsWaiter(MemoryNews()), asyncio.get_running_loop()
    with news_waiter.watch(("queue",)) as watch:
        await watch.wait(0.1)
        news_waiter.ring("queue", "call-1")
        await asyncio.sleep(1)  # something else is done meanwhile
        began = loop.time()
        await watch.wait(60)
        assert loop.time() - began < 0.01
        await watch.wait(0.5)  # what was heard is not heard again
        assert loop.time() - began >= 0.5
    news_waiter.ring("queue", "call-2")  # nobody watches any more
