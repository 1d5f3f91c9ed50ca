"""The floor's numbers for a screen on a wall: without controls, and for whoever has a link of it."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from routing.capabilities import Capability
from routing.day_figures import Formula
from routing.model import NotFound
from web.auth import VisitorDep
from web.context import DeskContext, DeskDep
from web.logins import LoginsDep
from web.marks import new_token, token_hash
from web.pages.frame import framed
from web.rights import OPEN, needs
from web.services import WallsDep
from web.stream import changes_while

router = APIRouter()
MAY_MANAGE = [needs(Capability.WATCH_LINE), needs(Capability.MANAGE_WALLS)]
TOGETHER_S = 0.5  # what changes within it is drawn at once
TICK_S = 1.0
BEAT_TICKS = 3  # so many ticks from one look without news, and one sign of life, to the next


async def _linked(token: str, context: DeskDep) -> str:
    """The token, where there is such a link. Raises: NotFound."""
    if await context.records.floor.walls.of_token(token_hash(token)) is None:
        raise NotFound("no such link, or it has been withdrawn")
    return token


LinkedDep = Annotated[str, Depends(_linked)]


@router.get("/wall", dependencies=[needs(Capability.WATCH_FLOOR)])
async def wall(who: VisitorDep, context: DeskDep) -> HTMLResponse:
    return await _page(context, who.language, "/wall/stream")


@router.get("/wall/stream", dependencies=[needs(Capability.WATCH_FLOOR)])
async def wall_stream(who: VisitorDep, context: DeskDep, logins: LoginsDep) -> EventSourceResponse:
    async def lasts() -> bool:
        return await logins.accounts.of_session(token_hash(who.token), logins.now()) is not None

    return EventSourceResponse(_events(context, who.language, lasts), ping=15)


@router.get("/wall/at/{token}", dependencies=[OPEN])
async def linked_wall(token: LinkedDep, context: DeskDep) -> HTMLResponse:
    return await _page(context, None, f"/wall/at/{token}/stream")


@router.get("/wall/at/{token}/stream", dependencies=[OPEN])
async def linked_wall_stream(token: LinkedDep, context: DeskDep) -> EventSourceResponse:
    async def lasts() -> bool:
        return await context.records.floor.walls.of_token(token_hash(token)) is not None

    return EventSourceResponse(_events(context, None, lasts), ping=15)


async def _page(context: DeskContext, language: str | None, stream: str) -> HTMLResponse:
    _, html = await _part(context, language)
    return HTMLResponse(context.rendering.page("wall.html", language, stream=stream, part=html, now=context.now()))


async def _part(context: DeskContext, language: str | None) -> tuple[str, str]:
    """A mark of what it shows, and its HTML."""
    figures, site = (await context.floor.read()).figures, context.edition.site
    html = context.rendering.page(
        "parts/wall.html", language, figures=figures, now=context.now(), formulas=list(Formula),
        answer_within_s=site.floor.answer_within_s, soon_minutes=site.floor.promise_soon_minutes,
    )  # fmt: skip
    return repr((figures, context.in_force.pins)), html


async def _events(
    context: DeskContext, language: str | None, lasts: Callable[[], Awaitable[bool]]
) -> AsyncIterator[ServerSentEvent]:
    """The numbers when they change, soon after the news or, without any, within some seconds; and signs of life."""
    loop = asyncio.get_running_loop()
    shown, drawn_s, ticks, stale = "", -math.inf, 0, True
    async for change in changes_while(lasts, context.news, await context.news.position(), TICK_S):
        ticks += not change.topic
        stale = stale or bool(change.topic) or ticks % BEAT_TICKS == 0
        if not change.topic and ticks % BEAT_TICKS == 1:
            yield ServerSentEvent(event="beat", data=json.dumps({"at": context.now().isoformat()}))
        if stale and loop.time() - drawn_s >= TOGETHER_S:
            seen, html = await _part(context, language)
            stale, drawn_s = False, loop.time()
            if seen != shown:
                shown = seen
                yield ServerSentEvent(event="wall", data=html)
    yield ServerSentEvent(event="bye", data="ended")


@router.get("/walls", dependencies=MAY_MANAGE)
async def wall_links(who: VisitorDep, context: DeskDep) -> HTMLResponse:
    links = await context.records.floor.walls.standing()
    return await framed(context, who, "walls.html", links=links, made=None)


@router.post("/walls", dependencies=MAY_MANAGE)
async def make_link(
    request: Request, who: VisitorDep, context: DeskDep, walls: WallsDep,
    name: Annotated[str, Form(max_length=100)] = "",
) -> HTMLResponse:  # fmt: skip
    """Its address is shown this once: only a hash of it is kept."""
    token = new_token()
    link = await walls.make(name, token_hash(token), who.actor)
    address = f"{str(request.base_url).rstrip('/')}/wall/at/{token}"
    links = await context.records.floor.walls.standing()
    return await framed(context, who, "walls.html", links=links, made=(link, address))


@router.post("/walls/{link_id}/withdraw", dependencies=MAY_MANAGE)
async def withdraw(link_id: str, who: VisitorDep, walls: WallsDep) -> Response:
    await walls.withdraw(link_id, who.actor)
    return Response(status_code=303, headers={"Location": "/walls"})
