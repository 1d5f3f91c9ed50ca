"""What is corrected on a ticket's page, or beside a call, and notes written there."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from routing.capabilities import Capability
from routing.corrections import MatterFacts
from routing.wrap_ups import correct_form, note_form
from web.api.shapes import UrgencyName
from web.auth import VisitorDep
from web.context import DeskContext, DeskDep
from web.finding import find_ticket
from web.pages.tickets import ticket_part_of
from web.rights import needs
from web.services import AgentsDep, TicketsDep
from web.untrusted import one_line

router = APIRouter(
    dependencies=[
        needs(Capability.WATCH_LINE), needs(Capability.READ_TICKETS), needs(Capability.CORRECT_TICKETS)
    ]
)  # fmt: skip


@router.post("/tickets/{key}/correction")
async def correct(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    tickets: TicketsDep,
    agents: AgentsDep,
    version: Annotated[str, Form(max_length=40)],
    topic: Annotated[str, Form(max_length=64)],
    level: Annotated[UrgencyName, Form()],
    place: Annotated[str, Form(max_length=4_000)] = "",  # as long as a caller's words for it may be
    callback_number: Annotated[str, Form(max_length=4_000)] = "",
    why: Annotated[str, Form(max_length=300)] = "",
    beside: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """`beside` a call there is nothing to answer with: the stream brings the change."""
    ticket = await find_ticket(context, key)
    facts = placed(context, who.language, replace(MatterFacts.of(ticket), topic=topic, urgency=level), place)
    if callback_number != one_line(facts.callback_number or ""):
        facts = replace(facts, callback_number=callback_number)
    await tickets.set_right(ticket, facts, who.actor, context.edition, version, why)
    await agents.keep_draft(who.account.login, None, correct_form(ticket.id), {})
    if beside:
        return Response(status_code=204)
    return await ticket_part_of(context, who, ticket.id)


@router.post("/tickets/{key}/notes")
async def add_note(
    key: str,
    who: VisitorDep,
    context: DeskDep,
    tickets: TicketsDep,
    agents: AgentsDep,
    note: Annotated[str, Form(max_length=4_000)] = "",
    again: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """`again`: by which a second try of the same note is known."""
    ticket = await find_ticket(context, key)
    await tickets.add_note(ticket, note, who.actor, again or None)
    await agents.keep_draft(who.account.login, None, note_form(ticket.id), {})
    return await ticket_part_of(context, who, ticket.id)


def placed(context: DeskContext, language: str, facts: MatterFacts, text: str) -> MatterFacts:
    """What a form's text says of the place: one of the site's where it names one, else as it stands."""
    text = text.strip()
    if text in {one_line(each or facts.place_text or "") for each in context.rendering.place_choices(facts.place)}:
        return facts
    place = context.rendering.place_of(text, language)
    return replace(facts, place=place, place_text=None if place else text or None)
