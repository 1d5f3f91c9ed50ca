import asyncio

import pytest

from routing.bell import Bell
from routing.fake import MemoryNews

pytestmark = pytest.mark.virtual_time


async def test_news_of_its_call_wakes_a_waiter_and_other_news_does_not() -> None:
    news = MemoryNews()
    bell = Bell(news)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(bell.run())
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        began = loop.time()
        waiting = group.create_task(bell.wait(("offer",), 60, "call-1"))
        await asyncio.sleep(1)
        await news.tell("offer", call="call-2")
        await news.tell("queue", call="call-1")
        await asyncio.sleep(1)
        assert not waiting.done()
        await news.tell("offer", call="call-1")
        await waiting
        assert loop.time() - began < 3
        running.cancel()


async def test_a_wait_ends_without_news() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await Bell(MemoryNews()).wait(("offer",), 0.5)
    assert 0.4 < loop.time() - began < 0.6


async def test_what_was_found_elsewhere_rings_as_news_does() -> None:
    bell = Bell(MemoryNews())
    async with asyncio.timeout(1), asyncio.TaskGroup() as group:
        waiting = group.create_task(bell.wait(("offer",), 60, "call-1"))
        await asyncio.sleep(0)
        bell.ring("offer", "call-2")
        bell.ring("offer", "call-1")
        await waiting
