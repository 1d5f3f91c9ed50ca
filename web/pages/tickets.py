"""One ticket's page."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from routing.capabilities import Capability
from routing.handling import earlier_stages, may_reopen
from routing.lifecycle import next_stages
from routing.merging import to_be_told
from routing.model import URGENCY_ORDER, Call, Event, Stage, Ticket
from routing.wrap_ups import answer_form, urgency_form
from web.api.shapes import UrgencyName
from web.auth import Visitor, VisitorDep
from web.context import DeskContext, DeskDep
from web.finding import find_ticket
from web.pages.frame import framed, part
from web.pop import RelatedTicket, related
from web.ports import TicketChange
from web.rights import needs
from web.services import AgentsDep, TicketsDep

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.READ_TICKETS)])
# What a person wants to read of a call on a ticket's page; the call's own page has everything, and what the ticket's
# own history tells (opened, joined, message) is told by that.
SHOWN_EVENTS = frozenset(
    {
        "call.started", "heard", "understood", "emergency", "promise.made",
        "queue.entered", "offer.made", "offer.lapsed", "agent.answered", "talk.ended", "callback.stored",
        "callback.refused", "callback.declined", "callback.moved", "callback.cancelled", "callback.given_up",
        "callback.attempt", "callback.failed", "callback.taken_over", "callback.confirmed",
        "outbound.attempt", "outbound.failed",
        "dialplan.took_over", "wrap_up", "missed.done", "missed.reopened", "call.ended",
    }
)  # fmt: skip


@dataclass(frozen=True)
class HistoryItem:
    """One line of a ticket's story, from a call or from its own history."""

    at: datetime
    call: Call | None = None
    event: Event | None = None
    change: TicketChange | None = None
    message: int | None = None  # which of the ticket's recorded messages this is


@router.get("/tickets/{key}")
async def ticket_page(key: str, who: VisitorDep, context: DeskDep) -> HTMLResponse:
    ticket = await find_ticket(context, key)
    return await framed(context, who, "ticket.html", **await _shown(context, ticket))


@router.get("/tickets/{key}/part")
async def ticket_part(key: str, who: VisitorDep, context: DeskDep) -> HTMLResponse:
    """The ticket without the page around it, to stand beside a call."""
    return await _part(context, who, await find_ticket(context, key))


@router.post("/tickets/{key}/stage", dependencies=[needs(Capability.MOVE_TICKETS)])
async def move(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    tickets: TicketsDep,
    agents: AgentsDep,
    to: Annotated[Stage, Form()],
    answer: Annotated[str, Form(max_length=4_000)] = "",
    seen: Annotated[Stage | None, Form()] = None,
) -> Response:
    ticket = await find_ticket(context, key)
    await tickets.move(ticket, to, answer, who.actor, seen)
    await agents.keep_draft(who.account.login, None, answer_form(ticket.id), {})
    return await ticket_part_of(context, who, ticket.id)


@router.post("/tickets/{key}/urgency", dependencies=[needs(Capability.MOVE_TICKETS)])
async def set_urgency(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    tickets: TicketsDep,
    agents: AgentsDep,
    urgency: Annotated[UrgencyName, Form()],
    beside: Annotated[str, Form()] = "",
    seen: Annotated[UrgencyName | None, Form()] = None,
    why: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """`beside` a call there is nothing to answer with: the stream brings the change."""
    ticket = await find_ticket(context, key)
    await tickets.set_urgency(ticket, urgency, who.actor, context.edition, seen, why)
    await agents.keep_draft(who.account.login, None, urgency_form(ticket.id), {})
    if beside:
        return Response(status_code=204)
    return await ticket_part_of(context, who, ticket.id)


async def ticket_part_of(context: DeskContext, who: Visitor, ticket_id: str) -> HTMLResponse:
    """The ticket as it is now, for its place on a page. Raises: NotFound."""
    return await _part(context, who, await context.records.tickets.load(ticket_id))


async def _part(context: DeskContext, who: Visitor, ticket: Ticket) -> HTMLResponse:
    return part(context, who, "parts/ticket.html", **await _shown(context, ticket))


async def _shown(context: DeskContext, ticket: Ticket) -> dict[str, Any]:
    calls = await context.archive.calls_of_ticket(ticket.id)
    draft = ticket.draft
    matters: Sequence[RelatedTicket] = await related(context, draft.reporter, draft.place, ticket)
    merged = await context.records.handling.merged_into(ticket.id)
    return {
        "ticket": ticket,
        "merged": merged,
        "tell": to_be_told([ticket, *merged]) if merged else (),
        "kept": await context.records.tickets.load(ticket.merged_into) if ticket.merged_into else None,
        "linked": await context.records.handling.linked(ticket.id),
        "version": hashlib.sha256(repr((ticket.stage, ticket.urgency, draft)).encode()).hexdigest()[:16],
        "calls": calls,
        "moments": await _moments(context, ticket, calls),
        "callback": await context.records.outbound_calls.of_ticket(ticket.id),
        "matters": matters,
        "stages": list(Stage),
        "next_stages": next_stages(ticket.stage),
        "earlier_stages": earlier_stages(ticket),
        "may_reopen": may_reopen(ticket),
        "urgencies": URGENCY_ORDER,
        "again": secrets.token_urlsafe(12),
    }


async def _moments(context: DeskContext, ticket: Ticket, calls: Sequence[Call]) -> list[HistoryItem]:
    """The story across calls and stages, oldest first."""
    messages = count()
    history = await context.archive.ticket_history(ticket.id)
    moments = [
        HistoryItem(change.at, change=change, message=next(messages) if change.what == "message" else None)
        for change in history
    ]
    for call in calls:
        events = await context.records.calls.timeline(call.id)
        moments += [HistoryItem(event.at, call=call, event=event) for event in events if _is_told(event, ticket)]
    return sorted(moments, key=lambda moment: moment.at)


def _is_told(event: Event, ticket: Ticket) -> bool:
    """A call may be about several matters: what belongs to another one is told on that one's page."""
    return event.type in SHOWN_EVENTS and event.payload.get("ticket_id", ticket.id) == ticket.id
