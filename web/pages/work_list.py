"""The work list: overviews with how many there are, filters, orders, pages both ways, and what people keep of it."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from routing.capabilities import Capability
from routing.model import URGENCY_ORDER, Stage
from routing.work_list import Order
from web.auth import VisitorDep
from web.context import DeskDep
from web.pages.frame import DEFAULT_PAGE_ROWS, framed
from web.rights import needs
from web.services import WorkListDep
from web.work_list import ListPlace, page_of_tickets, query_of, viewer_of

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.READ_TICKETS)])
Choice = Annotated[str, Query(max_length=64)]
Chosen = Annotated[str, Form(max_length=64)]
PLAIN = {"stage": "open"}  # what is chosen where nothing is said


def chosen_filters(
    text: Annotated[str, Query(max_length=100)] = "",
    view: Choice = "",
    stage: Choice = "open",
    urgency: Choice = "",
    crew: Choice = "",
    topic: Choice = "",
    place: Choice = "",
    assignee: Choice = "",
    order: Choice = "",
) -> dict[str, str]:
    """As the page's address has them."""
    return {
        "text": text, "view": view, "stage": stage, "urgency": urgency, "crew": crew, "topic": topic,
        "place": place, "assignee": assignee, "order": order,
    }  # fmt: skip


def address(fields: dict[str, str], **more: str) -> str:
    """Of the list with these filters."""
    given = {name: value for name, value in {**fields, **more}.items() if value and value != PLAIN.get(name)}
    return f"/tickets?{urlencode(given)}" if given else "/tickets"


@router.get("/tickets")
async def ticket_list(
    who: VisitorDep, context: DeskDep, chosen: Annotated[dict[str, str], Depends(chosen_filters)],
    before: ListPlace = None,
) -> HTMLResponse:  # fmt: skip
    viewer = await viewer_of(context, who.account)
    query = query_of(context, chosen, viewer)
    listed = await page_of_tickets(context, query, DEFAULT_PAGE_ROWS, before)
    kept = await context.records.filters.of(who.account.login)
    return await framed(
        context, who, "tickets.html", listed=listed, chosen=chosen, order=query.order, stages=list(Stage),
        urgencies=URGENCY_ORDER, orders=list(Order), overviews=await context.archive.overviews(viewer),
        kept=kept, address=address, first=before is None,
        filtered={name: value for name, value in chosen.items() if value and value != PLAIN.get(name)},
    )  # fmt: skip


@router.post("/tickets/filters")
async def keep_filters(
    who: VisitorDep,
    lists: WorkListDep,
    name: Annotated[str, Form(max_length=100)] = "",
    view: Chosen = "",
    stage: Chosen = "",
    urgency: Chosen = "",
    crew: Chosen = "",
    topic: Chosen = "",
    place: Chosen = "",
    assignee: Chosen = "",
    order: Chosen = "",
) -> Response:
    """What the list shows now, under a name of one's own; leads to it."""
    fields = {
        "view": view, "stage": "" if stage == PLAIN["stage"] else stage, "urgency": urgency, "crew": crew,
        "topic": topic, "place": place, "assignee": assignee, "order": order,
    }  # fmt: skip
    saved = await lists.keep(who.account.login, name, fields)
    return RedirectResponse(address(dict(saved.fields)), 303)


@router.post("/tickets/filters/delete")
async def drop_filters(
    who: VisitorDep, lists: WorkListDep, name: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    await lists.drop(who.account.login, name)
    return RedirectResponse("/tickets", 303)
