"""Which agents are being offered somebody, for a glance: every page asks twice a second whether to look closer."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from routing.model import OfferState
from routing.ports import Records

FRESH_S = 0.25  # pages share one reading; whoever finds something new reads it for themselves
Glance = tuple[str, OfferState]  # the offer, and how far it is


@dataclass
class OfferedReader:
    """Reads the live offers at most every `FRESH_S`, whoever asks."""

    records: Records
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _read_at: float = -1.0
    _offered: Mapping[str, Glance] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, agent_id: str) -> Glance | None:
        async with self._lock:
            if self._read_at < 0 or self.clock() - self._read_at > FRESH_S:
                live = await self.records.offers.live()
                self._offered = {offer.agent_id: (offer.id, offer.state) for offer in live}
                self._read_at = self.clock()
            return self._offered.get(agent_id)
