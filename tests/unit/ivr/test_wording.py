"""The site's words for values, in the language of the call."""

from datetime import UTC, datetime, timedelta

import pytest

from ivr.actions import Sentence
from ivr.wording import Wording
from tests.unit.ivr.site import edition

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DUTCH = edition().model_copy(update={
    "prompts": {"nl": {"said": "{topic} {place} {ticket} {time} {position} {choice} {stage}", "stage_closed": "klaar"}},
    "topics": {"drain": edition().topics["plumbing"].model_copy(update={"name": {"nl": "een verstopping"}})},
    "places": (edition().places[0].model_copy(update={"name": {"sv": "avdelning 4"}}),),
})  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("topic", "drain", "een verstopping"),
        ("place", "ward-4", "avdelning 4"),
        ("ticket", "47", "vier zeven"),
        ("time", (NOW + timedelta(minutes=60)).isoformat(), "binnen een uur"),
        ("position", "2", "tweede"),
        ("choice", "1", "één"),
        ("stage", "closed", "klaar"),
        ("number", "112", "één één twee"),
    ],
)
def test_every_value_has_its_words_on_a_site_without_english(name: str, value: str, words: str) -> None:
    variables = {} if name == "number" else {name: value}
    assert Wording(DUTCH).values(Sentence("said", variables), "nl", NOW)[name] == words
