"""Words are understood while the event loop goes on, for one caller after the other."""

import asyncio
import threading

from ivr.ports import Understanding
from ivr.understanding.apart import UnderstandingThread

LIMIT_S = 20.0


class Pondering:
    """Understands nothing before it may."""

    def __init__(self) -> None:
        self.may, self.asked = threading.Event(), list[str]()

    def understand(self, text: str, language: str, confidence: float = 1.0) -> Understanding:
        self.asked.append(text)
        assert self.may.wait(LIMIT_S)
        return Understanding(text)


async def test_the_loop_goes_on_meanwhile() -> None:
    pondering = Pondering()
    understanding = asyncio.ensure_future(UnderstandingThread(pondering).understand("the drain", "en"))
    await asyncio.sleep(0)
    assert not understanding.done()
    pondering.may.set()  # which nobody could do if the loop stood still
    async with asyncio.timeout(LIMIT_S):
        assert (await understanding).text == "the drain"


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    pondering = Pondering()
    thread = UnderstandingThread(pondering)
    asked = [asyncio.ensure_future(thread.understand(text, "en")) for text in ("one", "two", "three")]
    await asyncio.sleep(0)
    asked[1].cancel()
    await asyncio.sleep(0)
    pondering.may.set()
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(*asked, return_exceptions=True)
    assert pondering.asked == ["one", "three"]
