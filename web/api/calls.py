"""Calls and their timelines."""

from typing import Annotated

from fastapi import APIRouter, Query

from routing.capabilities import Capability
from routing.model import CallState
from web.api.asked import Before
from web.api.shapes import CallDetail, CallOut, LegOut, Page, TicketOut, page_of, timeline_of
from web.auth import VisitorDep
from web.context import DeskDep
from web.ports import CallQuery
from web.rights import needs

router = APIRouter(prefix="/calls", tags=["calls"], dependencies=[needs(Capability.READ_CALLS)])


@router.get("")
async def list_calls(
    who: VisitorDep,
    context: DeskDep,
    text: Annotated[str, Query(max_length=100, description="in the caller's number or name")] = "",
    state: CallState | None = None,
    ending: Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}$")] = None,
    trace: Annotated[str | None, Query(max_length=100, description="the mark that a test caller sent")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Before = None,
) -> Page[CallOut]:
    """Calls, newest first."""
    query = CallQuery(text, context.rendering.site_words, state, ending, trace)
    calls = await context.archive.calls(query, limit + 1, before)
    return page_of([CallOut.of(call) for call in calls], limit, calls[limit - 1].id if len(calls) > limit else None)


@router.get("/{call_id}")
async def one_call(call_id: str, who: VisitorDep, context: DeskDep) -> CallDetail:
    """A call with its tickets and its whole timeline."""
    call = await context.records.calls.load(call_id)
    events = await context.records.calls.timeline(call_id)
    tickets = await context.records.tickets.of_call(call_id)
    return CallDetail(
        **CallOut.of(call).model_dump(),
        pins=dict(call.pins),
        tickets=[TicketOut.of(ticket) for ticket in tickets],
        legs=[LegOut.of(leg) for leg in await context.records.legs.of_call(call_id)],
        timeline=timeline_of(events, call.started_at),
    )
