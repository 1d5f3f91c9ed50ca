"""Events: the latest of all calls, and the stream of what just changed."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel
from sse_starlette import EventSourceResponse, ServerSentEvent

from routing.capabilities import Capability
from web.api.asked import STREAM_ID, Before
from web.api.shapes import EventOut, Page, page_of
from web.auth import Visitor, VisitorDep
from web.context import DeskContext, DeskDep
from web.rights import needs
from web.stream import NewsItem, changes, concerns, start_after

router = APIRouter(prefix="/events", tags=["events"])


@router.get("", dependencies=[needs(Capability.READ_CALLS)])
async def list_events(
    who: VisitorDep,
    context: DeskDep,
    type: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Before = None,
) -> Page[EventOut]:
    """The latest events of all calls, newest first."""
    events = await context.archive.events(type, limit + 1, before)
    calls = await context.records.calls.known({event.call_id for event in events})
    rows = [EventOut.of_event(event, calls[event.call_id].started_at) for event in events]
    return page_of(rows, limit, rows[limit - 1].id if len(rows) > limit else None)


class Position(BaseModel):
    id: str


@router.get("/position", dependencies=[needs(Capability.WATCH_LINE)])
async def position(who: VisitorDep, context: DeskDep) -> Position:
    """Where the stream is now; begin from here with `after` to miss nothing."""
    return Position(id=await context.news.position())


@router.get("/stream", response_class=EventSourceResponse, dependencies=[needs(Capability.WATCH_LINE)])
async def stream(
    request: Request,
    who: VisitorDep,
    context: DeskDep,
    after: Annotated[str | None, Query(pattern=STREAM_ID)] = None,
    last_event_id: Annotated[str | None, Header(pattern=STREAM_ID)] = None,
) -> EventSourceResponse:
    """What just changed, as server-sent events: ids only, so that readers fetch what they may see.

    An agent's stream holds no offers of other agents. Resumes by `Last-Event-ID`.
    """
    return EventSourceResponse(_events(context, who, start_after(last_event_id, after)), ping=15)


async def _events(context: DeskContext, who: Visitor, after: str) -> AsyncIterator[ServerSentEvent]:
    async for change in changes(context, who, after):
        if change.topic and concerns(change, who.account.agent_id):
            yield _as_event(change)
        elif not change.topic:
            yield ServerSentEvent(event="beat", data=json.dumps({"at": context.now().isoformat()}))


def _as_event(change: NewsItem) -> ServerSentEvent:
    return ServerSentEvent(id=change.id, event=change.topic, data=json.dumps(dict(change.fields)))
