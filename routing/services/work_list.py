"""The lists that people keep for themselves."""

from collections.abc import Mapping

from routing.clocks import Clocks
from routing.model import Missing, NotFound
from routing.ports import Records
from routing.work_list import LONGEST_NAME, SavedFilter, worth_keeping


class WorkListService:
    def __init__(self, records: Records, clocks: Clocks) -> None:
        self._records, self._clocks = records, clocks

    async def keep(self, login: str, name: str, fields: Mapping[str, str]) -> SavedFilter:
        """What a list was asked for, under a name; what was searched for as text is not kept.

        Raises: Missing, TooMany.
        """
        name = " ".join(name.split())[:LONGEST_NAME]
        kept = SavedFilter(name, worth_keeping(fields))
        if not name or not kept.fields:
            raise Missing("Give it a name, and choose at least one filter; words that are searched for are not kept.")
        await self._records.filters.keep(login, kept, self._clocks.now())
        return kept

    async def drop(self, login: str, name: str) -> None:
        """Raises: NotFound."""
        if not await self._records.filters.drop(login, name):
            raise NotFound("You keep no list of that name.")
