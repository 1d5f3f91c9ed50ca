"""Steps of being called back: choosing it, being told of one that is owed, and taking the phone."""

from dataclasses import replace
from functools import partial

from config.documents import Site
from ivr.actions import (
    Ask,
    CallbackOwed,
    CallbackStored,
    CancelCallback,
    ConfirmCallback,
    Dialled,
    Done,
    FindCallbackTimes,
    HangUp,
    Heard,
    MoveCallback,
    NumberRefused,
    OfferReady,
    Outcome,
    Pressed,
    QueueStanding,
    Recalled,
    RecallTicket,
    Sentence,
    Silence,
    Speak,
    StandAside,
    StoreCallback,
    TicketOpened,
    TimesFound,
)
from ivr.call_matters import ticket_of
from ivr.callback_times import ask_time, chosen_time, named_time
from ivr.flow import ConfirmPerson, OfferCallback, OwedCallbackStep
from ivr.keypad import BEGIN_MS, DigitMap, digits_of
from ivr.phases import Phase
from ivr.ports import Understanding
from ivr.script import Handed, Next, Script, Turn, ticket_line
from ivr.state import State
from ivr.verbs.matters import on_own, opened
from ivr.verbs.queueing import connect
from routing.numbers import NotCallable, callable_number

WRONG = "2"  # the key of whoever is not meant by a callback
KEY_WORDS = 2  # "number two"
CANCEL = "3"  # the key that takes a callback away: it is said alone
TRIES = 2

# --- offer_callback ------------------------------------------------------------------------------


def enter_offer_callback(script: Script, step: OfferCallback, state: State) -> Turn:
    """Who is choosing could not be put through: no agent waits for them meanwhile."""
    if state.phase == Phase.STORED:
        return _stored(step, state)
    if state.phase in (Phase.BEGIN, Phase.ASIDE):
        return replace(state, waits_at="").at(Phase.ASIDE), StandAside()
    if state.phase == Phase.TIMES:
        return state, FindCallbackTimes()
    return _offer(script, step, state)


def _offer(script: Script, step: OfferCallback, state: State) -> Turn:
    if state.phase == Phase.NUMBER or not _number(state):
        return _ask_number(script, step, state)
    if state.phase == Phase.TIME:
        return state, ask_time(step, state)
    return state.at(Phase.CONFIRM), Ask(_offered(step, state), keys_do=True)


def _offered(step: OfferCallback, state: State) -> tuple[Sentence, ...]:
    """Number and time are read back before they are agreed to."""
    phone, at = {"phone": _number(state)}, state.facts.callback_at
    if at and step.at_prompt:
        return (Sentence(step.at_prompt, {**phone, "when": at}),)
    other = (Sentence(step.other_time_prompt),) if step.other_time_prompt and state.facts.times else ()
    return (Sentence(step.prompt, phone), *other)


def _number(state: State) -> str:
    """The number to call: keyed in, else the caller's own where it can be called and is not withheld."""
    own = state.facts.caller_number if state.facts.callable else None
    return state.facts.callback_number or own or ""


def _ask_number(script: Script, step: OfferCallback, state: State) -> Turn:
    prompt = step.refused_prompt if state.facts.number_refused else step.ask_prompt
    complete = partial(_may_be_called, script.edition.site)
    expected = DigitMap(step.digits, complete=complete, emergency=script.emergency_key)
    return state.at(Phase.NUMBER), Ask((Sentence(prompt),), number=expected, keys_do=True, no_speech_ms=BEGIN_MS)


def _may_be_called(site: Site, digits: str) -> bool:
    try:
        return bool(callable_number(digits, site))
    except NotCallable:
        return False


def take_offer_callback(script: Script, step: OfferCallback, state: State, outcome: Outcome) -> Next:
    match state.phase, outcome:
        case Phase.STORING, _:
            return _storing(script, step, state, outcome)
        case Phase.STORED, _:
            return step.next
        case Phase.ASIDE, _:
            return (state.at(Phase.TIMES), FindCallbackTimes()) if step.when_prompt else _offer(script, step, state)
        case Phase.TIMES, TimesFound():
            return _offer(script, step, _with_times(state, outcome).at(Phase.CONFIRM))
        case Phase.NUMBER, _:
            return _number_given(script, step, state, outcome)
        case Phase.TIME, _:
            return _time_given(script, step, state, outcome)
    return _confirming(script, step, state, outcome)


def _storing(script: Script, step: OfferCallback, state: State, outcome: Outcome) -> Next:
    match outcome:
        case CallbackStored():
            return _stored(step, state)
        case CallbackOwed():  # whose report this caller joined
            return state, ticket_of(state)
        case TicketOpened():
            return _store(on_own(opened(state, outcome)))
        case NumberRefused():
            return _refused(script, step, state)
    return _confirming(script, step, state, outcome)


def _with_times(state: State, found: TimesFound) -> State:
    return state.with_facts(times=found.times, times_from=found.now)


def _store(state: State) -> Turn:
    return state.at(Phase.STORING), StoreCallback(_number(state), state.facts.callback_at)


def _stored(step: OfferCallback, state: State) -> Turn:
    line, at = ticket_line(state, step.stored_prompt), state.facts.callback_at
    if at and step.stored_at_prompt:
        line = Sentence(step.stored_at_prompt, {**line.variables, "when": at})
    return state.at(Phase.STORED), Speak((line,))


def _refused(script: Script, step: OfferCallback, state: State) -> Next:
    state = state.with_facts(callback_number=None, callable=False, number_refused=True)
    return _again(script, step, state, Phase.NUMBER)


def _number_given(script: Script, step: OfferCallback, state: State, outcome: Outcome) -> Next:
    """A number that may not be called is refused before it is read back."""
    keys = digits_of(outcome.keys) if isinstance(outcome, Pressed) else ""
    if isinstance(outcome, Heard) and outcome.understanding.digits:
        keys = outcome.understanding.digits
    if len(keys) < 3:
        return _again(script, step, state, Phase.NUMBER)
    if not _may_be_called(script.edition.site, keys):
        return _refused(script, step, state)
    return _offer(script, step, state.with_facts(callback_number=keys).at(Phase.CONFIRM))


def _time_given(script: Script, step: OfferCallback, state: State, outcome: Outcome) -> Next:
    at = chosen_time(script, state, outcome)
    if at is None:
        return _again(script, step, state, Phase.TIME)
    return _offer(script, step, state.with_facts(callback_at=at or None).at(Phase.CONFIRM))


def _confirming(script: Script, step: OfferCallback, state: State, outcome: Outcome) -> Next:
    answer = outcome.keys if isinstance(outcome, Pressed) else ""
    if isinstance(outcome, Heard):
        if at := named_time(script, state, outcome.understanding):
            return _offer(script, step, state.with_facts(callback_at=at).at(Phase.CONFIRM))
        answer = {"yes": "1", "no": "2", "callback": "1"}.get(outcome.understanding.act or "", "")
    match answer:
        case "1":
            return _store(state)
        case "2":
            return _ask_number(script, step, state)
        case "3":
            return state.with_facts(callback_declined=True), step.otherwise
        case "4" if state.facts.times:
            return _offer(script, step, state.at(Phase.TIME))
    return _again(script, step, state, Phase.CONFIRM)


def _again(script: Script, step: OfferCallback, state: State, phase: Phase) -> Next:
    """Once more; then the caller goes back to waiting, where a message can still be left."""
    if state.tries >= TRIES:
        return state.with_facts(callback_declined=True), step.otherwise
    return _offer(script, step, state.at(phase, state.tries + 1))


# --- owed_callback -------------------------------------------------------------------------------


def enter_owed_callback(script: Script, step: OwedCallbackStep, state: State) -> Next:
    if not state.facts.owed:
        return step.next
    match state.phase:
        case Phase.TIMES:
            return state, FindCallbackTimes()
        case Phase.TIME:
            return state, ask_time(step, state)
        case Phase.STORING:
            return _move(state)
        case Phase.CANCELLING:
            return _cancel(state)
        case Phase.SAID:
            return step.done
    return state.at(Phase.ASK), Ask((_about(state, step.prompt, step.at_prompt),), keys_do=True)


def _about(state: State, at_turn: str, at_time: str) -> Sentence:
    """Of the callback's ticket, and of its time where it has one."""
    ticket, at = {"ticket": state.facts.owed_number or ""}, state.facts.owed_at
    return Sentence(at_time, {**ticket, "when": at}) if at else Sentence(at_turn, ticket)


def take_owed_callback(script: Script, step: OwedCallbackStep, state: State, outcome: Outcome) -> Next:
    match state.phase, outcome:
        case Phase.ASK, _:
            return _what_of_it(script, step, state, outcome)
        case Phase.TIMES, TimesFound():
            state = _with_times(state, outcome).at(Phase.TIME)
            return state, ask_time(step, state)
        case Phase.TIME, _:
            return _moving(script, step, state, outcome)
        case Phase.STORING, Done():
            return _said(state, _about(state, step.turn_prompt, step.moved_prompt))
        case Phase.CANCELLING, Done():
            return _said(state, _about(state, step.cancelled_prompt, step.cancelled_prompt))
        case Phase.SAID, _:
            return step.done
    return step.next  # it is being rung, or over, by now


def _what_of_it(script: Script, step: OwedCallbackStep, state: State, outcome: Outcome) -> Next:
    """Its keys, pressed or said; all else is heard as if it had been said to the next step."""
    key = outcome.keys if isinstance(outcome, Pressed) else ""
    if isinstance(outcome, Heard):
        key = _key_said(script, outcome.understanding)
    match key:
        case "1":
            return _said(state, _about(state, step.kept_prompt, step.kept_prompt))
        case "2":
            return state.at(Phase.TIMES), FindCallbackTimes()
        case _ if key == CANCEL:
            return _cancel(state)
    return (state, Handed(step.next, outcome)) if isinstance(outcome, Heard | Pressed) else step.next


def _key_said(script: Script, said: Understanding) -> str:
    """With a word that names nothing, as in "number two"; "lift two" is a report, and "room three" cancels nothing."""
    words = len(said.text.split())
    named = said.place or said.asset or said.intent.topic in script.edition.topics
    alone = words == 1 or (words <= KEY_WORDS and not named and said.digits != CANCEL)
    return (said.digits or "") if alone else ""


def _moving(script: Script, step: OwedCallbackStep, state: State, outcome: Outcome) -> Next:
    """Who chooses none of the times twice leaves it as it was."""
    at = chosen_time(script, state, outcome)
    if at is not None:
        return _move(state.with_facts(owed_at=at or None))
    if state.tries:
        return _said(state, _about(state, step.kept_prompt, step.kept_prompt))
    return state.at(Phase.TIME, state.tries + 1), ask_time(step, state)


def _move(state: State) -> Turn:
    return state.at(Phase.STORING), MoveCallback(state.facts.owed or "", state.facts.owed_at)


def _cancel(state: State) -> Turn:
    return state.at(Phase.CANCELLING), CancelCallback(state.facts.owed or "")


def _said(state: State, line: Sentence) -> Turn:
    return state.at(Phase.SAID), Speak((line,))


# --- confirm_person ------------------------------------------------------------------------------


def enter_confirm_person(script: Script, step: ConfirmPerson, state: State) -> Turn:
    """Asks for a key, knowing what the ticket says: a correction then changes just what it names."""
    if state.phase in (Phase.CONFIRMED, Phase.CONNECT):
        return state.at(Phase.CONFIRMED), ConfirmCallback()
    if state.phase in (Phase.BEGIN, Phase.RECALL) and state.ticket:
        return state.at(Phase.RECALL), RecallTicket(state.ticket)
    return _ask_for_key(step, state)


def _ask_for_key(step: ConfirmPerson, state: State) -> Turn:
    wrong = (Sentence(step.wrong_prompt),) if step.wrong and step.wrong_prompt else ()
    return state.at(Phase.ASK), Ask((ticket_line(state, step.prompt), *wrong), listen=False, keys_do=True)


def take_confirm_person(script: Script, step: ConfirmPerson, state: State, outcome: Outcome) -> Next:
    match outcome:
        case Recalled(facts):
            return _ask_for_key(step, replace(state, facts=state.facts.updated(facts)))
        case Pressed(keys) if step.wrong and keys == WRONG:
            return state, step.wrong
        case Pressed():
            return state.at(Phase.CONFIRMED), ConfirmCallback()
        case OfferReady(offer, phone):
            return connect(script, state, offer, phone)
        case Dialled(answered):
            return (state, HangUp("talked")) if answered else (state, step.next)
        case QueueStanding() | Done():  # Done: no agent is meant for them
            return step.next
        case Silence() if state.tries < step.retries:
            return _ask_for_key(step, state.at(Phase.ASK, state.tries + 1))
    return step.otherwise
