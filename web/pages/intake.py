"""A ticket by hand: who came to the desk, wrote, or said it in passing."""

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Header
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from routing.capabilities import Capability
from routing.intakes import NewMatter
from routing.model import IntakeSource
from web.api.shapes import UrgencyName
from web.auth import VisitorDep
from web.context import DeskDep
from web.pages.frame import framed
from web.rights import needs
from web.services import AgentsDep, TicketsDep

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.TAKE_IN_TICKETS)])
DRAFT = "new-ticket"
SOURCES = (IntakeSource.WALK_IN, IntakeSource.COLLEAGUE, IntakeSource.MAIL, IntakeSource.DESK)


@router.get("/tickets/new")
async def new_ticket(who: VisitorDep, context: DeskDep) -> HTMLResponse:
    return await framed(
        context, who, "new_ticket.html", sources=SOURCES, draft_name=DRAFT, again=secrets.token_urlsafe(12)
    )


@router.post("/tickets")
async def take_in(
    who: VisitorDep,
    context: DeskDep,
    tickets: TicketsDep,
    agents: AgentsDep,
    again: Annotated[str, Form(min_length=1, max_length=40)],
    source: Annotated[Literal["walk_in", "colleague", "mail", "desk"], Form()],
    topic: Annotated[str, Form(max_length=64)],
    words: Annotated[str, Form(max_length=4_000)] = "",
    place: Annotated[str, Form(max_length=200)] = "",
    reporter: Annotated[str, Form(max_length=100)] = "",
    number: Annotated[str, Form(max_length=40)] = "",
    urgency: Annotated[UrgencyName | Literal[""], Form()] = "",
    hx_request: Annotated[str, Header()] = "",
) -> Response:
    """Leads to the ticket; `again`: by which a second try of the same form is known."""
    place_id = context.rendering.place_of(place, who.language)
    matter = NewMatter(
        IntakeSource(source), topic, words, place_id, None if place_id else place, reporter, number, urgency or None
    )
    ticket = await tickets.take_in(matter, who.actor, context.edition, again)
    await agents.keep_draft(who.account.login, None, DRAFT, {})
    to = f"/tickets/{ticket.number}"
    return Response(status_code=204, headers={"HX-Redirect": to}) if hx_request else RedirectResponse(to, 303)
