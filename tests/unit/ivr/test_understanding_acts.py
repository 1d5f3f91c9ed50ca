"""What an utterance does: yes, no, a person, an earlier matter, once more."""

from pathlib import Path

import pytest

from config.documents import LanguagePack
from config.yaml_once import load_once
from ivr.understanding.acts import Acts
from ivr.understanding.words import utterance

CONFIG = Path(__file__).resolve().parents[3] / "config"
PACK = LanguagePack.model_validate(load_once((CONFIG / "languages/en.yaml").read_text(encoding="utf-8")))
ACTS = Acts(PACK)


def act(text: str) -> str | None:
    return ACTS.find(utterance(text, PACK.expansions))


SAID = {
    "yes": ["yes", "yeah", "yep that's right", "Correct.", "uh huh", "that's right", "yes please", "sure", "ok"],
    "no": ["no", "nope", "no that's wrong", "No, it isn't.", "that's not right", "incorrect", "not really", "yeah no"],
    "person": [
        "can I talk to a person", "I want a human", "operator", "put me through to someone", "give me a real person",
        "I don't want to talk to a machine", "let me speak with somebody please", "agent please",
    ],
    "status": [
        "what's the status of my ticket", "I rang yesterday about a tap, has anyone looked at it",
        "any news on my repair", "when is the plumber coming", "I reported it this morning and nobody has come",
        "I've been waiting since Tuesday", "we've been waiting two hours for the plumber",
    ],
    "callback": ["can you call me back", "ring me later", "I'd like a callback"],
    "repeat": ["say that again", "sorry?", "could you repeat that please", "pardon", "what did you say"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in SAID.items() for text in texts])
def test_an_act_is_heard(name: str, text: str) -> None:
    assert act(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "no hot water on ward four",
        "no power in theatre two",
        "the right hand sink is blocked",
        "the drain is blocked and water is coming up",
        "a person slipped on the wet floor by the door",
        "the operator's chair is broken",
        "a call bell doesn't ring",
        "how far is it to the airport",
        "I've been waiting ten minutes and the lift isn't coming",
        "we've been waiting a quarter of an hour for a porter",
        "",
    ],
)
def test_a_matter_is_no_act(text: str) -> None:
    assert act(text) is None


@pytest.mark.parametrize(
    "text", ["no, ward five", "sorry, I mean the printer", "not the sink, the printer", "actually ward 2"]
)
def test_a_correction_announces_itself(text: str) -> None:
    assert ACTS.corrects(utterance(text, PACK.expansions))
