"""A call that changes its language: what it knows is kept, and from there on it is spoken in Dutch."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.documents import Edition, load_edition
from config.meaning import faults
from ivr import speaking
from ivr.actions import Action, Ask, Deaf, Hold, Pressed, Resumed, Sentence, Speak, TicketOpened
from ivr.flow import Flow
from ivr.interpreter import advance
from ivr.phases import Phase
from ivr.script import Script
from ivr.state import State
from ivr.validation import problems
from ivr.wording import Wording
from tests.flows.dutch import in_two_languages

NOW = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
FACTS = {"caller_number": "204", "words": "the drain", "topic": "plumbing", "place": "ward-4"}
AT_THE_CHOICE = State.from_json({"flow": "languages", "step": "language", "facts": FACTS})


@pytest.fixture(scope="module")
def edition() -> Edition:
    return in_two_languages(load_edition(Path(__file__).parents[2] / "config"))


@pytest.fixture(scope="module")
def script(edition: Edition) -> Script:
    return Script(Flow.model_validate(edition.flows["languages"]), edition)


def said(edition: Edition, state: State, action: Action) -> list[tuple[str, str]]:
    """The sentences of an action, and the languages they are in."""
    assert isinstance(action, Speak | Ask | Hold)
    return [spoken(edition, line, state.language) for line in action.prompt]


def spoken(edition: Edition, line: Sentence, language: str) -> tuple[str, str]:
    values = Wording(edition).values(line, language, NOW)
    return speaking.sentence(edition.prompts, line.key, values, language)


def texts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    assert {language for _, language in pairs} == {"nl"}
    return [text for text, _ in pairs]


def test_the_site_in_two_languages_is_sound(edition: Edition, script: Script) -> None:
    assert faults(edition) == []
    assert problems(script.flow, edition) == []


def test_the_next_prompt_is_in_the_new_language_and_the_facts_are_kept(edition: Edition, script: Script) -> None:
    state, action = advance(script, AT_THE_CHOICE, Pressed("2"))
    assert (state.language, state.step) == ("nl", "welcome")
    assert state.to_json()["facts"].items() >= FACTS.items()
    assert texts(said(edition, state, action))[0].startswith("Sint-Lucasziekenhuis.")


def test_the_language_is_saved_and_survives_a_resumption(edition: Edition, script: Script) -> None:
    state, _ = advance(script, AT_THE_CHOICE, Pressed("2"))
    loaded = State.from_json(json.loads(json.dumps(state.to_json())))
    state, action = advance(script, loaded, Resumed())
    assert texts(said(edition, state, action))[0] == "Excuses voor de onderbreking. We gaan verder."


def test_what_is_said_back_and_promised_is_dutch(edition: Edition, script: Script) -> None:
    dutch = replace(AT_THE_CHOICE, language="nl", step="said_back")
    state, action = advance(script, dutch, Resumed())
    assert texts(said(edition, state, action))[1] == "Ik heb begrepen: een probleem met het water, bij afdeling 4."
    at_ticket = replace(dutch, step="ticket", phase=Phase.OPEN)
    opened = TicketOpened("ticket-1", "4721", "promise_attend", "2026-01-05T14:20:00+00:00")
    state, action = advance(script, at_ticket, opened)
    assert texts(said(edition, state, action)) == [
        "Uw meldingsnummer is vier zeven, twee één.",
        "Er komt iemand naar kijken, uiterlijk vanmiddag om tien voor half vier.",
    ]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("emergency_stay", "Blijf aan de lijn. Ik bel het noodteam nog."),
        ("line_full", "Al onze lijnen zijn bezet. Is er levensgevaar, bel dan één één twee."),
        ("position", "U bent de tweede in de rij."),
        ("place_unknown", "Ik ken geen plek met nummer twee één."),
        ("place_choice", "Voor afdeling 4, druk op één."),
    ],
)
def test_numbers_in_sentences_are_dutch(edition: Edition, key: str, words: str) -> None:
    variables = {"position": "2", "keyed": "21", "choice": "1", "place": "ward-4"}
    assert spoken(edition, Sentence(key, variables), "nl") == (words, "nl")


def test_whoever_could_not_be_heard_may_be_in_the_other_language(script: Script) -> None:
    deaf, _ = advance(script, AT_THE_CHOICE, Deaf())
    assert deaf.deaf
    state, action = advance(script, deaf, Pressed("2"))
    assert not state.deaf
    assert isinstance(action, Ask)
    assert action.listen
    same, _ = advance(script, deaf, Pressed("1"))
    assert same.deaf
