"""The times that a caller may choose to be called back at: asked for by key and by the words for them."""

import re
from collections.abc import Sequence
from datetime import datetime

from ivr.actions import Ask, Heard, Outcome, Pressed, Sentence
from ivr.facts import Facts
from ivr.flow import TimesAsked
from ivr.keypad import digits_of
from ivr.ports import Understanding
from ivr.script import Script
from ivr.spoken_times import spoken_part
from ivr.state import State

TURN = "1"  # the key for: as soon as it is one's turn
NUMBER_WORDS = 3  # "number two please"
TELLING = 5  # letters of a word that tells which time is meant: not "this", and not "after" of "afternoon"
WORD = re.compile(r"[^\W\d_]+")


def ask_time(step: TimesAsked, state: State) -> Ask:
    """Each time has its key."""
    first = Sentence(step.when_prompt or "")
    choices = (
        Sentence(step.choice_prompt or "", {"when": at, "choice": str(key)})
        for key, at in enumerate(state.facts.times, int(TURN) + 1)
    )
    return Ask((first, *choices), keys_do=True)


def chosen_time(script: Script, state: State, outcome: Outcome) -> str | None:
    """The time that was chosen, ISO; "" is as soon as their turn, None none of these."""
    if isinstance(outcome, Pressed):
        return _by_key(state.facts, digits_of(outcome.keys))
    if not isinstance(outcome, Heard):
        return None
    said = outcome.understanding
    if said.digits and len(said.text.split()) <= NUMBER_WORDS:
        return _by_key(state.facts, said.digits)
    return named_time(script, state, said) or ("" if said.act in ("yes", "callback") else None)


def named_time(script: Script, state: State, said: Understanding) -> str | None:
    """The offered time whose words were said, the earliest of those that fit as well: "in the morning"."""
    words = _words(said.text)
    fits = [(_likeness(words, _words(_spoken(script, state, at))), at) for at in state.facts.times]
    best = max((fit for fit, _ in fits), default=0)
    return next(at for fit, at in fits if fit == best) if best else None


def _likeness(said: Sequence[str], spoken: Sequence[str]) -> int:
    """Letters of what was said that the time's words have; "morgen ochtend" is in "morgenochtend"."""
    return sum(len(word) for word in set(said) if any(_has(whole, word) for whole in spoken))


def _has(whole: str, word: str) -> bool:
    if len(word) < TELLING:
        return False
    part = whole.startswith(word) or whole.endswith(word)
    return word == whole or (part and len(whole) - len(word) >= TELLING)


def _by_key(facts: Facts, key: str) -> str | None:
    return dict(enumerate(("", *facts.times), int(TURN))).get(int(key)) if key.isdigit() else None


def _spoken(script: Script, state: State, at: str) -> str:
    """As it was offered, wherever the call has got to since."""
    now = datetime.fromisoformat(state.facts.times_from or at)
    return spoken_part(datetime.fromisoformat(at), now, script.edition.site.zone, state.language)


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())
