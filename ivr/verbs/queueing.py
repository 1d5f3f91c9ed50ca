"""Steps on the way to a person: waiting in the queue, and being rung for ahead."""

from dataclasses import replace

from ivr.actions import (
    AgentAnswered,
    AgentFound,
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
    OfferReady,
    Outcome,
    Pressed,
    Prompt,
    QueueStanding,
    Sentence,
    TicketOpened,
)
from ivr.call_matters import most_urgent, placed, unopened
from ivr.flow import Enqueue, RingAhead
from ivr.phases import Phase
from ivr.script import Next, Script, Turn
from ivr.state import State
from ivr.verbs.matters import open_ticket, opened
from routing.expected_wait import LastTold, Told, worth_telling

NEW = ("wait_about", "wait_longer", "wait_long", "surge")  # editions from before them lack these: the place is told

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
