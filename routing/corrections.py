"""Corrections of tickets: by callers and the line, and by people at the desk, of whom it is kept what they changed.

What a person had before them has a version: who decides on what is no longer so is told what it says now.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from config.documents import Edition, Topic
from routing.lifecycle import UNFINISHED_STAGES
from routing.model import ChangedMeanwhile, Promise, RoutingError, Ticket, TicketDraft
from routing.promise import make_promise, moved_promise
from routing.topics import EMERGENCY_TOPIC, topic_named

# of a call: what its caller takes back, or the line has come to know

CORRECTABLE = ("topic", "crew", "urgency", "place", "place_text", "asset", "words", "confidence", "why")


def corrected(before: TicketDraft, now: TicketDraft, fields: Collection[str] = CORRECTABLE) -> TicketDraft:
    """The draft with what a correction changes, of what it may change; whence it came and what was promised stay."""
    return replace(before, **{name: getattr(now, name) for name in CORRECTABLE if name in fields})


# by a person

KEPT_FIELDS = ("topic", "crew", "place", "place_text", "callback_number", "urgency")
PRIVATE_FIELDS = frozenset({"place_text", "callback_number"})
AMENDED = ("topic", "crew", "urgency", "place", "place_text", "callback_number", "confidence", "why", "promise")


@dataclass(frozen=True)
class MatterFacts:
    """What a person may correct of a ticket."""

    topic: str
    place: str | None  # one of the site's …
    place_text: str | None  # … or in other words
    callback_number: str | None
    urgency: str

    @classmethod
    def of(cls, ticket: Ticket) -> "MatterFacts":
        draft = ticket.draft
        return cls(draft.topic, draft.place, draft.place_text, draft.callback_number, ticket.urgency)

    @property
    def version(self) -> str:
        """Another one whenever one of them is another."""
        return hashlib.sha256(repr(self).encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True)
class Correction:
    """One field that a person corrected."""

    ticket_id: str
    at: datetime
    actor: str
    field: str
    before: str | None  # what the line, or whoever came before, had said; private ones are None once forgotten
    after: str | None
    confidence: float | None = None  # of a topic: how sure the line was of the one before


class NotOffered(RoutingError):
    """The site has no such topic or place."""

    def __init__(self, field: str) -> None:
        super().__init__(f"The site has no such {field}.")
        self.fields = [field]


class CorrectedMeanwhile(ChangedMeanwhile):
    """Somebody has corrected this ticket meanwhile: see what it says now, and save again what shall stand."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__()
        self.ticket = ticket


class Corrections(Protocol):
    """What people correct; both methods are transactions of their own, as in `routing.ports`."""

    async def make(
        self, amended: Ticket, actor: str, at: datetime, version: str, general_crew: str = "", why: str = ""
    ) -> Ticket:
        """What `amended` says stands from now on, and what the ticket of that version said before is kept.

        Whoever waits about the matter is moved with it, but for those who wait for the `general_crew`, which serves
        every topic. A repeat of what has been done changes nothing. Raises: NotFound, CorrectedMeanwhile.
        """

    async def of_ticket(self, ticket_id: str) -> Sequence[Correction]:
        """Oldest first."""


def amended(ticket: Ticket, wanted: MatterFacts, edition: Edition, at: datetime) -> Ticket:
    """The ticket as it shall be; a topic that is no longer the line's word has no confidence and no reasons.

    Raises: NotOffered.
    """
    if wanted.place and wanted.place != ticket.draft.place:
        require_place(wanted.place, edition)
    draft = replace(
        ticket.draft, place=wanted.place, place_text=wanted.place_text, callback_number=wanted.callback_number
    )
    if wanted.topic != draft.topic:
        topic = require_topic(wanted.topic, edition)
        urgency = topic.urgency if _follows_topic(ticket, edition) else draft.urgency
        draft = replace(draft, topic=topic.id, crew=topic.crew, urgency=urgency, confidence=None, why=())
    return _with_urgency(replace(ticket, draft=draft), wanted.urgency, ticket, edition, at)


def require_topic(topic_id: str, edition: Edition) -> Topic:
    """Raises: NotOffered."""
    if topic_id not in edition.topics:
        raise NotOffered("topic")
    return edition.topics[topic_id]


def require_place(place_id: str, edition: Edition) -> None:
    """Raises: NotOffered."""
    if place_id not in {each.id for each in edition.places}:
        raise NotOffered("place")


def suggested_urgency(ticket: Ticket, topic_id: str, edition: Edition) -> str:
    """The ticket's urgency with that topic, where nobody says another: a person's, and an emergency's, stay."""
    if ticket.urgency_set or topic_id == ticket.draft.topic or not _follows_topic(ticket, edition):
        return ticket.urgency
    return topic_named(topic_id, edition).urgency


def taken_over(before: Ticket, amended: Ticket, version: str) -> Ticket:
    """The ticket with what was amended; a finished one keeps its promise. Raises: CorrectedMeanwhile."""
    now = MatterFacts.of(before)
    if now == MatterFacts.of(amended):
        return before
    if now.version != version:
        raise CorrectedMeanwhile(before)
    fields = AMENDED if before.stage in UNFINISHED_STAGES else AMENDED[:-1]
    draft = replace(before.draft, **{name: getattr(amended.draft, name) for name in fields})
    return replace(before, draft=draft, urgency_set=amended.urgency_set)


def corrections_between(before: Ticket, after: Ticket, actor: str, at: datetime) -> list[Correction]:
    """What is kept of a correction, field by field."""
    said, says = _said(before), _said(after)
    sure = {"topic": before.draft.confidence}
    return [
        Correction(after.id, at, actor, name, said[name], says[name], sure.get(name))
        for name in KEPT_FIELDS
        if said[name] != says[name]
    ]


def _said(ticket: Ticket) -> dict[str, str | None]:
    return {name: getattr(ticket.draft, name) for name in KEPT_FIELDS} | {"urgency": ticket.urgency}


def _follows_topic(ticket: Ticket, edition: Edition) -> bool:
    """An emergency about a known topic is named after it, and not as urgent as that."""
    topic = topic_named(ticket.draft.topic, edition)
    return topic.id != EMERGENCY_TOPIC.id and ticket.draft.urgency == topic.urgency


def _with_urgency(after: Ticket, urgency: str, before: Ticket, edition: Edition, at: datetime) -> Ticket:
    """What is as the line suggests was set by nobody, unless a person had set it before."""
    stays = before.urgency_set if urgency == before.urgency else None
    after = replace(after, urgency_set=stays or (None if urgency == after.draft.urgency else urgency))
    return replace(after, draft=replace(after.draft, promise=_promise(before, after, edition, at)))


def _promise(before: Ticket, after: Ticket, edition: Edition, at: datetime) -> Promise:
    """By the limits of the topic and the urgency that it has now; where neither is another, what was promised."""
    topic, site = topic_named(after.draft.topic, edition), edition.site
    promise = before.draft.promise
    if before.stage not in UNFINISHED_STAGES:
        return promise
    if topic.id != before.draft.topic and _follows_topic(before, edition):
        of_topic = replace(after.draft, urgency=topic.urgency, promise=make_promise(topic, before.opened_at, site))
        before = replace(before, draft=of_topic, urgency_set=None)
        return moved_promise(before, after.urgency, topic, at, site)
    return promise if after.urgency == before.urgency else moved_promise(before, after.urgency, topic, at, site)
