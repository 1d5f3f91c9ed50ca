"""The parts of every page that keep themselves up to date: my state, the call for me, wrap-up, the board."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

from routing.capabilities import Capability
from routing.day_figures import Formula
from routing.model import URGENCY_ORDER, Agent, AgentState, Offer, OfferState
from routing.policy import page_alive
from routing.services.agents import FORCED
from web.auth import Visitor
from web.board import BoardReader, board_version
from web.context import DeskContext
from web.dispositions import DISPOSITIONS
from web.pop import pop_of

NOTICE_MINUTES = (15, 60, 240, 720)
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
    floor: bool = False  # whether the page shows the floor

    async def all(self) -> list[Panel]:
        return [panel async for panel in self.changed(own=True)]

    async def changed(self, own: bool, live: bool = True) -> AsyncIterator[Panel]:
        """Emergencies first, then the visitor's own parts: a call for them must not wait for the board.

        Calls go to the live page only.
        """
        if panel := await self.emergencies():
            yield panel
        if own and self.who.account.agent_id:
            async for panel in self._own(self.who.account.agent_id, live):
                yield panel
        help, floor = (self._help, self._floor) if self.floor else (_nothing, _nothing)
        for draw in (help, self._board, self._missed, self.notices, floor):
            if panel := await draw():
                yield panel

    async def _own(self, agent_id: str, live: bool) -> AsyncIterator[Panel]:
        agent = await self.context.records.agents.load(agent_id)
        offer = await self.context.records.offers.of_agent(agent.id)
        if live and (panel := await self._pop(offer)):
            yield panel
        if panel := await self.me(agent, offer):
            yield panel
        if live and (panel := await self._wrap(agent)):
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

    async def me(self, agent: Agent, offer: Offer | None) -> Panel | None:
        help = await self.context.help.of(agent.id)
        seen = (
            agent.state,
            agent.state_since,
            agent.reason,
            agent.phone,
            agent.phone_registered,
            offer and offer.state,
            help and help.request,
        )
        return self._draw("me", seen, agent=agent, offer=offer, reasons=REASONS, help=help)

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

    async def notices(self) -> Panel | None:
        """On every page of everybody, until each puts them away."""
        notices = await self.context.notices.of(self.who.account.login)
        return self._draw("notices", notices, notices=notices)

    async def _help(self) -> Panel | None:
        calls = await self.context.help.read()
        return self._draw("help", calls, calls=calls)

    async def _floor(self) -> Panel | None:
        floor, board = await self.context.floor.read(), await self.board.read()
        at, rules = self.context.now(), self.context.edition.site.waiting
        alive = {agent.id: page_alive(agent, at, rules) for agent in board.agents}
        promised = {each.ticket_id for each in floor.figures.promises.first}
        tickets = await self.context.records.tickets.known(promised)
        notices = await self.context.notices.standing()
        seen = (floor.figures, board_version(board, alive), [tickets[each] for each in sorted(tickets)], notices)
        return self._draw(
            "floor", seen, figures=floor.figures, board=board, alive=alive, tickets=tickets, standing=notices,
            answer_within_s=self.context.edition.site.floor.answer_within_s, forced=FORCED, urgencies=URGENCY_ORDER,
            formulas=list(Formula), lasts=NOTICE_MINUTES,
        )  # fmt: skip

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


async def _nothing() -> None:
    """In the place of a part that the page does not show."""
