"""A flow together with the site's documents it speaks about."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from config.documents import Edition, Place, Topic
from ivr.actions import Action, Line
from ivr.flow import Flow, Step
from ivr.ports import Understanding
from ivr.state import State

Turn = tuple[State, Action]
Next = Turn | tuple[State, str] | str  # a turn, or the step to go to, perhaps with a changed state
IN_SERIES = 2
DIGITS = re.compile(r"\d+(\.\d+)?")
PERSON = "person"  # what it is about for who has named nothing else
DANGEROUS_SURE = 0.7  # from here on an emergency is named after what may itself be dangerous …
OTHER_SURE = 0.93  # … and after anything else; see docs/adr/0093
EMERGENCY = "@emergency"  # the one step that every flow has and none can leave out


@dataclass(frozen=True)
class Script:
    flow: Flow
    edition: Edition

    def step(self, state: State) -> Step:
        return self.flow.steps[state.step]

    def topic(self, state: State) -> Topic | None:
        return self.edition.topics.get(state.facts.get("topic", ""))

    def place_by_code(self, code: str) -> Place | None:
        return next((place for place in self.edition.places if place.code == code), None)

    def names(self, language: str) -> tuple[str, ...]:
        """Places as they are said, of each numbered series only the first two: enough for ears to lean towards."""
        seen = Counter[str]()
        spoken = [place.name.get(language) or next(iter(place.name.values())) for place in self.edition.places]
        return tuple(name for name in spoken if _counted(seen, DIGITS.sub("#", name)) <= IN_SERIES)

    def fact(self, state: State, name: str) -> str:
        """A named fact, stored or derived; "" when unknown."""
        topic = self.topic(state)
        derived = {
            "place_missing": "yes" if topic and topic.needs_place and not _place(state) else "no",
            "topic_kind": "" if topic is None else "facility" if topic.facility else "patient",
        }
        return state.facts.get(name, derived.get(name, ""))


def _counted(seen: Counter[str], what: str) -> int:
    seen[what] += 1
    return seen[what]


def _place(state: State) -> str:
    return state.facts.get("place", "") or state.facts.get("place_text", "")


def about(state: State, prompt: str) -> Line:
    """The prompt, in its `_place` wording when a place is known."""
    variables = {"topic": state.facts.get("topic", PERSON)}
    if not _place(state):
        return Line(prompt, variables)
    return Line(f"{prompt}_place", {**variables, "place": _place(state)})


def ticket_line(state: State, prompt: str) -> Line:
    return Line(prompt, {"ticket": state.ticket_number or ""})


def heard(state: State, understanding: Understanding) -> State:
    """The state with the place, asset and words of an utterance noted."""
    words = " / ".join(filter(None, (state.facts.get("words", ""), understanding.text)))
    state = state.with_facts(words=words[-2_000:])
    if understanding.place:
        state = state.with_facts(place=understanding.place.id, place_text=None)
    if understanding.asset:
        state = state.with_facts(asset=understanding.asset.id)
    return state


def noted(script: Script, state: State, understanding: Understanding) -> State:
    """The state with all that a cry for help tells of the matter, its topic where that is sure."""
    state = heard(state, understanding)
    intent = understanding.intent
    topic = script.edition.topics.get(intent.topic)
    if topic is None or intent.confidence < (DANGEROUS_SURE if topic.critical else OTHER_SURE):
        return state
    return chosen(script, state, topic.id, intent.confidence, intent.why)


def chosen(script: Script, state: State, topic: str, confidence: float, why: Sequence[str]) -> State:
    return state.with_facts(topic=topic, confidence=f"{confidence:.3f}", why="; ".join(why))


def amended(script: Script, state: State, understanding: Understanding, sure: float) -> State:
    """The state with just that changed which the caller corrected; unchanged when nothing was."""
    before = dict(state.facts)
    if understanding.place:
        state = state.with_facts(place=understanding.place.id, place_text=None)
    if understanding.asset:
        state = state.with_facts(asset=understanding.asset.id)
    intent = understanding.intent
    if understanding.correction and intent.topic in script.edition.topics and intent.confidence >= sure:
        state = chosen(script, state, intent.topic, intent.confidence, intent.why)
    return heard(state, understanding) if dict(state.facts) != before else state


def differing(before: State, after: State) -> list[str]:
    """Names of the facts that are not what they were."""
    names = before.facts.keys() | after.facts.keys()
    return sorted(name for name in names if before.facts.get(name) != after.facts.get(name))
