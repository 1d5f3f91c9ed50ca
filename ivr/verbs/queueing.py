"""Steps on the way to a person: waiting in the queue, being called back."""

from dataclasses import replace
from functools import partial

from config.documents import Site
from ivr.actions import (
    AgentAnswered,
    AgentFound,
    Ask,
    CallbackOwed,
    CallbackStored,
    ConfirmCallback,
    Connect,
    Dialled,
    Done,
    EnterQueue,
    FindAgent,
    HangUp,
    Heard,
    Hold,
    Join,
    LeaveQueue,
    NumberRefused,
    OfferReady,
    Outcome,
    Pressed,
    Prompt,
    QueueStanding,
    Recalled,
    RecallTicket,
    Sentence,
    Silence,
    Speak,
    StandAside,
    StoreCallback,
    TicketOpened,
)
from ivr.call_matters import most_urgent, placed, ticket_of, unopened
from ivr.flow import ConfirmPerson, Enqueue, OfferCallback, RingAhead
from ivr.keypad import BEGIN_MS, DigitMap, digits_of
from ivr.phases import Phase
from ivr.script import Next, Script, Turn, ticket_line
from ivr.state import State
from ivr.verbs.matters import on_own, open_ticket, opened
from routing.expected_wait import LastTold, Told, worth_telling
from routing.numbers import NotCallable, callable_number

NEW = ("wait_about", "wait_longer", "wait_long", "surge")  # editions from before them lack these: the place is told
WRONG = "2"  # the key of whoever is not meant by a callback

# --- enqueue -------------------------------------------------------------------------------------


def enter_enqueue(script: Script, step: Enqueue, state: State) -> Turn:
    """Nobody waits without a ticket of each matter: a lost line must leave something behind."""
    if (waiting := unopened(script, state)) is not None:
        return open_ticket(waiting)
    state = replace(most_urgent(script, state), waits_at=state.step)
    return state.at(Phase.QUEUE), EnterQueue(_crew(script, step, state))


def _crew(script: Script, step: Enqueue, state: State) -> str:
    topic = script.topic(state)
    if step.crew:
        return step.crew
    return topic.crew if topic else script.edition.site.default_crew


def take_enqueue(script: Script, step: Enqueue, state: State, outcome: Outcome) -> Next:
    match outcome:
        case TicketOpened():
            return enter_enqueue(script, step, opened(state, outcome))
        case AgentAnswered(offer, channel):
            return _left(state, offer), Join(offer, channel)
        case OfferReady(offer, phone):
            return connect(script, state, offer, phone)
        case Dialled(answered):
            return (state, HangUp("talked")) if answered else enter_enqueue(script, step, state.at(Phase.QUEUE))
        case QueueStanding():
            return _wait(script, step, state, outcome)
        case Done():
            return step.overflow
    return _said_while_waiting(script, step, state, outcome)


def _said_while_waiting(script: Script, step: Enqueue, state: State, outcome: Outcome) -> Next:
    wish = isinstance(outcome, Heard) and outcome.understanding.act == "callback"
    if step.callback and (wish or outcome == Pressed("1")):
        return state, step.callback
    if state.phase == Phase.HOLD:  # talk in the room is no reason to interrupt the music
        return state, Hold((), script.edition.site.waiting.position_every_s)
    return enter_enqueue(script, step, state)


def connect(script: Script, state: State, offer: str, phone: str) -> Turn:
    return _left(state, offer), Connect(offer, phone, script.edition.site.waiting.ring_s)


def _left(state: State, offer: str) -> State:
    """For the agent of that offer."""
    return replace(state, waits_at="").at(Phase.CONNECT).with_facts(offer=offer)


def _wait(script: Script, step: Enqueue, state: State, waiting: QueueStanding) -> Next:
    rules = script.edition.site.waiting
    declined = state.facts.callback_declined
    if waiting.waited_s >= rules.limit_s:
        return replace(state, waits_at="").at(Phase.OVERFLOW), LeaveQueue("waited too long")
    if not waiting.staffed and step.callback and not declined:
        return state, step.callback
    first = state.tries == 0
    seconds = rules.offer_callback_after_s if first else rules.position_every_s
    told = _worth_telling(state, waiting)
    busy = waiting.position > rules.surge_ahead and not state.surge_told
    possible = step.callback and not declined and (busy or not first)
    prompt = (
        *((Sentence(step.prompt),) if first else ()),
        *_place_and_wait(step, waiting, told),
        *((Sentence("surge"),) if busy else ()),
        *((Sentence("callback_possible"),) if possible else ()),
    )
    prompt = tuple(line for line in prompt if line.key not in NEW or script.has_prompt(line.key, state.language))
    return _having_told(state, waiting, told, busy).at(Phase.HOLD, state.tries + 1), Hold(prompt, seconds)


def _worth_telling(state: State, waiting: QueueStanding) -> Told | None:
    last = None if state.told_at_s is None else LastTold(state.told_minutes, state.told_at_s)
    return worth_telling(waiting.wait_s, waiting.waited_s, last)


def _having_told(state: State, waiting: QueueStanding, told: Told | None, busy: bool) -> State:
    if told:
        state = replace(state, told_minutes=told.minutes, told_at_s=waiting.waited_s)
    return replace(state, surge_told=state.surge_told or busy)


def _place_and_wait(step: Enqueue, waiting: QueueStanding, told: Told | None) -> Prompt:
    position = Sentence(step.position_prompt, {"position": str(waiting.position)})
    if told is None:
        return (position,)
    if told.minutes is None:
        return (position, Sentence("wait_long"))
    return (position, Sentence("wait_longer" if told.longer else "wait_about", {"wait": str(told.minutes)}))


# --- ring_ahead ----------------------------------------------------------------------------------


def enter_ring_ahead(script: Script, step: RingAhead, state: State) -> Next:
    """Nothing is written of what was keyed before it could be heard: it is said back first."""
    if state.facts.blind:
        return step.next
    state = placed(script, state)
    return state.at(Phase.FIND), FindAgent(_crew_at(script, step, state))


def take_ring_ahead(script: Script, step: RingAhead, state: State, outcome: Outcome) -> Next:
    match outcome:
        case AgentFound(free=True):
            return _place_ahead(script, step, state)
        case TicketOpened():
            return _place_ahead(script, step, opened(state, outcome))
        case QueueStanding():
            return replace(state, waits_at=step.queue), step.next
    return state, step.next


def _place_ahead(script: Script, step: RingAhead, state: State) -> Turn:
    if (waiting := unopened(script, state)) is not None:
        return open_ticket(waiting)
    state = most_urgent(script, state)
    return state.at(Phase.QUEUE), EnterQueue(_crew_at(script, step, state))


def _crew_at(script: Script, step: RingAhead, state: State) -> str:
    queue = script.flow.steps[step.queue]
    return _crew(script, queue, most_urgent(script, state)) if isinstance(queue, Enqueue) else ""


# --- offer_callback ------------------------------------------------------------------------------


def enter_offer_callback(script: Script, step: OfferCallback, state: State) -> Turn:
    """Who is choosing could not be put through: no agent waits for them meanwhile."""
    if state.phase == Phase.STORED:
        return _stored(step, state)
    if state.phase in (Phase.BEGIN, Phase.ASIDE):
        return replace(state, waits_at="").at(Phase.ASIDE), StandAside()
    return _offer(script, step, state)


def _offer(script: Script, step: OfferCallback, state: State) -> Turn:
    if state.phase == Phase.NUMBER or not _number(state):
        return _ask_number(script, step, state)
    return state.at(Phase.CONFIRM), Ask((Sentence(step.prompt, {"phone": _number(state)}),), keys_do=True)


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
        case Phase.STORING, CallbackStored():
            return _stored(step, state)
        case Phase.STORING, CallbackOwed():  # whose report this caller joined
            return state, ticket_of(state)
        case Phase.STORING, TicketOpened():
            return on_own(opened(state, outcome)), StoreCallback(_number(state))
        case Phase.STORING, NumberRefused():
            state = state.with_facts(callback_number=None, callable=False, number_refused=True)
            return _again(script, step, state, Phase.NUMBER)
        case Phase.STORED, _:
            return step.next
        case Phase.ASIDE, _:
            return _offer(script, step, state)
        case Phase.NUMBER, _:
            return _number_given(script, step, state, outcome)
    return _confirming(script, step, state, outcome)


def _stored(step: OfferCallback, state: State) -> Turn:
    return state.at(Phase.STORED), Speak((ticket_line(state, step.stored_prompt),))


def _number_given(script: Script, step: OfferCallback, state: State, outcome: Outcome) -> Next:
    keys = digits_of(outcome.keys) if isinstance(outcome, Pressed) else ""
    if isinstance(outcome, Heard) and outcome.understanding.digits:
        keys = outcome.understanding.digits
    if len(keys) < 3:
        return _again(script, step, state, Phase.NUMBER)
    return _offer(script, step, state.with_facts(callback_number=keys).at(Phase.CONFIRM))


def _confirming(script: Script, step: OfferCallback, state: State, outcome: Outcome) -> Next:
    answer = outcome.keys if isinstance(outcome, Pressed) else ""
    if isinstance(outcome, Heard):
        answer = {"yes": "1", "no": "2", "callback": "1"}.get(outcome.understanding.act or "", "")
    if answer == "1":
        return state.at(Phase.STORING), StoreCallback(_number(state))
    if answer == "2":
        return _ask_number(script, step, state)
    if answer == "3":
        return state.with_facts(callback_declined=True), step.otherwise
    return _again(script, step, state, Phase.CONFIRM)


def _again(script: Script, step: OfferCallback, state: State, phase: Phase) -> Next:
    """Once more; then the caller goes back to waiting, where a message can still be left."""
    if state.tries >= 2:
        return state.with_facts(callback_declined=True), step.otherwise
    state = state.at(phase, state.tries + 1)
    if phase is Phase.NUMBER:
        return _ask_number(script, step, state)
    return state, Ask((Sentence(step.prompt, {"phone": _number(state)}),), keys_do=True)


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
