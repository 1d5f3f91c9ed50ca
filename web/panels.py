"""The parts of every page that keep themselves up to date: my state, the call for me, wrap-up, the board."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

from routing.capabilities import Capability
from routing.model import Agent, AgentState, Offer, OfferState
from routing.policy import page_alive
from web.auth import Visitor
from web.board import BoardReader, board_version
from web.context import DeskContext
from web.dispositions import DISPOSITIONS
from web.pop import pop_of

REASONS = ("break", "meeting", "paperwork", "handover")
SHOWN = (OfferState.MADE, OfferState.SEEN, OfferState.RINGING, OfferState.ANSWERED)


@dataclass(frozen=True)
class Panel:
    """HTML of one part, and a mark that changes when its content does."""

    name: str
    version: str
    html: str


@dataclass(frozen=True)
class Panels:
    """Draws the parts for one visitor."""

    context: DeskContext
    who: Visitor
    board: BoardReader
    shown: dict[str, str] = field(default_factory=dict)  # part → version the page has

    async def all(self) -> list[Panel]:
        return [panel async for panel in self.changed(own=True)]

    async def changed(self, own: bool, live: bool = True) -> AsyncIterator[Panel]:
        """Emergencies first, then the visitor's own parts: a call for them must not wait for the board.

        Calls go to the live page only.
        """
        if panel := await self.emergencies():
            yield panel
        if own and self.who.account.agent_id:
            agent = await self.context.records.agents.load(self.who.account.agent_id)
            offer = await self.context.records.offers.of_agent(agent.id)
            if live and (panel := await self._pop(offer)):
                yield panel
            if panel := await self._me(agent, offer):
                yield panel
            if live and (panel := await self._wrap(agent)):
                yield panel
        if panel := await self._board():
            yield panel
        if panel := await self._missed():
            yield panel

    async def emergencies(self) -> Panel | None:
        """On every page of everybody, also where another page is the agent's live one."""
        alarms = await self.context.emergencies.read()
        return self._draw("emergency", alarms, alarms=alarms)

    async def _pop(self, offer: Offer | None) -> Panel | None:
        if offer is None or offer.state not in SHOWN:
            return self._draw("pop", "none", pop=None)
        pop = await pop_of(self.context, offer)
        ring_s = self.context.edition.site.waiting.ring_s
        rings_until = offer.ringing_at + timedelta(seconds=ring_s) if offer.ringing_at else None
        return self._draw("pop", pop, pop=pop, ring_s=ring_s, rings_until=rings_until)

    async def _me(self, agent: Agent, offer: Offer | None) -> Panel | None:
        seen = (
            agent.state,
            agent.state_since,
            agent.reason,
            agent.phone,
            agent.phone_registered,
            offer and offer.state,
        )
        return self._draw("me", seen, agent=agent, offer=offer, reasons=REASONS)

    async def _wrap(self, agent: Agent) -> Panel | None:
        offer = await self.context.records.offers.last_of_agent(agent.id)
        if agent.state is not AgentState.AFTER_CALL_WORK or offer is None:
            return self._draw("wrap", "none", offer=None)
        limit_s = self.context.edition.site.waiting.wrap_up_limit_s
        until = agent.state_since + timedelta(seconds=limit_s)
        pop = await pop_of(self.context, offer)
        return self._draw(
            "wrap", (offer.id, until), offer=offer, pop=pop, until=until, limit_s=limit_s, dispositions=DISPOSITIONS
        )

    async def _board(self) -> Panel | None:
        board, at, rules = await self.board.read(), self.context.now(), self.context.edition.site.waiting
        alive = {agent.id: page_alive(agent, at, rules) for agent in board.agents}
        told = await self.context.told.read() if self.who.may(Capability.READ_FIGURES) else None
        return self._draw("board", (board_version(board, alive), told), board=board, alive=alive, told=told)

    async def _missed(self) -> Panel | None:
        """Beside its entry in the navigation."""
        if not self.who.may(Capability.READ_CALLS):
            return None
        count = sum((await self.context.missed.read()).values())
        return self._draw("missed-count", count, count=count)

    def _draw(self, name: str, seen: object, **values: object) -> Panel | None:
        """None when the page shows it already."""
        marked = (seen, sorted(self.context.in_force.pins.items()))  # other documents may name the same otherwise
        version = hashlib.sha256(repr(marked).encode()).hexdigest()[:16]
        if self.shown.get(name) == version:
            return None
        self.shown[name] = version
        html = self.context.rendering.page(
            f"parts/{name}.html", self.who.language, version=version, now=self.context.now(), who=self.who, **values
        )
        return Panel(name, version, html)
