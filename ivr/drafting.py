"""Between what the dialogue knows of a matter, its facts, and what the ticket says of it, its draft."""

from collections.abc import Collection, Mapping
from datetime import datetime

from config.documents import Edition, Topic, TopicLimits
from ivr.facts import Facts
from routing.model import CallerId, TicketDraft
from routing.promise import make_promise

PERSON = Topic(
    id="person", name={}, crew="", urgency="normal", promise="answer", phrases={},
    limits=TopicLimits(accepted=15, completed=480),
)  # fmt: skip
"""Whoever only wants a person is promised what an ordinary question is promised."""
EMERGENCY_TOPIC = Topic(
    id="emergency", name={}, crew="", urgency="critical", phrases={},
    limits=TopicLimits(accepted=1, arrived=10, completed=60),
)  # fmt: skip
"""Never spoken: it measures afterwards how soon somebody was there.

An emergency about a known topic is named after it, and remains urgent, promised and handed out like this.
"""
RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "topic": ("topic", "crew", "urgency", "confidence", "why"),
    "place": ("place", "place_text"),
    "place_text": ("place", "place_text"),
    "asset": ("asset",),
    "words": ("words",),
}
"""Fact → the fields of the draft that follow from it."""
KEY = "key"  # the fact `emergency` where it was not said


def draft_of(facts: Facts, caller: CallerId, edition: Edition, now: datetime) -> TicketDraft:
    topic = topic_of(facts, edition)
    return TicketDraft(
        topic=topic.id,
        crew=topic.crew or edition.site.default_crew,
        urgency=topic.urgency,
        promise=make_promise(topic, now, edition.site),
        caller=caller,
        place=_place(facts, caller),
        place_text=facts.place_text,
        asset=facts.asset,
        words=facts.words,
        confidence=facts.confidence,
        why=_why(facts),
        callback_number=facts.callback_number,
    )


def topic_of(facts: Facts, edition: Edition) -> Topic:
    topic = edition.topics.get(facts.topic or "")
    if facts.emergency is not None:
        return EMERGENCY_TOPIC.model_copy(update={"id": topic.id}) if topic else EMERGENCY_TOPIC
    return topic or PERSON


def _place(facts: Facts, caller: CallerId) -> str | None:
    """Help goes where the caller said, else to where they call from."""
    if facts.emergency is not None and not facts.place_text:
        return facts.place or caller.place
    return facts.place


def _why(facts: Facts) -> tuple[str, ...]:
    """What spoke for the topic; where there is none, what in the cry for help made it one."""
    cry = facts.emergency or KEY
    return facts.why or (() if cry == KEY else (cry,))


def topic_named(topic_id: str, edition: Edition) -> Topic:
    """The topic of a draft, also of those that are none of the site's."""
    return EMERGENCY_TOPIC if topic_id == EMERGENCY_TOPIC.id else edition.topics.get(topic_id, PERSON)


def facts_of(draft: TicketDraft) -> Facts:
    """The facts from which the draft was made, as far as it still holds them."""
    return Facts(
        topic=draft.topic, confidence=draft.confidence, why=draft.why, place=draft.place, place_text=draft.place_text,
        asset=draft.asset, words=draft.words,
    )  # fmt: skip


def fields_of(changed: Collection[str]) -> list[str]:
    """The fields of a draft that follow from these facts."""
    return sorted({field for fact in changed for field in RESTS_ON.get(fact, ())})
