"""What is rendered ahead."""

from datetime import UTC, datetime

import pytest

from config.documents import load_edition
from config.settings import PROJECT
from ivr import speaking
from ivr.actions import Sentence
from ivr.wording import Wording
from telephony.asterisk_config import STANDALONE_PROMPTS
from tts.phrases import phrases
from tts.preparing import fixed_sentences

EDITION = load_edition(PROJECT / "config")


@pytest.mark.parametrize("key", STANDALONE_PROMPTS.values())
def test_all_that_asterisk_says_by_itself_is_there_before_the_first_call(key: str) -> None:
    values = Wording(EDITION).values(Sentence(key), "en", datetime.now(UTC))
    assert speaking.sentence(EDITION.prompts, key, values, "en") in set(fixed_sentences(EDITION))


def test_the_emergency_instruction_names_the_national_number() -> None:
    assert any("call one one two" in text.replace(",", "") for text, _ in fixed_sentences(EDITION))


def sentences_of(languages: tuple[str, ...], prompts: dict[str, dict[str, str]]) -> set[tuple[str, str]]:
    site = EDITION.site.model_copy(update={"languages": languages})
    return set(fixed_sentences(EDITION.model_copy(update={"site": site, "prompts": EDITION.prompts | prompts})))


def test_each_language_of_the_site_has_its_parts_rendered() -> None:
    said = sentences_of(("en", "nl"), {"nl": {"understood_place": "Ik heb begrepen: {topic}, bij {place}."}})
    assert {("within an hour", "en"), ("binnen een uur", "nl"), ("Ik heb begrepen", "nl")} <= said
    assert not any(language == "nl" for _, language in fixed_sentences(EDITION))


def test_what_a_language_would_say_in_english_is_not_rendered_in_it() -> None:
    said = sentences_of(("en", "sv"), {"sv": {"goodbye": "Hej då.", "emergency_instruction": "Ring {number}."}})
    assert [text for text, language in said if language == "sv"] == ["Hej då."]


@pytest.mark.parametrize(
    ("key", "variables"),
    [
        ("ticket_opened", {"ticket": "4721"}),
        ("joined", {"ticket": "47216"}),
        ("callback_offer", {"phone": "0612345678"}),
        ("callback_offer", {"phone": "+31612345678"}),
        ("callback_stored", {"ticket": "4721"}),
    ],
)
def test_what_callers_hear_of_numbers_is_rendered_ahead(key: str, variables: dict[str, str]) -> None:
    values = Wording(EDITION).values(Sentence(key, variables), "en", datetime.now(UTC))
    text, language = speaking.sentence(EDITION.prompts, key, values, "en")
    assert {(phrase.text, language) for phrase in phrases(text, language)} <= set(fixed_sentences(EDITION))


def test_what_follows_a_question_about_a_place_is_rendered_ahead() -> None:
    asked = Sentence("did_you_mean_place", {"topic": next(iter(EDITION.topics)), "place": "ward-12"})
    values = Wording(EDITION).values(asked, "en", datetime.now(UTC))
    text, language = speaking.sentence(EDITION.prompts, asked.key, values, "en")
    _, *others = phrases(text, language)
    assert others
    assert {(phrase.text, language) for phrase in others} <= set(fixed_sentences(EDITION))
