"""Matters that people take in by hand: what they wrote down becomes a ticket's draft, as a call's does. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from config.documents import Edition, Site
from routing.corrections import require_place, require_topic
from routing.model import CallerId, Intake, IntakeSource, Stage, Ticket, TicketDraft
from routing.numbers import Proof, callable_number, identify
from routing.promise import make_promise, moved_promise

BY_HAND = (IntakeSource.WALK_IN, IntakeSource.COLLEAGUE, IntakeSource.MAIL, IntakeSource.DESK, IntakeSource.API)


@dataclass(frozen=True)
class NewMatter:
    """What somebody wrote down."""

    source: IntakeSource
    topic: str
    words: str = ""
    place: str | None = None  # one of the site's …
    place_text: str | None = None  # … or in other words
    reporter: str = ""  # a name
    number: str = ""  # of the reporter, as written: also the one to call back
    urgency: str | None = None  # None: the topic's


def draft_by_hand(matter: NewMatter, actor: str, edition: Edition, at: datetime) -> TicketDraft:
    """Promised what a call about it would be; the urgency is what whoever takes it in says.

    Raises: NotOffered, NotCallable.
    """
    topic, site = require_topic(matter.topic, edition), edition.site
    if matter.place:
        require_place(matter.place, edition)
    number = callable_number(matter.number, site) if matter.number.strip() else None
    draft = TicketDraft(
        topic.id, topic.crew or site.default_crew, topic.urgency, make_promise(topic, at, site),
        Intake(matter.source, _reporter(matter, number, site), actor), matter.place,
        (matter.place_text or "").strip() or None, words=matter.words.strip(), callback_number=number,
    )  # fmt: skip
    urgency = matter.urgency or topic.urgency
    promise = moved_promise(Ticket("", "", "", at, Stage.RECORDED, draft), urgency, topic, at, site)
    return replace(draft, urgency=urgency, promise=promise)


def _reporter(matter: NewMatter, number: str | None, site: Site) -> CallerId | None:
    """Whoever is named; a number of the house tells whose it is, and whether it is shared."""
    name = matter.reporter.strip()
    if number is None:
        return CallerId(name=name) if name else None
    known = identify(number, name, False, site, Proof.PERSON)
    return replace(known, contact=None) if name else known
