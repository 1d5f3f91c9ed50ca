"""Tickets given to somebody, taken a stage back, and reopened."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from routing.capabilities import Capability
from routing.handling import Assignment
from routing.model import Stage
from web.api.corrections import IdempotencyKey
from web.api.shapes import TicketDetail, Wanted
from web.api.tickets import TicketKey, detail_of
from web.auth import VisitorDep
from web.context import DeskDep
from web.finding import find_ticket
from web.rights import needs
from web.services import HandlingDep

router = APIRouter(prefix="/tickets", tags=["tickets"], dependencies=[needs(Capability.READ_TICKETS)])
MAY_ASSIGN, MAY_MOVE = [needs(Capability.ASSIGN_TICKETS)], [needs(Capability.MOVE_TICKETS)]
Seen = Annotated[
    str | None, Field(max_length=40, description="the `standing` of the ticket that you have; refused when it is old")
]
Reason = Annotated[str, Field(max_length=1_000)]


class AssignmentIn(Wanted):
    """What is left out stays; `assignee` null: anybody of the crew."""

    crew: Annotated[str | None, Field(max_length=64)] = None
    assignee: Annotated[str | None, Field(max_length=64, description="a login")] = None
    reason: Reason = ""
    seen: Seen = None


class BackIn(Wanted):
    to: Annotated[Stage, Field(description="one that it had reached")]
    reason: Reason
    seen: Seen = None


class ReopeningIn(Wanted):
    reason: Reason
    seen: Seen = None


@router.post("/{ticket}/assignment", dependencies=MAY_ASSIGN)
async def assign_ticket(
    ticket: TicketKey, wanted: AssignmentIn, who: VisitorDep, context: DeskDep, handling: HandlingDep,
    idempotency_key: IdempotencyKey = None,
) -> TicketDetail:  # fmt: skip
    """Give a ticket to a person, or to a crew; whoever waits about it waits for that crew."""
    found = await find_ticket(context, ticket)
    person = wanted.assignee if "assignee" in wanted.model_fields_set else found.assignee
    to = Assignment(wanted.crew or found.draft.crew, person or None)
    act = handling.act(who.actor, wanted.seen, wanted.reason, idempotency_key)
    await handling.assign(found, to, act, context.edition)
    return await detail_of(context, found.id)


@router.post("/{ticket}/back", dependencies=MAY_MOVE)
async def take_ticket_back(
    ticket: TicketKey, wanted: BackIn, who: VisitorDep, context: DeskDep, handling: HandlingDep,
    idempotency_key: IdempotencyKey = None,
) -> TicketDetail:  # fmt: skip
    """Take a ticket back to an earlier stage, where it was moved on by mistake."""
    found = await find_ticket(context, ticket)
    act = handling.act(who.actor, wanted.seen, wanted.reason, idempotency_key)
    await handling.take_back(found, wanted.to, act)
    return await detail_of(context, found.id)


@router.post("/{ticket}/reopen", dependencies=MAY_MOVE)
async def reopen_ticket(
    ticket: TicketKey, wanted: ReopeningIn, who: VisitorDep, context: DeskDep, handling: HandlingDep,
    idempotency_key: IdempotencyKey = None,
) -> TicketDetail:  # fmt: skip
    """Begin a completed or closed matter anew, with a promise of its own."""
    found = await find_ticket(context, ticket)
    act = handling.act(who.actor, wanted.seen, wanted.reason, idempotency_key)
    await handling.reopen(found, act, context.edition)
    return await detail_of(context, found.id)
