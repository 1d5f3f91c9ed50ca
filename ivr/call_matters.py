"""The matters of one call: told in one breath, said back together, each with a ticket of its own.

The state speaks of one of them at a time; the others wait in it, and `State.about` turns to one of those.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from ivr.actions import OpenTicket, Sentence
from ivr.facts import MatterFacts
from ivr.ports import Understanding
from ivr.script import PERSON, Script, amended
from ivr.state import OtherMatter, State
from routing.model import URGENCY_ORDER

FIRST_KEY = "matter"
Known = TypeVar("Known", bound=MatterFacts)


def with_others(state: State, understanding: Understanding) -> State:
    """The state with what was told beside its matter; tickets that are open already stay as they are."""
    if not understanding.others or _tickets(state):
        return state
    others = (OtherMatter(_facts(part, f"{FIRST_KEY}-{n}")) for n, part in enumerate(understanding.others, 2))
    return replace(state, others=tuple(others))


def unguessed(state: State) -> State:
    """The state without a topic that was only a guess; one with a ticket is none."""
    if _tickets(state):
        return state
    return replace(state.with_facts(topic=None, confidence=None, why=()), others=())


def _facts(part: Understanding, key: str) -> MatterFacts:
    intent = part.intent
    return MatterFacts(
        topic=intent.topic, confidence=intent.confidence, why=intent.why, key=key,
        place=part.place.id if part.place else None, asset=part.asset.id if part.asset else None,
    )  # fmt: skip


def _tickets(state: State) -> list[str]:
    return [ticket for ticket in (state.ticket, *(other.ticket for other in state.others)) if ticket]


def placed(script: Script, state: State) -> State:
    """A matter that needs a place, and was told without one, is where the other one is."""
    known = next((facts.place for facts in _all(state) if facts.place), None)
    if known is None or not state.others:
        return state
    others = tuple(replace(other, facts=_at(script, other.facts, known)) for other in state.others)
    return replace(state, facts=_at(script, state.facts, known), others=others)


def _at(script: Script, facts: Known, place: str) -> Known:
    topic = script.topic_of(facts)
    needs = topic is not None and topic.needs_place and not facts.place
    return replace(facts, place=place) if needs else facts


def _all(state: State) -> Iterator[MatterFacts]:
    yield from (state.facts, *(other.facts for other in state.others))


def also(state: State) -> tuple[Sentence, ...]:
    """What else was told, one sentence each."""
    return tuple(_also(other.facts.topic or PERSON, other.facts.place) for other in state.others)


def _also(topic: str, place: str | None) -> Sentence:
    if place is None:
        return Sentence("also", {"topic": topic})
    return Sentence("also_place", {"topic": topic, "place": place})


# --- corrections ---------------------------------------------------------------------------------


def corrected(script: Script, state: State, understanding: Understanding, sure: float, guess: bool) -> State | None:
    """The state with what was corrected, in the matter that it names; None when nothing was.

    What names none of several is not applied, or with `guess` to the one told last: it is said back once more.
    """
    changed: State | None = None
    for part in (understanding, *understanding.others):
        meant = _meant(state, part, sure)
        if meant is None and guess:
            meant = _last_matter(state)
        if meant is None:
            continue
        before = state if meant < 0 else state.about(meant)
        after = amended(script, before, replace(part, text=understanding.text), sure)
        if after.facts != before.facts:
            changed = state = after
    return changed


def _last_matter(state: State) -> int:
    keys = [facts.key or "" for facts in _all(state)]
    return keys.index(max(keys)) - 1


def is_unclear(state: State, understanding: Understanding, sure: float) -> bool:
    """Whether something was corrected without saying in which matter."""
    named = understanding.place is not None or understanding.asset is not None
    return named and _meant(state, understanding, sure) is None


def _meant(state: State, part: Understanding, sure: float) -> int | None:
    """Which of the others is spoken of; -1: the matter that the state is about; None: no saying which."""
    if not state.others:
        return -1
    for what, value in (
        ("topic", part.intent.topic if part.intent.confidence >= sure else None),
        ("asset", part.asset.id if part.asset else None),
    ):
        if value is not None and value == getattr(state.facts, what):
            return -1
        for at, other in enumerate(state.others):
            if value is not None and value == getattr(other.facts, what):
                return at
    return None if part.place or part.asset else -1


# --- tickets -------------------------------------------------------------------------------------


def ticket_of(state: State) -> OpenTicket:
    """The ticket of the matter spoken of; on a repeat the same one comes back."""
    return OpenTicket(state.facts.key or FIRST_KEY, state.facts)


def unopened(script: Script, state: State) -> State | None:
    """The state about a matter that has no ticket yet; None when all have."""
    state = placed(script, state)
    if not state.ticket:
        return state
    return next((state.about(at) for at, other in enumerate(state.others) if not other.ticket), None)


def most_urgent(script: Script, state: State) -> State:
    """The state about the matter that cannot wait; the first told of equal ones."""
    ranks = [_rank(script, facts) for facts in _all(state)]
    best = ranks.index(min(ranks))
    return state.about(best - 1) if best else state


def _rank(script: Script, facts: MatterFacts) -> tuple[int, str]:
    topic = script.topic_of(facts)
    return URGENCY_ORDER.index(topic.urgency) if topic else len(URGENCY_ORDER), facts.key or ""
