"""Tickets of one matter merged, and related ones linked."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from routing.capabilities import Capability
from web.api.corrections import IdempotencyKey
from web.api.handling import Seen
from web.api.shapes import TicketDetail, Wanted
from web.api.tickets import TicketKey, detail_of
from web.auth import VisitorDep
from web.context import DeskDep
from web.finding import find_ticket
from web.rights import needs
from web.services import HandlingDep, MergingDep

router = APIRouter(
    prefix="/tickets", tags=["tickets"],
    dependencies=[needs(Capability.READ_TICKETS), needs(Capability.MERGE_TICKETS)],
)  # fmt: skip
OtherKey = Annotated[str, Path(description="id or spoken number of the other ticket", max_length=60)]


class MergeIn(Wanted):
    into: Annotated[str, Field(max_length=60, description="id or spoken number of the ticket that stays")]
    reason: Annotated[str, Field(max_length=1_000)] = ""
    seen: Seen = None


class UndoIn(Wanted):
    seen: Seen = None


@router.post("/{ticket}/merge")
async def merge_ticket(
    ticket: TicketKey, wanted: MergeIn, who: VisitorDep, context: DeskDep, handling: HandlingDep, merging: MergingDep,
    idempotency_key: IdempotencyKey = None,
) -> TicketDetail:  # fmt: skip
    """Merge a ticket into another one of the same matter: this one is closed, the other has the earlier promise."""
    found, into = await find_ticket(context, ticket), await find_ticket(context, wanted.into)
    await merging.merge(found, into, handling.act(who.actor, wanted.seen, wanted.reason, idempotency_key))
    return await detail_of(context, found.id)


@router.post("/{ticket}/unmerge")
async def undo_merge(
    ticket: TicketKey, wanted: UndoIn, who: VisitorDep, context: DeskDep, handling: HandlingDep, merging: MergingDep,
    idempotency_key: IdempotencyKey = None,
) -> TicketDetail:  # fmt: skip
    """Undo a merge, while the ticket that stays is not closed."""
    found = await find_ticket(context, ticket)
    await merging.undo(found, handling.act(who.actor, wanted.seen, "", idempotency_key))
    return await detail_of(context, found.id)


@router.put("/{ticket}/links/{other}")
async def link_tickets(
    ticket: TicketKey, other: OtherKey, who: VisitorDep, context: DeskDep, handling: HandlingDep, merging: MergingDep
) -> TicketDetail:
    """Say that two tickets are related."""
    found = await find_ticket(context, ticket)
    await merging.link(found, await find_ticket(context, other), handling.act(who.actor))
    return await detail_of(context, found.id)


@router.delete("/{ticket}/links/{other}")
async def unlink_tickets(
    ticket: TicketKey, other: OtherKey, who: VisitorDep, context: DeskDep, handling: HandlingDep, merging: MergingDep
) -> TicketDetail:
    """Say that two tickets are not related."""
    found = await find_ticket(context, ticket)
    await merging.unlink(found, await find_ticket(context, other), handling.act(who.actor))
    return await detail_of(context, found.id)
