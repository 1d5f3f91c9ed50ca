"""One matter that was reported twice, whose one ticket is merged into the other; and tickets that are related. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from routing.acts import Act
from routing.effects import Change, Effect, Kind, outbound_call_transition
from routing.lifecycle import UNFINISHED_STAGES, OutboundCallEvent
from routing.model import (
    URGENCY_ORDER,
    CallerId,
    OutboundCall,
    OutboundCallState,
    Promise,
    Stage,
    Ticket,
    TransitionRefused,
)

ORDER = tuple(Stage)
MAY_END = (OutboundCallState.PENDING, OutboundCallState.DIALLING)  # a person is on the line in others


@dataclass(frozen=True)
class Said:
    """What a merge may change of the ticket that stays."""

    promise: Promise
    urgency_set: str | None

    @classmethod
    def of(cls, ticket: Ticket) -> "Said":
        return cls(ticket.draft.promise, ticket.urgency_set)


@dataclass(frozen=True)
class Merge:
    """A ticket that is merged into another one now, and what that had said before and said since."""

    ticket_id: str
    into_id: str
    at: datetime
    actor: str
    before: Said
    after: Said
    called_off: bool  # a call to a number that both would have rung for the same purpose


class Merging(Protocol):
    """Every method that changes something is a transaction, as in `routing.ports`; a repeat changes nothing.

    They raise NotFound, ChangedMeanwhile, and TransitionRefused with the reason.
    """

    async def merge(self, ticket_id: str, into_id: str, act: Act) -> Ticket:
        """The first is closed and points to the second, which has the earlier promise and the higher urgency.

        A callback that both owe to one number is made once, in the earlier place.
        """

    async def undo_merge(self, ticket_id: str, act: Act) -> Ticket:
        """Both are as they were; what was changed of the second one since stays."""

    async def merged_into(self, ticket_id: str) -> Sequence[Ticket]:
        """Those that are, oldest first."""

    async def link(self, ticket_id: str, other_id: str, act: Act) -> bool:
        """They are related from now on; False where they were. A repeat needs no key to be known."""

    async def unlink(self, ticket_id: str, other_id: str, act: Act) -> bool:
        """False where they were not related."""

    async def linked(self, ticket_id: str) -> Sequence[Ticket]:
        """Those that are related to it, oldest first."""


def require_mergeable(ticket: Ticket, into: Ticket, has_merged: bool) -> None:
    """`has_merged`: others are merged into the ticket. Raises: TransitionRefused."""
    if ticket.id == into.id:
        raise TransitionRefused("A ticket is not merged into itself.")
    if ticket.stage is Stage.CLOSED:
        raise TransitionRefused("A closed ticket is not merged: link the two, or reopen it first.")
    if into.stage is Stage.CLOSED:
        raise TransitionRefused("The other ticket is closed: reopen it first, or link the two.")
    if has_merged:
        raise TransitionRefused("Others are merged into this ticket: undo that first, or merge the other way round.")


def taking_over(into: Ticket, merged: Ticket, stood: Stage | None = None) -> Ticket:
    """The ticket that stays: nobody is served later, or as less urgent, than they were told.

    `stood`: the merged one's stage before, where it has been merged already.
    """
    unfinished = into.stage in UNFINISHED_STAGES and (stood or merged.stage) in UNFINISHED_STAGES
    promise = into.draft.promise
    if unfinished and merged.draft.promise.by < promise.by:
        promise = merged.draft.promise
    raised = URGENCY_ORDER.index(merged.urgency) < URGENCY_ORDER.index(into.urgency)
    into = replace(into, urgency_set=merged.urgency) if raised else into
    return replace(into, draft=replace(into.draft, promise=promise))


def called_once(
    theirs: Sequence[OutboundCall], kept: Sequence[OutboundCall], at: datetime
) -> tuple[bool, list[Effect]]:
    """Whether a call of the merged ticket is given up, as the one that stays rings the same number; and how."""
    same = {(each.purpose, each.number): each for each in kept}
    pairs = [(each, same[each.purpose, each.number]) for each in theirs if (each.purpose, each.number) in same]
    given_up = [pair for pair in pairs if pair[0].state in MAY_END]
    return bool(given_up), [effect for one, other in given_up for effect in _calling_once(one, other, at)]


def _calling_once(theirs: OutboundCall, kept: OutboundCall, at: datetime) -> list[Effect]:
    since = {"since": min(theirs.since, kept.since)}
    return [
        outbound_call_transition({"id": theirs.id}, OutboundCallEvent.CANCELLED, at, why="merged"),
        Change(Kind.OUTBOUND_CALL, {"id": kept.id}, since),
        Change(Kind.PLACE, {"callback_id": kept.id}, since),
    ]


def reached_by(ticket: Ticket, stage: Stage) -> dict[Stage, datetime]:
    """When it reached which stages, of those up to this one."""
    return {each: at for each, at in ticket.stages.items() if ORDER.index(each) <= ORDER.index(stage)}


def require_merge(merge: Merge | None) -> Merge:
    """Raises: TransitionRefused."""
    if merge is None:
        raise TransitionRefused("This ticket is not merged.")
    return merge


def stage_before_merge(ticket: Ticket, into: Ticket, merge: Merge) -> Stage:
    """Where a merged ticket stood, and stands again. Raises: TransitionRefused where it cannot be undone."""
    if into.stage is Stage.CLOSED:
        raise TransitionRefused("The matter was closed since, and its callers have their answer: open a new ticket.")
    if merge.called_off:
        raise TransitionRefused("A callback to the same number was given up with the merge: open a new ticket.")
    return _stage_at_merge(ticket)


def _stage_at_merge(ticket: Ticket) -> Stage:
    return max((each for each in ticket.stages if each is not Stage.CLOSED), key=ORDER.index)


def given_back(into: Ticket, merge: Merge, others: Iterable[Ticket]) -> Ticket:
    """The ticket that stayed without what the merge had brought, unless somebody has changed that since.

    `others`: those that are still merged into it, who are owed what they were told.
    """
    now = Said.of(into)
    then = replace(into, urgency_set=merge.before.urgency_set, draft=replace(into.draft, promise=merge.before.promise))
    for other in others:
        then = taking_over(then, other, _stage_at_merge(other))
    promise = then.draft.promise if now.promise == merge.after.promise else now.promise
    urgency_set = then.urgency_set if now.urgency_set == merge.after.urgency_set else now.urgency_set
    return replace(into, draft=replace(into.draft, promise=promise), urgency_set=urgency_set)


def both_ways(ticket_id: str, other_id: str) -> tuple[str, str]:
    """One row for both. Raises: TransitionRefused."""
    if ticket_id == other_id:
        raise TransitionRefused("A ticket is not related to itself.")
    return (ticket_id, other_id) if ticket_id < other_id else (other_id, ticket_id)


def to_be_told(tickets: Iterable[Ticket]) -> list[CallerId]:
    """Who reported any of them, each once: by their number, else by their name."""
    told: dict[str, CallerId] = {}
    for ticket in tickets:
        reporter = ticket.draft.intake.reporter
        if reporter and (key := reporter.proven or ticket.draft.callback_number or reporter.name):
            told.setdefault(key, reporter)
    return list(told.values())
