"""Tickets that programs, and people by way of them, open by hand."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, status
from pydantic import Field

from routing.capabilities import Capability
from routing.intakes import NewMatter
from routing.model import IntakeSource
from web.api.shapes import TicketDetail, UrgencyName, Wanted
from web.api.tickets import detail_of
from web.auth import VisitorDep
from web.context import DeskDep
from web.rights import needs
from web.services import TicketsDep

router = APIRouter(
    prefix="/tickets", tags=["tickets"],
    dependencies=[needs(Capability.READ_TICKETS), needs(Capability.TAKE_IN_TICKETS)],
)  # fmt: skip


class TicketIn(Wanted):
    source: Annotated[
        Literal["walk_in", "colleague", "mail", "desk", "api"], Field(description="how the matter came")
    ] = "api"
    topic: Annotated[str, Field(max_length=64)]
    words: Annotated[str, Field(max_length=4_000, description="what was said or written")] = ""
    place: Annotated[str | None, Field(max_length=64, description="the id of one of the site's")] = None
    place_text: Annotated[str | None, Field(max_length=200, description="where it is none of the site's")] = None
    reporter: Annotated[str, Field(max_length=100, description="who reports it, by name")] = ""
    number: Annotated[str, Field(max_length=40, description="on which they can be called back")] = ""
    urgency: Annotated[UrgencyName | None, Field(description="without it, the topic's")] = None


@router.post("", status_code=status.HTTP_201_CREATED)
async def open_ticket(
    wanted: TicketIn,
    who: VisitorDep,
    context: DeskDep,
    tickets: TicketsDep,
    idempotency_key: Annotated[
        str, Header(min_length=1, max_length=100, description="a repeat with the same key returns the same ticket")
    ],
) -> TicketDetail:
    """Open a ticket; it is promised what a call about the same would be."""
    matter = NewMatter(**wanted.model_dump(exclude={"source"}), source=IntakeSource(wanted.source))
    ticket = await tickets.take_in(matter, who.actor, context.edition, idempotency_key)
    return await detail_of(context, ticket.id)
