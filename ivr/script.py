"""A flow together with the site's documents it speaks about."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from config.documents import Edition, Topic
from ivr.actions import Action, Outcome, Sentence
from ivr.facts import MatterFacts
from ivr.flow import Flow, Step
from ivr.locales.registry import FALLBACK
from ivr.place_codes import PlaceCodes
from ivr.ports import Understanding
from ivr.state import State

Turn = tuple[State, Action]


@dataclass(frozen=True)
class Handed:
    """To a step that asks something, as if what was said or pressed had been its answer."""

    step: str
    outcome: Outcome


Next = Turn | tuple[State, str | Handed] | str  # a turn, or the step to go to, perhaps with a changed state
IN_SERIES = 2
STORY_WORDS = 30
DIGITS = re.compile(r"\d+(\.\d+)?")
PERSON = "person"  # what it is about for who has named nothing else
DANGEROUS_SURE = 0.7  # from here on an emergency is named after what may itself be dangerous …
OTHER_SURE = 0.93  # … and after anything else; see docs/adr/0093
EMERGENCY_STEP = "@emergency"  # the one step that every flow has and none can leave out


@dataclass(frozen=True)
class Script:
    flow: Flow
    edition: Edition

    def step(self, state: State) -> Step:
        return self.flow.steps[state.step]

    def topic(self, state: State) -> Topic | None:
        return self.topic_of(state.facts)

    def topic_of(self, facts: MatterFacts) -> Topic | None:
        return self.edition.topics.get(facts.topic or "")

    @cached_property
    def place_codes(self) -> PlaceCodes:
        return PlaceCodes.of(self.edition.places)

    def has_prompt(self, key: str, language: str) -> bool:
        """Whether it can be said; documents of before have no sentence for what is asked since."""
        prompts = self.edition.prompts
        return any(prompts.get(each, {}).get(key, "").strip() for each in (language, FALLBACK))

    @property
    def emergency_key(self) -> str:
        return self.edition.site.emergency.key

    def names(self, language: str) -> tuple[str, ...]:
        """Places as they are said, of each numbered series only the first two: enough for ears to lean towards."""
        if language not in self._names:
            self._names[language] = self._first_names(language)
        return self._names[language]

    @cached_property
    def _names(self) -> dict[str, tuple[str, ...]]:
        return {}

    def _first_names(self, language: str) -> tuple[str, ...]:
        seen = Counter[str]()
        spoken = [place.name.get(language) or next(iter(place.name.values())) for place in self.edition.places]
        return tuple(name for name in spoken if _counted(seen, DIGITS.sub("#", name)) <= IN_SERIES)

    def fact(self, state: State, name: str) -> Any:
        """A named fact, stored or derived; None when unknown."""
        topic = self.topic(state)
        matters = (state.facts, *(other.facts for other in state.others))
        wanted = any(self._needs_place(facts) for facts in matters) and not any(map(_place, matters))
        derived = {
            "place_missing": wanted,
            "topic_kind": None if topic is None else "facility" if topic.facility else "patient",
        }
        return derived[name] if name in derived else getattr(state.facts, name, None)

    def _needs_place(self, facts: MatterFacts) -> bool:
        topic = self.topic_of(facts)
        return topic is not None and topic.needs_place


def _counted(seen: Counter[str], what: str) -> int:
    seen[what] += 1
    return seen[what]


def _place(facts: MatterFacts) -> str | None:
    return facts.place or facts.place_text


def about(state: State, prompt: str) -> Sentence:
    """The prompt, in its `_place` wording when a place is known."""
    variables = {"topic": state.facts.topic or PERSON}
    place = state.facts.place
    return Sentence(f"{prompt}_place", {**variables, "place": place}) if place else Sentence(prompt, variables)


def ticket_line(state: State, prompt: str) -> Sentence:
    return Sentence(prompt, {"ticket": state.ticket_number or ""})


def with_words(state: State, words: str) -> State:
    """The state with these words of the caller's added to those before."""
    together = " / ".join(filter(None, (state.facts.words, words)))
    return state.with_facts(words=together[-2_000:])


def heard(state: State, understanding: Understanding) -> State:
    """The state with the place, asset and words of an utterance noted."""
    state = with_words(state, understanding.text).with_facts(blind=False)
    if understanding.place:
        state = state.with_facts(place=understanding.place.id, place_text=None)
    if understanding.asset:
        state = state.with_facts(asset=understanding.asset.id)
    return state


def tells_a_story(understanding: Understanding) -> bool:
    """Long speech: what one sentence of it would ask of the line is mentioned in passing."""
    return len(understanding.text.split()) > STORY_WORDS


def with_report(script: Script, state: State, understanding: Understanding) -> State:
    """The state with all that a cry for help tells of the matter, its topic where that is sure."""
    state = heard(state, understanding)
    intent = understanding.intent
    topic = script.edition.topics.get(intent.topic)
    if topic is None or intent.confidence < (DANGEROUS_SURE if topic.critical else OTHER_SURE):
        return state
    return chosen(state, topic.id, intent.confidence, intent.why)


def chosen(state: State, topic: str, confidence: float, why: Sequence[str]) -> State:
    return state.with_facts(topic=topic, confidence=confidence, why=tuple(why))


def amended(script: Script, state: State, understanding: Understanding, sure: float) -> State:
    """The state with just that changed which the caller corrected; unchanged when nothing was."""
    before = state.facts
    if understanding.place:
        state = state.with_facts(place=understanding.place.id, place_text=None)
    if understanding.asset:
        state = state.with_facts(asset=understanding.asset.id)
    intent = understanding.intent
    if understanding.correction and intent.topic in script.edition.topics and intent.confidence >= sure:
        state = chosen(state, intent.topic, intent.confidence, intent.why)
    return heard(state, understanding) if state.facts != before else state
