"""Links for screens on a wall: an admin makes them, and withdraws them."""

from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.clocks import Clocks
from routing.identity import new_id
from routing.model import Missing, NotNow
from routing.ports import News, Records
from routing.wall_links import WallLink

LONGEST_NAME = 60


class WallService:
    def __init__(self, records: Records, news: News, clocks: Clocks, audit: AuditNotes = NO_AUDIT) -> None:
        self._records, self._news, self._clocks, self._audit = records, news, clocks, audit

    async def make(self, name: str, token_hash: str, actor: str) -> WallLink:
        """Whoever has the token sees the floor's numbers from now on. Raises: Missing."""
        name = " ".join(name.split())[:LONGEST_NAME]
        if not name:
            raise Missing("Say which screen it is for.")
        link = WallLink(new_id(), name, actor, self._clocks.now())
        await self._records.floor.walls.make(link, token_hash)
        await self._audit.note(actor, Action.WALL_LINK_MADE, link.id, link.at, {"name": name})
        return link

    async def withdraw(self, link_id: str, actor: str) -> None:
        """Its screens show nothing any more within seconds. Raises: NotNow."""
        now = self._clocks.now()
        if not await self._records.floor.walls.withdraw(link_id, now):
            raise NotNow("This link has been withdrawn already.")
        await self._news.publish("wall", wall=link_id)
        await self._audit.note(actor, Action.WALL_LINK_WITHDRAWN, link_id, now)
