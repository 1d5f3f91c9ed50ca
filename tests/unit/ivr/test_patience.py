"""How long a silence ends what somebody says, by what they have said so far."""

from typing import Any, cast

import pytest

from config.documents import LanguagePack
from ivr.patience import DICTATING_MS, DONE_MS, PERHAPS_MS, THINKING_MS, patience_ms
from ivr.ports import EmergencyHeard, Intent, PlaceHeard, Understanding
from ivr.script import Script
from tests.unit.ivr.site import edition, script

WARD = PlaceHeard("ward-4", "ward 4", "ward four", 0.95)
DRAIN = Intent("plumbing", 0.9)


def hospital() -> Script:
    """Its language pack knows a few words that end no sentence."""
    pack = cast("Any", LanguagePack).model_construct(unfinished=("and", "the", "my", "on", "because"))
    return Script(script().flow, edition().model_copy(update={"languages": {"en": pack}}))


@pytest.mark.parametrize(
    ("said", "patience"),
    [
        (Understanding("The drain on ward four is blocked.", intent=DRAIN, place=WARD), DONE_MS),
        (Understanding("The drain is blocked", intent=DRAIN), PERHAPS_MS),  # where it is may follow
        (Understanding("so " * 41 + "the drain on ward four", intent=DRAIN, place=WARD), PERHAPS_MS),  # a story
        (Understanding("I have a bill", intent=Intent("billing", 0.9)), DONE_MS),  # which is nowhere
        (Understanding("The drain on ward four is blocked and", intent=DRAIN, place=WARD), THINKING_MS),
        (Understanding("I am calling because…", intent=DRAIN, place=WARD), THINKING_MS),
        (Understanding("I was here yesterday"), THINKING_MS),
        (Understanding("it might be the drain", intent=Intent("plumbing", 0.4)), THINKING_MS),
        (Understanding(""), THINKING_MS),
        (Understanding("Yes.", act="yes"), DONE_MS),
        (Understanding("no", act="no"), DONE_MS),
        (Understanding("no it is not that at all", act="no"), PERHAPS_MS),
        (Understanding("I would like to talk to a person", act="person"), DONE_MS),
        (Understanding("four seven two", digits="472"), DICTATING_MS),
        (Understanding("Ward four.", place=WARD), DONE_MS),
        (Understanding("it is somewhere near ward four", place=WARD), PERHAPS_MS),
        (Understanding("there is a fire on the", emergency=EmergencyHeard(("fire",))), DONE_MS),
    ],
)
def test_patience(said: Understanding, patience: int) -> None:
    assert patience_ms(hospital(), "en", said) == patience


def test_a_language_without_such_words_goes_by_the_meaning() -> None:
    said = Understanding("de afvoer op zaal vier en", intent=DRAIN, place=WARD)
    assert patience_ms(hospital(), "nl", said) == DONE_MS
