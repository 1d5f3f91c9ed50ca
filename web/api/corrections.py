"""Tickets corrected, and notes written on them."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Header, status
from pydantic import Field

from config.documents import Edition
from routing.capabilities import Capability
from routing.corrections import MatterFacts, suggested_urgency
from routing.model import Ticket
from web.api.shapes import TicketDetail, UrgencyName, Wanted
from web.api.tickets import TicketKey, detail_of
from web.auth import VisitorDep
from web.context import DeskDep
from web.finding import find_ticket
from web.rights import needs
from web.services import TicketsDep

router = APIRouter(
    prefix="/tickets", tags=["tickets"],
    dependencies=[needs(Capability.READ_TICKETS), needs(Capability.CORRECT_TICKETS)],
)  # fmt: skip
IdempotencyKey = Annotated[
    str | None, Header(max_length=100, min_length=1, description="a repeat with the same key changes nothing")
]


class CorrectionIn(Wanted):
    """What is left out stays; a place in words takes the place of one of the site's, and the other way round."""

    version: Annotated[str, Field(max_length=40, description="of the ticket that you have; refused when it is old")]
    topic: Annotated[str | None, Field(max_length=64)] = None
    place: Annotated[str | None, Field(max_length=64, description="the id of one of the site's")] = None
    place_text: Annotated[str | None, Field(max_length=200)] = None
    callback_number: Annotated[str | None, Field(max_length=40, description="null: none")] = None
    urgency: Annotated[UrgencyName | None, Field(description="where it is left out it may follow the topic")] = None
    why: Annotated[str, Field(max_length=300, description="in a few words; told in the ticket's history")] = ""


class NoteIn(Wanted):
    note: Annotated[str, Field(max_length=4_000)]


@router.patch("/{ticket}")
async def correct_ticket(
    ticket: TicketKey, wanted: CorrectionIn, who: VisitorDep, context: DeskDep, tickets: TicketsDep
) -> TicketDetail:
    """Correct what a ticket says; who waits about it is moved along, and what it said before is kept."""
    found = await find_ticket(context, ticket)
    facts = _wanted(found, wanted, context.edition)
    await tickets.set_right(found, facts, who.actor, context.edition, wanted.version, wanted.why)
    return await detail_of(context, found.id)


@router.post("/{ticket}/notes", status_code=status.HTTP_201_CREATED)
async def add_note(
    ticket: TicketKey, wanted: NoteIn, who: VisitorDep, context: DeskDep, tickets: TicketsDep,
    idempotency_key: IdempotencyKey = None,
) -> TicketDetail:  # fmt: skip
    """Write a note on a ticket, at any stage."""
    found = await find_ticket(context, ticket)
    await tickets.add_note(found, wanted.note, who.actor, idempotency_key)
    return await detail_of(context, found.id)


def _wanted(ticket: Ticket, wanted: CorrectionIn, edition: Edition) -> MatterFacts:
    facts, given = MatterFacts.of(ticket), wanted.model_fields_set
    topic = wanted.topic or facts.topic
    urgency = wanted.urgency or suggested_urgency(ticket, topic, edition)
    facts = replace(facts, topic=topic, urgency=urgency)
    if {"place", "place_text"} & given:
        facts = replace(facts, place=wanted.place, place_text=wanted.place_text)
    return replace(facts, callback_number=wanted.callback_number) if "callback_number" in given else facts
