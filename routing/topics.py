"""Topics that are none of the site's, but of every line: an emergency, and the wish for a person."""

from config.documents import Edition, Topic, TopicLimits

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


def topic_named(topic_id: str, edition: Edition) -> Topic:
    """The topic of a draft, also of those that are none of the site's."""
    return EMERGENCY_TOPIC if topic_id == EMERGENCY_TOPIC.id else edition.topics.get(topic_id, PERSON)
