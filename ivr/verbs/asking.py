"""Steps that ask the caller: listen, confirm, menu. All work by keys alone."""

from ivr.actions import Ask, Heard, Outcome, Pressed, Sentence, Silence
from ivr.call_matters import also, corrected, is_unclear, placed, unguessed, with_others
from ivr.flow import Confirm, Listen, Menu
from ivr.phases import Phase
from ivr.ports import Understanding
from ivr.script import Next, Script, Turn, about, chosen, heard, tells_a_story
from ivr.state import State
from ivr.verbs.matters import amend_to

SAID_SURE = 0.7  # a topic said where keys were asked for
CONFIRM_SURE = 0.5  # a topic that corrects what was said back
CHOICE_WORDS = 4  # "number four please"; in more words a number may be a ward's
LIKELIER = 0.15  # share of a topic that was one of two, in an answer that is not plain
CORRECTIONS = 3  # as often may what was said back be changed in one step


# --- listen: the caller's own words --------------------------------------------------------------


def enter_listen(script: Script, step: Listen, state: State) -> Next:
    if state.deaf:
        return script.flow.keys
    if state.phase == Phase.CONFIRM:
        return state, Ask((about(state, step.confirm_prompt),), keys_do=True)
    if state.phase == Phase.EITHER:
        topic, other = state.facts.either
        return state, Ask((Sentence("either", {"topic": topic, "other": other}),), keys_do=True)
    prompt = step.retry_prompt if state.tries else step.prompt
    return state, Ask((Sentence(prompt),), ahead=True)


def take_listen(script: Script, step: Listen, state: State, outcome: Outcome) -> Next:
    if state.phase == Phase.CONFIRM:
        if outcome == Pressed("1") or (isinstance(outcome, Heard) and outcome.understanding.act == "yes"):
            return state, step.next
        state = unguessed(state)
    if state.phase == Phase.EITHER and (topic := _one_of(state.facts.either, outcome)):
        return chosen(state, *topic), step.next
    if isinstance(outcome, Pressed):
        return _key_in_listen(script, step, state, outcome)
    if step.silence and _wants_nothing(state, outcome):
        return state, step.silence
    if not isinstance(outcome, Heard):
        return _unclear(script, step, state)
    understanding = outcome.understanding
    if understanding.act == "status" and step.status and not _tells(script, step, understanding):
        return state, step.status
    return _weigh(script, step, heard(state, understanding), understanding)


def _one_of(either: tuple[str, ...], outcome: Outcome) -> tuple[str, float, tuple[str, ...]] | None:
    """Which of two topics is meant, how surely, and why: by its key, its number, or in other words."""
    said = outcome.understanding if isinstance(outcome, Heard) else None
    key = outcome.keys if isinstance(outcome, Pressed) else said.digits if said else None
    if key in ("1", "2"):
        return either[int(key) - 1], 1.0, (f"key {key}",)
    if said is None or said.act == "no":
        return None
    shares = dict([*said.intent.alternatives, (said.intent.topic, said.intent.confidence)])
    (topic, share), (_, rest) = sorted(((each, shares.get(each, 0.0)) for each in either), key=lambda pair: -pair[1])
    return (topic, share, said.intent.why) if share >= LIKELIER and share >= 2 * rest else None


def _tells(script: Script, step: Listen, understanding: Understanding) -> bool:
    """A long story is a report, although "I called yesterday" is in it; an open one at that place is found anyway."""
    sure = understanding.intent.topic in script.edition.topics and understanding.intent.confidence >= step.sure
    return sure and tells_a_story(understanding)


def _wants_nothing(state: State, outcome: Outcome) -> bool:
    """Silence to the first question, or a plain no; who was misunderstood and then falls silent wanted something."""
    if state.phase in (Phase.CONFIRM, Phase.EITHER):
        return False
    if isinstance(outcome, Heard):
        return outcome.understanding.act == "no" and not outcome.understanding.correction
    return isinstance(outcome, Silence) and state.tries == 0


def _weigh(script: Script, step: Listen, state: State, understanding: Understanding) -> Next:
    intent = understanding.intent
    if intent.topic not in script.edition.topics or intent.confidence < step.unsure:
        if understanding.either and state.phase != Phase.EITHER and script.has_prompt("either", state.language):
            asked = unguessed(state).with_facts(either=understanding.either)
            return enter_listen(script, step, asked.at(Phase.EITHER))
        return _unclear(script, step, unguessed(state), spoken=True)
    state = with_others(chosen(state, intent.topic, intent.confidence, intent.why), understanding)
    if intent.confidence >= step.sure:
        return state, step.next
    return enter_listen(script, step, state.at(Phase.CONFIRM))


def _key_in_listen(script: Script, step: Listen, state: State, pressed: Pressed) -> Next:
    if state.phase in (Phase.CONFIRM, Phase.EITHER):
        return _unclear(script, step, state)
    menu = script.flow.steps[script.flow.keys]
    if isinstance(menu, Menu) and pressed.keys in menu.keys:  # who knows the menu need not wait for it
        return _by_key(menu, state, pressed)
    return script.flow.keys


def _unclear(script: Script, step: Listen, state: State, spoken: bool = False) -> Next:
    """Asked once more; then a person for whoever can speak, and keys for whoever cannot be heard."""
    if state.tries >= step.retries:
        return state, script.flow.person if spoken else step.otherwise
    return enter_listen(script, step, state.at(Phase.BEGIN, state.tries + 1))


# --- confirm: said back as a statement -----------------------------------------------------------


def enter_confirm(script: Script, step: Confirm, state: State) -> Turn:
    if state.phase == Phase.CORRECT:
        return state, Ask((Sentence("what_is_different"),), keys_do=True)
    if state.phase == Phase.WHICH:
        return state, Ask((Sentence("which_is_different"),), keys_do=True)
    state = placed(script, state).with_facts(blind=False)  # whatever was keyed ahead is heard now
    return state, Ask((about(state, step.prompt), *also(state)), no_speech_ms=step.pause_ms, keys_do=True)


def take_confirm(script: Script, step: Confirm, state: State, outcome: Outcome) -> Next:
    if state.tries >= CORRECTIONS:
        return step.next
    if isinstance(outcome, Pressed) and outcome.keys == "2":
        return enter_confirm(script, step, state.at(Phase.CORRECT, state.tries + 1))
    if not isinstance(outcome, Heard) or outcome.understanding.act == "yes":
        return step.next
    return _objection(script, step, state, outcome.understanding)


def _objection(script: Script, step: Confirm, state: State, said: Understanding) -> Next:
    """What is different, and in which of the matters."""
    changed = corrected(script, state, said, CONFIRM_SURE, guess=state.phase == Phase.WHICH)
    if changed is not None and changed.ticket:
        return amend_to(state, changed.at(Phase.BEGIN, state.tries), Phase.BEGIN)
    if changed is not None:
        return enter_confirm(script, step, changed.at(Phase.BEGIN, state.tries + 1))
    if is_unclear(state, said, CONFIRM_SURE):
        return enter_confirm(script, step, state.at(Phase.WHICH, state.tries + 1))
    if said.act == "no" or said.correction:
        return enter_confirm(script, step, state.at(Phase.CORRECT, state.tries + 1))
    return step.next


# --- menu ----------------------------------------------------------------------------------------


def enter_menu(script: Script, step: Menu, state: State) -> Turn:
    return state, Ask((Sentence(step.prompt),), keys_do=True, ahead=True)


def take_menu(script: Script, step: Menu, state: State, outcome: Outcome) -> Next:
    if isinstance(outcome, Pressed) and outcome.keys in step.keys:
        return _by_key(step, state, outcome)
    if isinstance(outcome, Heard):
        digit = outcome.understanding.digits
        if digit in step.keys and len(outcome.understanding.text.split()) <= CHOICE_WORDS:
            return _by_key(step, state, Pressed(str(digit)))
        state = heard(state, outcome.understanding)
        intent = outcome.understanding.intent
        if step.understood and intent.topic in script.edition.topics and intent.confidence >= SAID_SURE:
            state = chosen(state, intent.topic, intent.confidence, intent.why)
            return with_others(state, outcome.understanding), step.understood
    if state.tries >= step.retries:
        return state, step.otherwise
    return enter_menu(script, step, state.at(Phase.BEGIN, state.tries + 1))


def _by_key(step: Menu, state: State, pressed: Pressed) -> Next:
    key, state = pressed.keys, state.with_facts(blind=pressed.blind)
    topic = step.topics.get(key)
    return (chosen(state, topic, 1.0, (f"key {key}",)) if topic else state), step.keys[key]
