"""The stream that keeps a page of the desk as it is: whole parts as HTML, each when it changes."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

from routing.capabilities import Capability
from routing.services.pages import PageService
from web.api.asked import STREAM_ID
from web.api.me import PageMark
from web.auth import Visitor, VisitorDep
from web.context import DeskContext, DeskDep
from web.emergencies import Alarm
from web.logins import Logins, LoginsDep
from web.marks import token_hash
from web.offered import Glance
from web.panels import Panel, Panels
from web.rights import needs
from web.services import PagesDep
from web.stream import TICK_S, NewsItem, changes, concerns, start_after

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE)])
GLANCE_S = 0.5  # well within the time in which a desk must show a call
TOGETHER_S = 0.4  # what changes within it is told at once
AGAIN_S = 10.0  # with the news gone, lists and stories are right again by then
NEXT_PAGE_S = 0.4  # longer than the way from one page of the desk to the next


@router.get("/desk/stream")
async def stream(
    who: VisitorDep,
    context: DeskDep,
    logins: LoginsDep,
    pages: PagesDep,
    page: PageMark,
    after: Annotated[str | None, Query(pattern=STREAM_ID)] = None,
    last_event_id: Annotated[str | None, Header(pattern=STREAM_ID)] = None,
) -> EventSourceResponse:
    """Parts that changed, for one page; resumes by `Last-Event-ID`."""
    return EventSourceResponse(
        _events(_Watch(context, pages, who, page), logins, start_after(last_event_id, after)), ping=15
    )


@router.get("/floor/stream", dependencies=[needs(Capability.WATCH_FLOOR)])
async def floor_stream(
    who: VisitorDep,
    context: DeskDep,
    logins: LoginsDep,
    pages: PagesDep,
    page: PageMark,
    after: Annotated[str | None, Query(pattern=STREAM_ID)] = None,
    last_event_id: Annotated[str | None, Header(pattern=STREAM_ID)] = None,
) -> EventSourceResponse:
    """The same, and the floor."""
    watch = _Watch(context, pages, who, page, floor=True)
    return EventSourceResponse(_events(watch, logins, start_after(last_event_id, after)), ping=15)


async def _events(watch: "_Watch", logins: Logins, after: str) -> AsyncIterator[ServerSentEvent]:
    async for change in changes(watch.context.news, logins, watch.who, after, GLANCE_S):
        async for event in watch.events(change):
            yield event
    ended = await logins.accounts.session_end(token_hash(watch.who.token), logins.now())
    yield ServerSentEvent(event="bye", data=str(ended))


@dataclass
class _Watch:
    """One page: what it shows, and what it has to be told."""

    context: DeskContext
    pages: PageService
    who: Visitor
    page: str
    floor: bool = False
    shown: dict[str, str] = field(default_factory=dict)  # part → version
    live: bool | None = None
    offered: Glance | None = None
    beat_at_s: float = -math.inf
    wanted_at_s: float = math.inf  # since when the agent has no live page
    alarms: tuple[Alarm, ...] = ()
    stale: dict[str, None] = field(default_factory=dict)  # what has changed and was not told yet, in order
    sent_at_s: float = -math.inf
    again_at_s: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    async def events(self, change: NewsItem) -> AsyncIterator[ServerSentEvent]:
        """A glance costs a query or two; a change, and every `TICK_S` also without one, a whole look."""
        now_s = asyncio.get_running_loop().time()
        beat_due = now_s - self.beat_at_s >= TICK_S
        if not change.topic and not beat_due and not self.stale and not await self._glance():
            return
        was_live, self.live = self.live, await self._is_live()
        if not self.live:
            self.shown.pop("pop", None)
            self.shown.pop("wrap", None)
        async for panel in self._panels(change):
            yield ServerSentEvent(id=change.id or None, event=panel.name, data=panel.html)
        wanted = await self._is_wanted(now_s)
        if beat_due or wanted or self.live != was_live:
            self.beat_at_s = now_s
            beat = {"at": self.context.now().isoformat(), "live": self.live, "wanted": wanted}
            yield ServerSentEvent(event="beat", data=json.dumps(beat))
        for name in self._due(change, now_s):
            yield ServerSentEvent(id=change.id or None, event=name, data="changed")

    def _due(self, change: NewsItem, now_s: float) -> list[str]:
        """What other parts of pages fetch afresh: at most so often, and nothing is left out."""
        self.stale.update(dict.fromkeys(stale_by(change)))
        if now_s - self.again_at_s >= AGAIN_S:
            self.again_at_s = now_s
            self.stale["again"] = None
        if now_s - self.sent_at_s < TOGETHER_S:
            return []
        due, self.stale = list(self.stale), {}
        self.sent_at_s = now_s if due else self.sent_at_s
        return due

    async def _panels(self, change: NewsItem) -> AsyncIterator[Panel]:
        """What has changed; the call and its wrap-up are for the agent's live page only."""
        panels = Panels(self.context, self.who, self.context.board, self.shown, self.floor)
        async for panel in panels.changed(concerns(change, self.who.account.agent_id), bool(self.live)):
            yield panel

    async def _glance(self) -> bool:
        """Whether there is an emergency, a call came for this agent, or went, or nobody would show it.

        None of it can wait for late news.
        """
        before, self.alarms = self.alarms, await self.context.emergencies.read()
        if before != self.alarms:
            return True
        if self.who.account.agent_id is None:
            return False
        if not self.live:
            return await self.pages.is_wanted(self.who.account.agent_id)
        earlier, self.offered = self.offered, await self.context.offered.of(self.who.account.agent_id)
        return earlier != self.offered

    async def _is_live(self) -> bool:
        """Only one page of an agent is told of calls."""
        agent_id = self.who.account.agent_id
        return agent_id is None or await self.pages.is_live(agent_id, self.page)

    async def _is_wanted(self, now_s: float) -> bool:
        """Whether this page should take over; not at once, as a page that goes to its next one closes, too."""
        agent_id = self.who.account.agent_id
        if self.live or agent_id is None or not await self.pages.is_wanted(agent_id):
            self.wanted_at_s = math.inf
        else:
            self.wanted_at_s = min(self.wanted_at_s, now_s)
        return now_s - self.wanted_at_s >= NEXT_PAGE_S


def stale_by(change: NewsItem) -> list[str]:
    """The lists, the ticket and the call that show something else now."""
    fields = change.fields
    names = [f"{kind}-{fields[kind]}" for kind in ("ticket", "call") if fields.get(kind)]
    lists = {
        "tickets": ("ticket",), "calls": ("call", "offer", "queue"), "callbacks": ("callback", "outbound"),
        "missed": ("missed", "call", "offer", "outbound", "ticket"),
    }  # fmt: skip
    return names + [name for name, topics in lists.items() if change.topic in topics or fields.get(topics[0])]
