"""`advance`: the one pure function that moves a call through its flow.

The invariants stand before every step and cannot be configured away: an emergency goes first, a person
can be reached at any moment, `*` repeats, deafness leads to keys, and no call runs for ever.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from ivr import outcome_json
from ivr.actions import (
    AgentAnswered,
    Ask,
    Barge,
    Deaf,
    Dialled,
    Done,
    HangUp,
    Heard,
    Hold,
    OfferReady,
    Outcome,
    Pressed,
    Resumed,
    Sentence,
    Speak,
    StandAside,
    Started,
    Summon,
    TakeMessage,
    TicketOpened,
)
from ivr.call_matters import corrected
from ivr.drafting import KEY
from ivr.flow import Confirm, Enqueue, Menu
from ivr.keypad import HASH, PERSON, REPEAT
from ivr.phases import Correcting, DangerAsked, Interrupted, Phase
from ivr.ports import Understanding
from ivr.script import (
    EMERGENCY_STEP,
    Handed,
    Next,
    Script,
    Turn,
    about,
    chosen,
    heard,
    tells_a_story,
    with_report,
    with_words,
)
from ivr.state import State
from ivr.verbs import asking, callbacks, ending, gathering, language, matters, queueing, simple

CORRECTION_SURE = 0.5
KEY_WORDS = 2  # "press nine"
DANGER_MS = 5_000  # so long a silence is a yes
UNASKED = (Phase.HOLD, Phase.RECORD)  # a question there would be put to whoever talks near the phone
PREFIXES = ("resumed", "taking_over")  # sentences before a prompt that are no part of it


@dataclass(frozen=True)
class Verb:
    """How a kind of step begins (also after an accident) and what it makes of an outcome."""

    enter: Callable[[Any, Any, State], Next]
    take: Callable[[Any, Any, State, Outcome], Next]
    any_key: bool = False  # any key but the emergency's is an answer here


VERBS: dict[str, Verb] = {
    "say": Verb(simple.enter_say, simple.take_say),
    "branch": Verb(simple.enter_branch, simple.take_branch),
    "set_language": Verb(language.enter_set_language, language.take_set_language),
    "menu": Verb(asking.enter_menu, asking.take_menu),
    "gather": Verb(gathering.enter_gather, gathering.take_gather),
    "listen": Verb(asking.enter_listen, asking.take_listen),
    "confirm": Verb(asking.enter_confirm, asking.take_confirm),
    "open_ticket": Verb(matters.enter_open_ticket, matters.take_open_ticket),
    "tell_status": Verb(matters.enter_tell_status, matters.take_tell_status),
    "enqueue": Verb(queueing.enter_enqueue, queueing.take_enqueue),
    "ring_ahead": Verb(queueing.enter_ring_ahead, queueing.take_ring_ahead),
    "offer_callback": Verb(callbacks.enter_offer_callback, callbacks.take_offer_callback),
    "owed_callback": Verb(callbacks.enter_owed_callback, callbacks.take_owed_callback),
    "confirm_person": Verb(callbacks.enter_confirm_person, callbacks.take_confirm_person, any_key=True),
    "transfer": Verb(ending.enter_transfer, ending.take_transfer),
    "voicemail": Verb(ending.enter_voicemail, ending.take_voicemail),
    "hangup": Verb(ending.enter_hangup, ending.take_hangup),
}


def advance(script: Script, state: State, outcome: Outcome) -> Turn:
    """What the call does next, given what came of the last action."""
    state, outcome = _continued(state, outcome), _spoken_key(script, state, outcome)
    if isinstance(outcome, Heard) and outcome.at_limit:
        state = replace(state, stopped=True)
    if isinstance(outcome, AgentAnswered | OfferReady) and state.waits_at:
        state = replace(state, step=state.waits_at, phase=Phase.HOLD)  # whatever was being said
    if isinstance(outcome, Started) or not state.step:
        turn = goto(script, state, script.flow.start)
    elif state.step == EMERGENCY_STEP:
        turn = _in_emergency(state, outcome)
    else:
        turn = _danger(script, state, outcome) or _going_on(script, state, outcome)
    return _remember(*_taking_over(*turn))


def _going_on(script: Script, state: State, outcome: Outcome) -> Turn:
    return _invariants(script, state, outcome) or _correction(script, state, outcome) or _take(script, state, outcome)


def _taking_over(state: State, action: Any) -> Turn:
    """Whoever would speak on is told that it is the line's turn, and what it has understood."""
    if not state.stopped or not isinstance(action, Speak | Ask | Hold | TakeMessage):
        return state, action
    if isinstance(action, Speak | Ask):
        action = replace(action, prompt=(Sentence("taking_over"), *action.prompt), barge=Barge.KEYS)
    return replace(state, stopped=False), action


def goto(script: Script, state: State, step: str) -> Turn:
    """Enter a step afresh; a call that has made too many goes to a person, then ends."""
    if state.steps >= 2 * script.flow.max_steps:
        return state, HangUp("dialogue_limit")
    if state.steps == script.flow.max_steps:
        step = script.flow.person
    state = replace(state, step=step, phase=Phase.BEGIN, tries=0, steps=state.steps + 1)
    return _enter(script, state)


def _enter(script: Script, state: State) -> Turn:
    step = script.step(state)
    return _follow(script, state, VERBS[step.verb].enter(script, step, state))


def _take(script: Script, state: State, outcome: Outcome) -> Turn:
    if isinstance(outcome, Resumed):
        return _resumed(*_enter(script, state))
    step = script.step(state)
    return _follow(script, state, VERBS[step.verb].take(script, step, state, outcome))


def _follow(script: Script, state: State, result: Next) -> Turn:
    if isinstance(result, str):
        return goto(script, state, result)
    state, what = result
    if isinstance(what, Handed):
        asked, _ = goto(script, state, what.step)
        return _take(script, asked, what.outcome)
    return goto(script, state, what) if isinstance(what, str) else (state, what)


def _continued(state: State, outcome: Outcome) -> State:
    """A slow hand goes on with the number it keyed last: back to where that was asked for."""
    if isinstance(outcome, Pressed) and outcome.continues and state.number_step:
        return replace(state, step=state.number_step, phase=state.number_phase, tries=0)
    return state


def _spoken_key(script: Script, state: State, outcome: Outcome) -> Outcome:
    """At a menu, a number said alone is its key; also those that are no choice of the menu."""
    if not isinstance(outcome, Heard) or state.step not in script.flow.steps:
        return outcome
    said = outcome.understanding
    alone = said.digits is not None and len(said.digits) == 1 and len(said.text.split()) <= KEY_WORDS
    if alone and said.emergency is None and isinstance(script.step(state), Menu):
        return Pressed(str(said.digits))
    return outcome


def _invariants(script: Script, state: State, outcome: Outcome) -> Turn | None:
    match outcome:
        case Heard(understanding) if understanding.emergency:
            words = " ".join(understanding.emergency.words)
            return _emergency(with_report(script, state, understanding).with_facts(emergency=words))
        case Heard(understanding) if understanding.act == "person":
            return to_person(script, state if state.ticket else _reported(script, state, understanding))
        case Heard(understanding) if understanding.act == "repeat" and not tells_a_story(understanding):
            return _repeat(script, state)
        case Pressed(keys):
            return _pressed(script, state, set(keys))
        case Deaf():
            return _deafened(script, replace(state, deaf=True))
    return None


# --- perhaps an emergency ------------------------------------------------------------------------


def _danger(script: Script, state: State, outcome: Outcome) -> Turn | None:
    """Whether somebody is in danger is asked where words alone do not tell; where nobody can be asked they do."""
    if isinstance(state.phase, DangerAsked):
        return _danger_answered(script, state.at(state.phase.phase), state.phase, outcome)
    if not isinstance(outcome, Heard) or outcome.understanding.emergency or not outcome.understanding.danger:
        return None
    if state.phase in UNASKED or not script.has_prompt("danger", state.language):
        doubted = outcome.understanding
        return _endangered(script, state, doubted) if _by_rule(doubted) else None
    return _ask_danger(state, DangerAsked(state.phase, json.dumps(outcome_json.to_json(outcome))))


def _ask_danger(state: State, where: DangerAsked) -> Turn:
    return state.at(where), Ask((Sentence("danger"),), keys_do=True, no_speech_ms=DANGER_MS)


def _danger_answered(script: Script, before: State, where: DangerAsked, outcome: Outcome) -> Turn:
    """A no, the key for it, and words about another matter go on with what was said; all else is a yes.

    What the rule heard is taken back by nothing less than a no.
    """
    asked = cast("Heard", outcome_json.from_json(json.loads(where.heard)))
    match outcome:
        case Resumed():
            return _resumed(*_ask_danger(before, where))
        case Pressed(keys) if set(keys) == {REPEAT}:
            return _ask_danger(before, where)
        case Pressed(keys) if set(keys) == {PERSON}:
            return to_person(script, _reported(script, before, asked.understanding))
        case Heard(said) if said.emergency or said.danger or said.perhaps_danger or said.act == "yes":
            return _endangered(script, heard(before, said), asked.understanding)
        case Heard(said) if _is_another_matter(script, said, asked.understanding):
            return _going_on(script, with_words(before, asked.understanding.text), outcome)
        case Pressed("2") if script.emergency_key != "2":
            return _going_on(script, before, _harmless(asked))
        case Heard(said) if said.act == "no":
            return _going_on(script, before, _harmless(asked))
    return _endangered(script, before, asked.understanding)


def _is_another_matter(script: Script, said: Understanding, asked: Understanding) -> bool:
    named = said.intent.topic in script.edition.topics or said.act == "person"
    return named and (said.act == "no" or not _by_rule(asked))


def _by_rule(understanding: Understanding) -> bool:
    return understanding.danger is not None and understanding.danger.by_rule


def _harmless(outcome: Heard) -> Heard:
    return replace(outcome, understanding=replace(outcome.understanding, danger=None))


def _endangered(script: Script, state: State, understanding: Understanding) -> Turn:
    words = " ".join(understanding.danger.words) if understanding.danger else ""
    return _emergency(with_report(script, state, understanding).with_facts(emergency=words or understanding.text))


# --- what is obeyed at any moment ----------------------------------------------------------------


def _pressed(script: Script, state: State, keys: set[str]) -> Turn | None:
    """In panic a key is pressed again and again: it means the same."""
    if keys == {script.edition.site.emergency.key}:
        return _emergency(state.with_facts(emergency=KEY))
    if VERBS[script.step(state).verb].any_key:
        return None
    if keys - {HASH} == {PERSON}:  # no number is nothing but zeros
        return to_person(script, state)
    return _repeat(script, state) if keys == {REPEAT} else None


def _reported(script: Script, state: State, understanding: Understanding) -> State:
    """What the same words said about the matter: the person need not ask for it."""
    intent, state = understanding.intent, heard(state, understanding)
    sure = intent.topic in script.edition.topics and intent.confidence >= asking.SAID_SURE
    return chosen(state, intent.topic, intent.confidence, intent.why) if sure else state


def to_person(script: Script, state: State) -> Turn:
    """The way to a person; whoever waits for one already keeps waiting."""
    if isinstance(script.step(state), Enqueue):
        return _enter(script, state)
    return goto(script, state.with_facts(wants="person"), script.flow.person)


def _emergency(state: State) -> Turn:
    """Out of our hands at once: the dialplan gives the instruction and rings, whatever becomes of us."""
    return replace(state, step=EMERGENCY_STEP, phase=Phase.SUMMON, waits_at=""), Summon(state.facts)


def _in_emergency(state: State, outcome: Outcome) -> Turn:
    answered = isinstance(outcome, Dialled) and outcome.answered
    return state, HangUp("emergency_answered") if answered else Summon(state.facts)


def _repeat(script: Script, state: State) -> Turn:
    if not state.said:
        return _enter(script, state)
    entered, action = _enter(script, state)
    if isinstance(action, Speak | Ask | Hold):
        action = replace(action, prompt=tuple(Sentence(key, dict(pairs)) for key, pairs in state.said))
    return entered, action


def _deafened(script: Script, state: State) -> Turn:
    """Keys within one prompt: the same step by keys where it can, else the flow's key menu."""
    if script.step(state).verb == "listen":
        return goto(script, state, script.flow.keys)
    return _enter(script, state)


def _correction(script: Script, state: State, outcome: Outcome) -> Turn | None:
    """A correction after the ticket is open changes just what it names, at any step."""
    phase = state.phase
    if isinstance(phase, Interrupted):
        going_on = _amending if phase.by is Correcting.AMENDING else _asked_back
        return going_on(script, state, phase, outcome)
    if not isinstance(outcome, Heard) or not isinstance(phase, Phase) or not state.ticket:
        return None
    if not outcome.understanding.correction:
        return None
    changed = corrected(script, state, outcome.understanding, CORRECTION_SURE, guess=True)
    if changed is None:
        return None
    if phase is Phase.HOLD:  # nobody was asked, and somebody else may have said it
        before = replace(matters.about_ticket(state, changed.ticket), waits_at="")
        return before.at(Interrupted(phase, Correcting.ASIDE, proposed=changed.facts)), StandAside()
    return matters.amend_to(state, changed, phase)


def _asked_back(script: Script, state: State, where: Interrupted, outcome: Outcome) -> Turn:
    """What was overheard changes nothing until its caller says so."""
    proposed = replace(state, facts=where.proposed or state.facts)
    if where.by is Correcting.ASIDE or isinstance(outcome, Resumed):
        question = Ask((about(proposed, "did_you_mean"),), keys_do=True)
        asked = state.at(replace(where, by=Correcting.ASKED))
        return _resumed(asked, question) if isinstance(outcome, Resumed) else (asked, question)
    if outcome == Pressed("1") or (isinstance(outcome, Heard) and outcome.understanding.act == "yes"):
        return matters.amend_to(state, proposed, where.phase)
    said = None
    if isinstance(outcome, Heard):
        said = corrected(script, state, outcome.understanding, CORRECTION_SURE, guess=True)
    return matters.amend_to(state, said, where.phase) if said else _enter(script, state.at(where.phase))


def _amending(script: Script, state: State, where: Interrupted, outcome: Outcome) -> Turn:
    match outcome:
        case Resumed():
            return matters.amend(state, where)
        case TicketOpened():
            state = matters.on_own(matters.opened(state, outcome))
            return state, Speak((about(state, "understood"), *matters.promised(state, "own_ticket")), Barge.KEYS)
        case Done() if isinstance(script.step(state), Confirm):  # which says it back itself
            return _enter(script, state.at(Phase.BEGIN, state.tries + 1))
        case Done():
            return state, Speak((about(state, "understood"),), Barge.KEYS)
    state = state.at(where.phase)
    return _correction(script, state, outcome) or _enter(script, state)


def _resumed(state: State, action: Any) -> Turn:
    if isinstance(action, Speak | Ask | Hold):
        action = replace(action, prompt=(Sentence("resumed"), *action.prompt))
    return state, action


def _remember(state: State, action: Any) -> Turn:
    """Note what is said, for `*`, and where a number was asked for; who cannot be understood is not listened to."""
    if isinstance(action, Ask) and action.number:
        state = replace(state, number_step=state.step, number_phase=state.phase)
    if state.deaf and isinstance(action, Ask):
        action = replace(action, listen=False)
    if isinstance(action, Speak | Ask | Hold) and action.prompt:
        state = state.saying(tuple(line for line in action.prompt if line.key not in PREFIXES))
    return state, action
