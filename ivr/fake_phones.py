"""Dispatchers' phones by script, for tests of the dialogue."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from routing.model import CallerId


@dataclass
class ScriptedPhones:
    """`AgentPhones` of which each is taken after so many seconds, or not at all."""

    taken_after_s: list[float | None] = field(default_factory=lambda: [0.0])  # one after the other; the last repeats
    ready: bool = True
    rung: list[str] = field(default_factory=list)  # phones, in order
    put_down: list[str] = field(default_factory=list)  # offers
    _ringing: dict[str, asyncio.Event] = field(default_factory=dict)

    async def ring(self, offer_id: str, phone: str, caller: CallerId, ring_s: int) -> str | None:
        after_s = self.taken_after_s[min(len(self.rung), len(self.taken_after_s) - 1)]
        self.rung.append(phone)
        channel = f"PJSIP/{phone}-{len(self.rung):08x}"
        until = self._ringing[offer_id] = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(ring_s if after_s is None else after_s):
                await until.wait()
        return None if after_s is None or until.is_set() else channel

    async def hang_up(self, offer_id: str) -> None:
        self.put_down.append(offer_id)
        if offer_id in self._ringing:
            self._ringing[offer_id].set()
