"""Tickets: find, read, and move them on."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from routing.model import Stage
from routing.work_list import Order, Overview
from web.api.shapes import CallOut, OtherTicketOut, Page, TicketDetail, TicketOut, UrgencyName, Wanted, changes_of
from web.auth import VisitorDep
from web.context import DeskContext, DeskDep
from web.finding import find_ticket
from web.messages import RecordingsDep
from web.ports import TicketQuery
from web.rights import needs
from web.services import MissedDep, TicketsDep
from web.work_list import ListPlace, page_of_tickets, viewer_of

router = APIRouter(prefix="/tickets", tags=["tickets"], dependencies=[needs(Capability.READ_TICKETS)])
TicketKey = Annotated[str, Field(description="id or spoken number", max_length=60)]


class StageIn(Wanted):
    to: Stage
    seen: Annotated[Stage | None, Field(description="what you think it is now; refused when it is not")] = None
    answer: Annotated[str | None, Field(max_length=4_000, description="what the caller was told; needed to close")] = (
        None
    )


class UrgencyIn(Wanted):
    urgency: UrgencyName
    seen: Annotated[UrgencyName | None, Field(description="what you think it is now; refused when it is not")] = None
    why: Annotated[str, Field(max_length=300, description="in a few words; told in the ticket's history")] = ""


class TicketPageOut(Page[TicketOut]):
    """A part of the list; pass `next` as `before` for the following part, `previous` for the one before."""

    previous: str | None = None


class OverviewsOut(BaseModel):
    """How many tickets each overview of yours has."""

    overviews: dict[Overview, int]


@router.get("")
async def search_tickets(
    who: VisitorDep,
    context: DeskDep,
    text: Annotated[str, Query(max_length=100, description="in number, words, caller or place")] = "",
    stage: Stage | None = None,
    open_only: bool = False,
    urgency: UrgencyName | None = None,
    crew: str | None = None,
    topic: str | None = None,
    place: str | None = None,
    assignee: Annotated[str | None, Query(description="login of who has it")] = None,
    overview: Overview | None = None,
    order: Order = Order.NEWEST,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: ListPlace = None,
) -> TicketPageOut:
    """Tickets, newest first unless another order is asked for; overviews have open ones, and are the visitor's own."""
    query = TicketQuery(
        text=text,
        site_words=context.rendering.site_words,
        stage=stage,
        open_only=open_only,
        urgency=urgency,
        crew=crew,
        topic=topic,
        place=place,
        assignee=assignee,
        overview=overview,
        viewer=await viewer_of(context, who.account),
        order=order,
    )
    page = await page_of_tickets(context, query, limit, before)
    items = [TicketOut.of(ticket) for ticket in page.tickets]
    return TicketPageOut(items=items, next=page.later, previous=page.earlier)


@router.get("/overviews")
async def overviews(who: VisitorDep, context: DeskDep) -> OverviewsOut:
    """How much there is to do, as the desk's list of tickets tells it."""
    return OverviewsOut(overviews=dict(await context.archive.overviews(await viewer_of(context, who.account))))


@router.get("/{ticket}")
async def one_ticket(ticket: TicketKey, who: VisitorDep, context: DeskDep) -> TicketDetail:
    """A ticket, by id or by its spoken number, with its history and its calls."""
    return await detail_of(context, ticket)


@router.get("/{ticket}/messages/{number}", response_class=FileResponse)
async def message(
    ticket: TicketKey, number: int, who: VisitorDep, context: DeskDep, recordings: RecordingsDep, missed: MissedDep
) -> FileResponse:
    """A recorded message as WAV; 0 is the first."""
    found = await find_ticket(context, ticket)
    path = await recordings.listen(found, number, who.actor)
    await missed.heard(found.id, who.actor)
    return FileResponse(path, media_type="audio/wav")


@router.post("/{ticket}/stage", dependencies=[needs(Capability.MOVE_TICKETS)])
async def move_ticket(
    ticket: TicketKey, wanted: StageIn, who: VisitorDep, context: DeskDep, tickets: TicketsDep
) -> TicketDetail:
    """Move a ticket to a later stage; closing it needs the answer that the caller was given."""
    found = await find_ticket(context, ticket)
    await tickets.move(found, wanted.to, wanted.answer, who.actor, wanted.seen)
    return await detail_of(context, found.id)


@router.post("/{ticket}/urgency", dependencies=[needs(Capability.MOVE_TICKETS)])
async def set_urgency(
    ticket: TicketKey, wanted: UrgencyIn, who: VisitorDep, context: DeskDep, tickets: TicketsDep
) -> TicketDetail:
    """Set the urgency; what the line suggested is kept beside it."""
    found = await find_ticket(context, ticket)
    await tickets.set_urgency(found, wanted.urgency, who.actor, context.edition, wanted.seen, wanted.why)
    return await detail_of(context, found.id)


async def detail_of(context: DeskContext, key: str) -> TicketDetail:
    """The ticket with its history and its calls. Raises: NotFound."""
    ticket = await find_ticket(context, key)
    calls = await context.archive.calls_of_ticket(ticket.id)
    history = await context.archive.ticket_history(ticket.id)
    return TicketDetail(
        **TicketOut.of(ticket).model_dump(),
        history=changes_of(ticket.number, history),
        calls=[CallOut.of(call) for call in calls],
        merged=[OtherTicketOut.of(each) for each in await context.records.handling.merged_into(ticket.id)],
        linked=[OtherTicketOut.of(each) for each in await context.records.handling.linked(ticket.id)],
    )
