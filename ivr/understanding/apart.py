"""Understanding beside the event loop: words are worked on in a thread, so that nobody's sound waits for them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from ivr.ports import Understander, Understanding


class UnderstandingThread:
    """One thread for all calls: in their order, each for some 50 ms at most."""

    def __init__(self, understander: Understander) -> None:
        self._understander = understander
        self._thread = ThreadPoolExecutor(1, "understanding")

    async def understand(self, text: str, language: str, confidence: float = 1.0) -> Understanding:
        """As `ivr.ports.Understand`; what nobody waits for any more before it was begun is not begun."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._understander.understand, text, language, confidence)
