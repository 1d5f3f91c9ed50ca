"""The list of calls, and one call's timeline."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from routing.capabilities import Capability
from web.api.asked import Before
from web.auth import VisitorDep
from web.context import DeskDep
from web.pages.frame import DEFAULT_PAGE_ROWS, framed
from web.ports import CallQuery
from web.rights import needs

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.READ_CALLS)])


@router.get("/calls")
async def call_list(
    who: VisitorDep, context: DeskDep, text: Annotated[str, Query(max_length=100)] = "", before: Before = None
) -> HTMLResponse:
    calls = await context.archive.calls(
        CallQuery(text.strip(), context.rendering.site_words), DEFAULT_PAGE_ROWS + 1, before
    )
    older = calls[DEFAULT_PAGE_ROWS - 1].id if len(calls) > DEFAULT_PAGE_ROWS else None
    return await framed(context, who, "calls.html", calls=calls[:DEFAULT_PAGE_ROWS], chosen={"text": text}, older=older)


@router.get("/calls/{call_id}")
async def call_page(call_id: str, who: VisitorDep, context: DeskDep) -> HTMLResponse:
    call = await context.records.calls.load(call_id)
    timeline = await context.records.calls.timeline(call_id)
    tickets = await context.records.tickets.of_call(call_id)
    return await framed(context, who, "call.html", call=call, timeline=timeline, tickets=tickets)
