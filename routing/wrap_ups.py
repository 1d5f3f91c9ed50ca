"""Wrap-ups: what they add to a call's timeline, and what may still come late. Pure."""

from datetime import datetime

from routing.event_types import EventType
from routing.model import Agent, NewEvent, Offer


def wrap_up_events(offer: Offer, agent: Agent, disposition: str, at: datetime, note: str = "") -> list[NewEvent]:
    """What a disposition adds to the timeline of the call it is about."""
    if offer.call_id is None:
        return []
    facts = {"offer": offer.id, "agent": agent.id, "disposition": disposition}
    private = {"note": note} if note else {}
    return [
        NewEvent(offer.call_id, EventType.WRAP_UP, at, actor=f"agent:{agent.login}", payload=facts, private=private)
    ]


NO_DISPOSITION = "none given"


def may_be_completed(said: str, disposition: str | None) -> bool:
    """Whether a wrap-up takes what comes late: a note at any time, a disposition where none was given."""
    return disposition is None or said == NO_DISPOSITION


def late_note(kept: str, typed: str) -> str | None:
    """The note, with what was typed and came late; None where it holds that already."""
    if not typed or typed in kept:
        return None
    return typed if typed.startswith(kept) else f"{kept}\n{typed}"


def note_events(
    offer: Offer, agent: Agent, note: str | None, at: datetime, disposition: str | None = None
) -> list[NewEvent]:
    """What was filled in late adds to the timeline of the call it is about."""
    if offer.call_id is None or not (note or disposition):
        return []
    facts = {"offer": offer.id, "agent": agent.id} | ({"disposition": disposition} if disposition else {})
    private = {"note": note} if note else {}
    return [NewEvent(offer.call_id, EventType.NOTE_ADDED, at, f"agent:{agent.login}", payload=facts, private=private)]


def wrap_up_form(offer_id: str) -> str:
    """The form whose draft is the note of a wrap-up."""
    return f"wrap-up-{offer_id}"


def note_form(ticket_id: str) -> str:
    """The form whose draft is a note on a ticket."""
    return f"note-{ticket_id}"


def answer_form(ticket_id: str) -> str:
    """The form whose draft is the answer to a matter's caller."""
    return f"answer-{ticket_id}"


def correct_form(ticket_id: str) -> str:
    return f"correct-{ticket_id}"


def assignment_form(ticket_id: str) -> str:
    return f"assign-{ticket_id}"


def back_form(ticket_id: str) -> str:
    """The form by which a ticket is taken a stage back, or reopened."""
    return f"back-{ticket_id}"


def merge_form(ticket_id: str) -> str:
    return f"merge-{ticket_id}"


def urgency_form(ticket_id: str) -> str:
    return f"urgency-{ticket_id}"


TICKET_FORMS = (answer_form, note_form, correct_form, assignment_form, back_form, merge_form, urgency_form)
"""What is typed into any of these may be about a ticket's caller."""
