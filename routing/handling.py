"""Who has a ticket, how a stage is taken back, and how a matter begins anew. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from config.documents import Edition
from routing.acts import Act
from routing.corrections import NotOffered
from routing.lifecycle import BACK_TO, TICKET_TRANSITIONS, TicketEvent, after
from routing.merging import ORDER, Merging, reached_by
from routing.model import Promise, Stage, Ticket, TransitionRefused
from routing.promise import is_settled_by, make_promise, moved_promise
from routing.topics import topic_named


@dataclass(frozen=True)
class Assignment:
    """Who is to see to a ticket."""

    crew: str
    person: str | None = None  # a login; None: anybody of the crew

    @classmethod
    def of(cls, ticket: Ticket) -> "Assignment":
        return cls(ticket.draft.crew, ticket.assignee)


class Handling(Merging, Protocol):
    """Every method is a transaction, as in `routing.ports`; a repeat of an act changes nothing.

    All raise NotFound, ChangedMeanwhile, and TransitionRefused where the ticket's stage has no such step.
    """

    async def assign(self, ticket_id: str, to: Assignment, act: Act, general_crew: str = "") -> Ticket:
        """Whoever waits about the matter waits for its new crew, but for those who wait for the `general_crew`."""

    async def take_back(self, ticket_id: str, to: Stage, act: Act) -> Ticket:
        """To a stage that it had reached. A promise that counted as kept, or broken, by what was not so is open."""

    async def reopen(self, ticket_id: str, promise: Promise, act: Act) -> Ticket:
        """It begins anew with a promise of its own; the earlier one stays kept or broken, its answer in the story."""


def assigned(ticket: Ticket, to: Assignment) -> Ticket:
    """Raises: TransitionRefused."""
    if ticket.stage is Stage.CLOSED:
        raise TransitionRefused("A closed ticket is nobody's: reopen it first.")
    return replace(ticket, draft=replace(ticket.draft, crew=to.crew), assignee=to.person)


def told_of_assignment(before: Ticket, now: Ticket) -> list[tuple[str, str]]:
    """Lines of the ticket's story: what, and to whom."""
    crew, lines = now.draft.crew, list[tuple[str, str]]()
    if crew != before.draft.crew:
        lines.append(("given", crew))
    if now.assignee and now.assignee != before.assignee:
        lines.append(("assigned", now.assignee))
    elif before.assignee and not now.assignee and not lines:
        lines.append(("unassigned", crew))
    return lines


def earlier_stages(ticket: Ticket) -> list[Stage]:
    """Those that it may be taken back to, the latest first."""
    if ticket.stage is Stage.CLOSED:
        return []
    return [stage for stage in reversed(ORDER[: ORDER.index(ticket.stage)]) if stage in ticket.stages]


def require_earlier(ticket: Ticket, to: Stage) -> TicketEvent:
    """The event that takes it back. Raises: TransitionRefused."""
    if ticket.stage is Stage.CLOSED:
        raise TransitionRefused("A closed ticket is reopened, not taken back.")
    if to not in earlier_stages(ticket):
        raise TransitionRefused("The ticket has not been at that stage before.")
    return BACK_TO[to]


def is_owed_again(ticket: Ticket, to: Stage) -> bool:
    """Whether a promise that has been settled is not any more."""
    what = ticket.draft.promise.what
    return is_settled_by(what, ticket.stage) and not is_settled_by(what, to)


def may_reopen(ticket: Ticket) -> bool:
    return ticket.stage in (Stage.COMPLETED, Stage.CLOSED) and not ticket.merged_into


def require_reopening(ticket: Ticket) -> None:
    """Raises: TransitionRefused."""
    if ticket.merged_into:
        raise TransitionRefused("This ticket is merged: reopen the one that has its matter, or undo the merge.")
    after(TICKET_TRANSITIONS, ticket.stage, TicketEvent.REOPEN)


def promised_anew(ticket: Ticket, edition: Edition, at: datetime) -> Promise:
    """What is promised about a reopened matter: what a new one of its topic and urgency would be."""
    topic = topic_named(ticket.draft.topic, edition)
    draft = replace(ticket.draft, urgency=topic.urgency, promise=make_promise(topic, at, edition.site))
    begun = replace(ticket, opened_at=at, urgency_set=None, draft=draft)
    return moved_promise(begun, ticket.urgency, topic, at, edition.site)


def begun_anew(ticket: Ticket, promise: Promise) -> Ticket:
    """What becomes of a reopened one, beside its stage."""
    draft = replace(ticket.draft, promise=promise)
    return replace(ticket, stages=reached_by(ticket, Stage.RECORDED), draft=draft, answer=None)


def require_offered(to: Assignment, ticket: Ticket, edition: Edition, people: Collection[str]) -> None:
    """Raises: NotOffered."""
    if to.crew != ticket.draft.crew and to.crew not in {crew.id for crew in edition.site.crews}:
        raise NotOffered("crew")
    if to.person and to.person != ticket.assignee and to.person not in people:
        raise NotOffered("assignee")
