"""The desk itself: my state, the call for me, the queue, wrap-up."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from routing.capabilities import Capability
from web import acts
from web.auth import MeDep, Visitor, VisitorDep
from web.context import DeskContext, DeskDep
from web.pages.frame import framed
from web.panels import Panels
from web.ports import TicketQuery
from web.rights import needs

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE)])
LATEST = 8


@router.get("/", dependencies=[needs(Capability.READ_TICKETS)])
async def desk(who: VisitorDep, context: DeskDep) -> HTMLResponse:
    tickets = await context.archive.tickets(TicketQuery(open_only=True), LATEST)
    return await framed(context, who, "desk.html", tickets=tickets)


@router.post("/desk/state", dependencies=[needs(Capability.TAKE_CALLS)])
async def change_state(
    agent: MeDep,
    who: VisitorDep,
    context: DeskDep,
    state: Annotated[Literal["available", "not_ready"], Form()],
    reason: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Responds with the visitor's own parts of the page as they are now."""
    if state == "available":
        await acts.go_available(context, agent)
    else:
        await acts.go_not_ready(context, agent, reason)
    return await _own_parts(context, who)


@router.post("/desk/wrap-up", dependencies=[needs(Capability.TAKE_CALLS)])
async def wrap_up(
    agent: MeDep,
    who: VisitorDep,
    context: DeskDep,
    offer: Annotated[str, Form(max_length=60)],
    disposition: Annotated[acts.Disposition, Form()],
    note: Annotated[str, Form(max_length=4_000)] = "",
    then: Annotated[Literal["available", "not_ready"], Form()] = "available",
) -> Response:
    await acts.wrap_up(context, agent, offer, disposition, note, then == "available")
    return await _own_parts(context, who)


async def _own_parts(context: DeskContext, who: Visitor) -> Response:
    """Each replaces its place on the page, out of band."""
    panels = [panel async for panel in Panels(context, who, context.board).changed(own=True)]
    return HTMLResponse(
        "".join(f'<div id="{panel.name}" hx-swap-oob="innerHTML">{panel.html}</div>' for panel in panels)
    )
