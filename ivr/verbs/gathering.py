"""The step that asks for one fact: a place by voice or number, or a number. Works by keys alone."""

from collections.abc import Sequence

from config.documents import Place
from ivr.actions import Ask, Heard, Outcome, Pressed, Prompt, Sentence
from ivr.flow import Gather
from ivr.keypad import BEGIN_MS, DigitMap, digits_of
from ivr.phases import Phase
from ivr.ports import Understanding
from ivr.script import Next, Script, Turn, heard, with_words
from ivr.state import State
from routing.ticket_numbers import is_ticket_number, ticket_number

CHOICES = 8  # keys that are no command
NUMBER_WORDS = 5  # "it's two point thirteen"; a longer answer is about something else


def enter_gather(script: Script, step: Gather, state: State) -> Turn:
    expected = _expected(script, step)
    if state.phase == Phase.WHICH:
        return state, _which(state.facts.places)
    if state.phase == Phase.UNKNOWN:
        unknown = Sentence("place_unknown", {"keyed": state.facts.place_keyed or ""})
        return state, _by_keys((unknown, Sentence(step.keys_prompt)), expected)
    if step.prompt and not state.deaf and state.phase != Phase.KEYS:
        return state, Ask((Sentence(step.prompt),), number=expected)
    return state.at(Phase.KEYS), _by_keys((Sentence(step.keys_prompt),), expected)


def _by_keys(prompt: Prompt, expected: DigitMap) -> Ask:
    return Ask(prompt, number=expected, keys_do=True, no_speech_ms=BEGIN_MS)


def _expected(script: Script, step: Gather) -> DigitMap:
    if step.fact == "place":
        codes = script.place_codes.keyed
        return DigitMap(max([step.digits, *map(len, codes)]), codes, emergency=script.emergency_key)
    return DigitMap(step.digits, complete=is_ticket_number, emergency=script.emergency_key)


def take_gather(script: Script, step: Gather, state: State, outcome: Outcome) -> Next:
    if step.fact == "place":
        return _place(script, step, state, outcome)
    given = outcome.keys if isinstance(outcome, Pressed) else ""
    if isinstance(outcome, Heard):
        given = outcome.understanding.digits or ""
    if given := _normal(step, given):
        return _given(step, state, given), step.next
    return (state, step.otherwise) if isinstance(outcome, Pressed) else _not_given(script, step, state)


def _given(step: Gather, state: State, given: str) -> State:
    if step.fact == "status_number":
        return state.with_facts(status_number=given)
    return state.with_facts(callback_number=given)


def _normal(step: Gather, given: str) -> str:
    return ticket_number(given) if step.fact == "status_number" else digits_of(given)


def _not_given(script: Script, step: Gather, state: State) -> Next:
    if state.phase in (Phase.KEYS, Phase.UNKNOWN, Phase.WHICH):
        return state, step.otherwise
    return enter_gather(script, step, state.at(Phase.KEYS))


# --- a place: one that is known, or none ---------------------------------------------------------


def _place(script: Script, step: Gather, state: State, outcome: Outcome) -> Next:
    if isinstance(outcome, Heard):
        return _place_said(script, step, heard(state, outcome.understanding), outcome.understanding)
    if not isinstance(outcome, Pressed):
        return _not_given(script, step, state)
    number = digits_of(outcome.keys)
    if state.phase == Phase.WHICH:
        return _choice(step, state, number)
    last = state.phase == Phase.UNKNOWN and not outcome.continues
    return _numbered(script, step, state, number, last) if number else (state, step.otherwise)


def _place_said(script: Script, step: Gather, state: State, said: Understanding) -> Next:
    """By its name, or by its number alone."""
    if said.place:
        return state, step.next
    number = said.number or said.digits
    if not number or len(said.text.split()) > NUMBER_WORDS:
        return _not_given(script, step, state)
    if state.phase == Phase.WHICH:
        return _choice(step, state, number)
    places = script.place_codes.find(number)
    return _found(script, step, state, places) if places else _not_given(script, step, state)


def _numbered(script: Script, step: Gather, state: State, number: str, last: bool) -> Next:
    """What no place is known by is said back and asked for again; then its number is left to a person to read."""
    if places := script.place_codes.find(number):
        return _found(script, step, state, places)
    if last:
        return with_words(state, number), step.next
    return enter_gather(script, step, state.at(Phase.UNKNOWN).with_facts(place_keyed=number))


def _found(script: Script, step: Gather, state: State, places: Sequence[Place]) -> Next:
    if len(places) == 1:
        return _at(state, places[0].id), step.next
    ids = tuple(place.id for place in places[:CHOICES])
    return enter_gather(script, step, state.at(Phase.WHICH).with_facts(places=ids))


def _at(state: State, place: str) -> State:
    return state.with_facts(place=place, place_text=None, places=(), place_keyed=None)


def _which(ids: Sequence[str]) -> Ask:
    choices = (Sentence("place_choice", {"place": id, "choice": str(key)}) for key, id in enumerate(ids, 1))
    return Ask((Sentence("which_of_places"), *choices), keys_do=True)


def _choice(step: Gather, state: State, number: str) -> Next:
    ids = dict(enumerate(state.facts.places, 1))
    place = ids.get(int(number)) if number.isascii() and number.isdigit() else None
    return (_at(state, place), step.next) if place else (state, step.otherwise)
