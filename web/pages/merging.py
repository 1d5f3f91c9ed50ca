"""On a ticket's page: it is the same matter as another one, or related to it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import Response

from routing.capabilities import Capability
from routing.model import NotFound, Ticket
from routing.wrap_ups import merge_form
from web.auth import VisitorDep
from web.context import DeskContext, DeskDep
from web.finding import find_ticket
from web.pages.handling import Mark, Reason
from web.pages.tickets import ticket_part_of
from web.rights import needs
from web.services import AgentsDep, HandlingDep, MergingDep

router = APIRouter(
    dependencies=[needs(Capability.WATCH_LINE), needs(Capability.READ_TICKETS), needs(Capability.MERGE_TICKETS)]
)
OtherNumber = Annotated[str, Form(max_length=60)]


@router.post("/tickets/{key}/relation")
async def relate(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    handling: HandlingDep,
    merging: MergingDep,
    agents: AgentsDep,
    how: Annotated[Literal["same", "related"], Form()],
    other: OtherNumber = "",
    reason: Reason = "",
    seen: Mark = "",
    again: Mark = "",
) -> Response:
    """The `same` matter as the other one: this ticket is merged into it. Else the two are linked."""
    ticket, found = await find_ticket(context, key), await _other(context, other)
    act = handling.act(who.actor, seen, reason, again)
    if how == "same":
        await merging.merge(ticket, found, act)
    else:
        await merging.link(ticket, found, act)
    await agents.keep_draft(who.account.login, None, merge_form(ticket.id), {})
    return await ticket_part_of(context, who, ticket.id)


@router.post("/tickets/{key}/unmerge")
async def undo(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    handling: HandlingDep,
    merging: MergingDep,
    seen: Mark = "",
    again: Mark = "",
) -> Response:
    ticket = await find_ticket(context, key)
    await merging.undo(ticket, handling.act(who.actor, seen, "", again))
    return await ticket_part_of(context, who, ticket.id)


@router.post("/tickets/{key}/unlink")
async def unlink(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    handling: HandlingDep,
    merging: MergingDep,
    other: OtherNumber = "",
) -> Response:
    ticket = await find_ticket(context, key)
    await merging.unlink(ticket, await _other(context, other), handling.act(who.actor))
    return await ticket_part_of(context, who, ticket.id)


async def _other(context: DeskContext, number: str) -> Ticket:
    """A ticket by its number, in groups as it may be said. Raises: NotFound."""
    digits = "".join(number.replace("-", " ").split())
    try:
        return await find_ticket(context, digits or "-")
    except NotFound:
        raise NotFound("There is no ticket of that number.") from None
