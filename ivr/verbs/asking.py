"""Steps that ask the caller: listen, confirm, menu, gather. All work by keys alone."""

from ivr.actions import Ask, Heard, Line, NoWords, Outcome, Pressed, Silence
from ivr.flow import Confirm, Gather, Listen, Menu
from ivr.ports import Understanding
from ivr.script import Next, Script, Turn, about, amended, chosen, heard, tells_a_story
from ivr.state import State

SAID_SURE = 0.7  # a topic said where keys were asked for
CHOICE_WORDS = 4  # "number four please"; in more words a number may be a ward's
CORRECTIONS = 3  # as often may what was said back be changed in one step


# --- listen: the caller's own words --------------------------------------------------------------


def enter_listen(script: Script, step: Listen, state: State) -> Next:
    if state.deaf:
        return script.flow.keys
    if state.phase == "confirm":
        return state, Ask((about(state, step.confirm_prompt),), keys_do=True)
    prompt = step.retry_prompt if state.tries else step.prompt
    return state, Ask((Line(prompt),))


def take_listen(script: Script, step: Listen, state: State, outcome: Outcome) -> Next:
    if isinstance(outcome, Pressed):
        return _key_in_listen(script, step, state, outcome.keys)
    if step.silence and _wants_nothing(state, outcome):
        return state, step.silence
    if not isinstance(outcome, Heard):
        return _unclear(script, step, state)
    understanding = outcome.understanding
    if understanding.act == "status" and step.status and not _tells(script, step, understanding):
        return state, step.status
    if state.phase == "confirm" and understanding.act == "yes":
        return state, step.next
    return _weigh(script, step, heard(state, understanding), understanding)


def _tells(script: Script, step: Listen, understanding: Understanding) -> bool:
    """A long story is a report, although "I called yesterday" is in it; an open one at that place is found anyway."""
    sure = understanding.intent.topic in script.edition.topics and understanding.intent.confidence >= step.sure
    return sure and tells_a_story(understanding)


def _wants_nothing(state: State, outcome: Outcome) -> bool:
    """Silence to the first question, or a plain no; who was misunderstood and then falls silent wanted something."""
    if state.phase == "confirm":
        return False
    if isinstance(outcome, Heard):
        return outcome.understanding.act == "no" and not outcome.understanding.correction
    return isinstance(outcome, Silence) and state.tries == 0


def _weigh(script: Script, step: Listen, state: State, understanding: Understanding) -> Next:
    intent = understanding.intent
    if intent.topic not in script.edition.topics or intent.confidence < step.unsure:
        return _unclear(script, step, state.with_facts(topic=None))
    state = chosen(script, state, intent.topic, intent.confidence, intent.why)
    if intent.confidence >= step.sure:
        return state, step.next
    return enter_listen(script, step, state.at("confirm"))


def _key_in_listen(script: Script, step: Listen, state: State, key: str) -> Next:
    if state.phase == "confirm" and key == "1":
        return state, step.next
    if state.phase == "confirm":
        return _unclear(script, step, state.with_facts(topic=None))
    menu = script.flow.steps[script.flow.keys]
    if isinstance(menu, Menu) and key in menu.keys:  # who knows the menu need not wait for it
        return _by_key(script, menu, state, key)
    return script.flow.keys


def _unclear(script: Script, step: Listen, state: State) -> Next:
    if state.tries >= step.retries:
        return state, step.otherwise
    return enter_listen(script, step, state.at("", state.tries + 1))


# --- confirm: said back as a statement -----------------------------------------------------------


def enter_confirm(script: Script, step: Confirm, state: State) -> Turn:
    if state.phase == "correct":
        return state, Ask((Line("what_is_different"),), keys_do=True)
    return state, Ask((about(state, step.prompt),), no_speech_ms=step.pause_ms, keys_do=True)


def take_confirm(script: Script, step: Confirm, state: State, outcome: Outcome) -> Next:
    if state.tries >= CORRECTIONS:
        return step.next
    if isinstance(outcome, Pressed) and outcome.keys == "2":
        return enter_confirm(script, step, state.at("correct", state.tries + 1))
    if not isinstance(outcome, Heard) or outcome.understanding.act == "yes":
        return step.next
    changed = amended(script, state, outcome.understanding, sure=0.5)
    if changed.facts != state.facts:
        return enter_confirm(script, step, changed.at("", state.tries + 1))
    if outcome.understanding.act == "no" or outcome.understanding.correction:
        return enter_confirm(script, step, state.at("correct", state.tries + 1))
    return step.next


# --- menu ----------------------------------------------------------------------------------------


def enter_menu(script: Script, step: Menu, state: State) -> Turn:
    return state, Ask((Line(step.prompt),), keys_do=True)


def take_menu(script: Script, step: Menu, state: State, outcome: Outcome) -> Next:
    if isinstance(outcome, Pressed) and outcome.keys in step.keys:
        return _by_key(script, step, state, outcome.keys)
    if isinstance(outcome, Heard):
        digit = outcome.understanding.digits
        if digit in step.keys and len(outcome.understanding.text.split()) <= CHOICE_WORDS:
            return _by_key(script, step, state, str(digit))
        state = heard(state, outcome.understanding)
        intent = outcome.understanding.intent
        if step.understood and intent.topic in script.edition.topics and intent.confidence >= SAID_SURE:
            return chosen(script, state, intent.topic, intent.confidence, intent.why), step.understood
    if state.tries >= step.retries:
        return state, step.otherwise
    return enter_menu(script, step, state.at("", state.tries + 1))


def _by_key(script: Script, step: Menu, state: State, key: str) -> Next:
    topic = step.topics.get(key)
    return (chosen(script, state, topic, 1.0, (f"key {key}",)) if topic else state), step.keys[key]


# --- gather: one fact ----------------------------------------------------------------------------


def enter_gather(script: Script, step: Gather, state: State) -> Turn:
    if step.prompt and not state.deaf and state.phase != "keys":
        return state, Ask((Line(step.prompt),), digits=step.digits)
    return state.at("keys"), Ask((Line(step.keys_prompt),), digits=step.digits, keys_do=True)


def take_gather(script: Script, step: Gather, state: State, outcome: Outcome) -> Next:
    match outcome:
        case Pressed(keys):
            return _keyed(script, step, state, keys.rstrip("#"))
        case Heard(understanding) if step.fact == "place" and understanding.place:
            return heard(state, understanding), step.next
        case Heard(understanding) if step.fact != "place" and understanding.digits:
            return state.with_facts(**{step.fact: understanding.digits}), step.next
        case Heard(understanding) if step.fact == "place":
            state = heard(state, understanding)
        case Heard() | NoWords() | Silence():
            pass
    if state.phase == "keys":
        return state, step.otherwise
    return enter_gather(script, step, state.at("keys"))


def _keyed(script: Script, step: Gather, state: State, keys: str) -> Next:
    if not keys:
        return state, step.otherwise
    if step.fact != "place":
        return state.with_facts(**{step.fact: keys}), step.next
    place = script.place_by_code(keys)
    if place:
        return state.with_facts(place=place.id, place_text=None), step.next
    return state.with_facts(place=None, place_text=keys), step.next  # a person will make sense of it
