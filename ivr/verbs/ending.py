"""Steps at the end of a call: transfer, voicemail, hangup."""

from ivr.actions import (
    Barge,
    Dialled,
    HangUp,
    Heard,
    MessageTaken,
    Outcome,
    Pressed,
    Sentence,
    Speak,
    Spoken,
    TakeMessage,
    TicketOpened,
    Transfer,
)
from ivr.call_matters import unopened
from ivr.flow import Hangup, TransferStep, Voicemail
from ivr.phases import Phase, Where
from ivr.script import Next, Script, Turn, ticket_line
from ivr.state import State
from ivr.verbs.matters import open_ticket, opened


def enter_transfer(script: Script, step: TransferStep, state: State) -> Turn:
    return state.at(Phase.SAY), Speak((Sentence(step.prompt),))


def take_transfer(script: Script, step: TransferStep, state: State, outcome: Outcome) -> Next:
    match outcome:
        case Spoken() | Heard() | Pressed():
            return state.at(Phase.DIAL), Transfer(step.number, step.ring_s)
        case Dialled(True):
            return state, HangUp("talked")
    return step.otherwise


def enter_voicemail(script: Script, step: Voicemail, state: State) -> Turn:
    if (waiting := unopened(script, state)) is not None:
        return open_ticket(waiting)
    said: dict[Where, str] = {
        Phase.THANKS: step.thanks_prompt,
        Phase.NOTHING: step.none_prompt,
        Phase.LOST: step.lost_prompt,
    }
    if state.phase in said:
        return state, Speak((ticket_line(state, said[state.phase]),))
    return state.at(Phase.SAY), Speak((Sentence(step.retry_prompt if state.tries else step.prompt),), Barge.KEYS)


def take_voicemail(script: Script, step: Voicemail, state: State, outcome: Outcome) -> Next:
    match outcome:
        case TicketOpened():
            return enter_voicemail(script, step, opened(state, outcome).at(Phase.BEGIN))
        case MessageTaken():
            return enter_voicemail(script, step, _after_message(state, outcome))
        case _ if state.phase == Phase.LOST:
            return script.flow.person
        case _ if state.phase == Phase.SAY:  # who cuts in with words or a key is ready to speak
            return state.at(Phase.RECORD), TakeMessage(step.limit_s)
    return step.next


def _after_message(state: State, message: MessageTaken) -> State:
    """Thanks only for what was kept; whose message was lost is led to a person; who said next to nothing is asked once
    more.
    """
    if message.kept or message.lost:
        return state.at(Phase.THANKS if message.kept else Phase.LOST)
    return state.at(Phase.BEGIN, 1) if state.tries == 0 else state.at(Phase.NOTHING)


def enter_hangup(script: Script, step: Hangup, state: State) -> Turn:
    if step.prompt is None:
        return state, HangUp(step.ending)
    return state, Speak((Sentence(step.prompt),), Barge.KEYS)


def take_hangup(script: Script, step: Hangup, state: State, outcome: Outcome) -> Turn:
    return state, HangUp(step.ending)
