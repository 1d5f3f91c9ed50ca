"""The lists that people keep for themselves, in memory."""

from collections.abc import Sequence
from datetime import datetime

from routing.fake_state import MemoryState
from routing.work_list import MOST_FILTERS, SavedFilter, TooMany


class MemorySavedFilters:
    """Implements `routing.work_list.SavedFilters`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def keep(self, owner: str, saved: SavedFilter, at: datetime) -> None:
        others = [each for each in await self.of(owner) if each.name != saved.name]
        if len(others) >= MOST_FILTERS:
            raise TooMany
        self._state.filters[owner] = sorted([*others, saved], key=lambda each: each.name.casefold())

    async def drop(self, owner: str, name: str) -> bool:
        kept = await self.of(owner)
        self._state.filters[owner] = [each for each in kept if each.name != name]
        return len(self._state.filters[owner]) < len(kept)

    async def of(self, owner: str) -> Sequence[SavedFilter]:
        return self._state.filters.get(owner, [])
