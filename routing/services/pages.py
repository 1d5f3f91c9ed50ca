"""Pages of the desk: which one of an agent's is sent calls, and what it has shown."""

from collections.abc import Callable
from datetime import datetime, timedelta

from config.documents import WaitingRules
from routing.archive import Pages
from routing.clocks import Clocks
from routing.model import Agent, NotNow
from routing.ports import News, Records
from routing.services.offers import OfferService, own_offer

NOBODY = ""  # in the place of the live page: it was closed, and no other has taken over yet
SILENT_S = 10  # two beats of a page, and a little; well before its agent counts as gone


class PageService:
    def __init__(
        self, records: Records, pages: Pages, news: News, rules: Callable[[], WaitingRules], clocks: Clocks,
        offers: OfferService,
    ) -> None:  # fmt: skip
        """`rules` returns those that are in force now."""
        self._records, self._pages, self._news, self._rules, self._clocks = records, pages, news, rules, clocks
        self._offers = offers

    async def heartbeat(self, agent: Agent, page: str, take: bool) -> bool:
        """Keep the live page alive; True when this page is the live one.

        A page takes over when asked to, when there is none, and when the live one has gone silent.
        """
        at = self._clocks.now()
        live = await self._pages.live(agent.id)
        if live != page and (take or not live or self._silent(agent)):
            await self._pages.take(agent.id, page, at)
            await self._news.publish("page", agent=agent.id)
            live = page
        if live != page:
            return False
        await self._records.agents.heartbeat(agent.id, at)
        return True

    async def close(self, agent: Agent, page: str) -> None:
        """The page goes; until another takes over, the agent counts as present for as long as after its last beat."""
        if await self.is_live(agent.id, page):
            await self._pages.take(agent.id, NOBODY, agent.page_seen_at or self._clocks.now())

    async def is_live(self, agent_id: str, page: str) -> bool:
        """Whether this is the page that is sent the agent's calls."""
        return await self._pages.live(agent_id) == page

    async def is_wanted(self, agent_id: str) -> bool:
        """Whether another page of this agent should take over: the live one was closed, or has gone silent."""
        return not await self._pages.live(agent_id) or self._silent(await self._records.agents.load(agent_id))

    async def show(self, agent: Agent, offer_id: str, page: str, shown_at: datetime) -> bool:
        """The live page shows the agent's call; False when its offer has lapsed meanwhile.

        Raises: NotFound, NotNow.
        """
        offer = await own_offer(self._records, agent, offer_id)
        if not await self.is_live(agent.id, page):
            raise NotNow("Another page of yours is the live one.")
        return await self._offers.show(offer, agent, shown_at)

    def _silent(self, agent: Agent) -> bool:
        limit_s = min(SILENT_S, self._rules().stale_page_s)
        return agent.page_seen_at is None or self._clocks.now() - agent.page_seen_at > timedelta(seconds=limit_s)
