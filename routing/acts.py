"""What people do with a ticket beside working on it: each names what it was made on, and is done once. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from routing.model import ChangedMeanwhile, Stage, Ticket


@dataclass(frozen=True)
class Act:
    """One try of something that a person, or a program for them, does."""

    actor: str
    at: datetime
    seen: str | None = None  # the ticket's standing that they had before them; None: whatever it is
    reason: str = ""  # private
    key: str | None = None  # by which a repeat is known


def standing(ticket: Ticket) -> str:
    """A mark of where a ticket stands and who has it, which is another one whenever any of that is."""
    facts = (ticket.stage, ticket.draft.crew, ticket.assignee, ticket.merged_into)
    return hashlib.sha256(repr(facts).encode("utf-8", "replace")).hexdigest()[:16]


def require_seen(ticket: Ticket, act: Act) -> None:
    """Raises: ChangedMeanwhile."""
    if act.seen not in (None, standing(ticket)):
        raise ChangedMeanwhile


def is_moved(ticket: Ticket, to: Stage, answer: str | None, seen: Stage | None) -> bool:
    """Whether this very step has been taken already, as when nobody heard the first try's answer.

    Raises: ChangedMeanwhile.
    """
    if seen is None or ticket.stage is seen:
        return False
    if ticket.stage is to and answer in (None, ticket.answer):
        return True
    raise ChangedMeanwhile


def refuse_unseen(ticket: Ticket, urgency: str, seen: str | None) -> None:
    """Raises: ChangedMeanwhile, when the urgency is neither what was seen nor what is wanted."""
    if seen not in (None, ticket.urgency) and ticket.urgency != urgency:
        raise ChangedMeanwhile
