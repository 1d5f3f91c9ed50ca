"""What is done with a ticket on its page: it is taken, given to somebody, taken a stage back, reopened."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from routing.capabilities import Capability
from routing.handling import Assignment
from routing.model import Stage
from routing.wrap_ups import assignment_form, back_form
from web.auth import VisitorDep
from web.context import DeskDep
from web.finding import find_ticket
from web.pages.tickets import ticket_part_of
from web.rights import needs
from web.services import AgentsDep, HandlingDep

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.READ_TICKETS)])
MAY_ASSIGN, MAY_MOVE = [needs(Capability.ASSIGN_TICKETS)], [needs(Capability.MOVE_TICKETS)]
Mark = Annotated[str, Form(max_length=40)]
Reason = Annotated[str, Form(max_length=1_000)]


@router.post("/tickets/{key}/assignment", dependencies=MAY_ASSIGN)
async def assign(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    handling: HandlingDep,
    agents: AgentsDep,
    crew: Annotated[str, Form(max_length=64)] = "",
    person: Annotated[str, Form(max_length=64)] = "",
    reason: Reason = "",
    seen: Mark = "",
    again: Mark = "",
) -> Response:
    """Without a person it is its crew's; `again`: by which a second try of the same form is known."""
    ticket = await find_ticket(context, key)
    to = Assignment(crew or ticket.draft.crew, person or None)
    await handling.assign(ticket, to, handling.act(who.actor, seen, reason, again), context.edition)
    await agents.keep_draft(who.account.login, None, assignment_form(ticket.id), {})
    return await ticket_part_of(context, who, ticket.id)


@router.post("/tickets/{key}/back", dependencies=MAY_MOVE)
async def take_back(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    handling: HandlingDep,
    agents: AgentsDep,
    to: Annotated[Stage, Form()],
    reason: Reason = "",
    seen: Mark = "",
    again: Mark = "",
) -> Response:
    ticket = await find_ticket(context, key)
    await handling.take_back(ticket, to, handling.act(who.actor, seen, reason, again))
    await agents.keep_draft(who.account.login, None, back_form(ticket.id), {})
    return await ticket_part_of(context, who, ticket.id)


@router.post("/tickets/{key}/reopen", dependencies=MAY_MOVE)
async def reopen(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    handling: HandlingDep,
    agents: AgentsDep,
    reason: Reason = "",
    seen: Mark = "",
    again: Mark = "",
) -> Response:
    ticket = await find_ticket(context, key)
    await handling.reopen(ticket, handling.act(who.actor, seen, reason, again), context.edition)
    await agents.keep_draft(who.account.login, None, back_form(ticket.id), {})
    return await ticket_part_of(context, who, ticket.id)
