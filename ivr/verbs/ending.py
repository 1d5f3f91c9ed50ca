"""Steps at the end of a call: transfer, voicemail, hangup."""

from ivr.actions import (
    Barge,
    Dialled,
    HangUp,
    Heard,
    Line,
    MessageTaken,
    Outcome,
    Pressed,
    Speak,
    Spoken,
    TakeMessage,
    TicketOpened,
    Transfer,
)
from ivr.call_matters import unopened
from ivr.flow import Hangup, TransferStep, Voicemail
from ivr.script import Next, Script, Turn, ticket_line
from ivr.state import State
from ivr.verbs.matters import open_ticket, opened


def enter_transfer(script: Script, step: TransferStep, state: State) -> Turn:
    return state.at("say"), Speak((Line(step.prompt),))


def take_transfer(script: Script, step: TransferStep, state: State, outcome: Outcome) -> Next:
    match outcome:
        case Spoken() | Heard() | Pressed():
            return state.at("dial"), Transfer(step.number, step.ring_s)
        case Dialled(True):
            return state, HangUp("talked")
    return step.otherwise


def enter_voicemail(script: Script, step: Voicemail, state: State) -> Turn:
    if (waiting := unopened(script, state)) is not None:
        return open_ticket(waiting)
    if state.phase in ("thanks", "nothing"):
        prompt = step.thanks_prompt if state.phase == "thanks" else step.none_prompt
        return state, Speak((ticket_line(state, prompt),))
    return state.at("say"), Speak((Line(step.retry_prompt if state.tries else step.prompt),), Barge.KEYS)


def take_voicemail(script: Script, step: Voicemail, state: State, outcome: Outcome) -> Next:
    match outcome:
        case TicketOpened():
            return enter_voicemail(script, step, opened(state, outcome).at(""))
        case MessageTaken(kept):
            return enter_voicemail(script, step, _after_message(state, kept))
        case _ if state.phase == "say":  # who cuts in with words or a key is ready to speak
            return state.at("record"), TakeMessage(step.limit_s)
    return step.next


def _after_message(state: State, kept: bool) -> State:
    """Thanks only for what was kept; who said next to nothing is asked once more."""
    if kept:
        return state.at("thanks")
    return state.at("", 1) if state.tries == 0 else state.at("nothing")


def enter_hangup(script: Script, step: Hangup, state: State) -> Turn:
    if step.prompt is None:
        return state, HangUp(step.ending)
    return state, Speak((Line(step.prompt),), Barge.KEYS)


def take_hangup(script: Script, step: Hangup, state: State, outcome: Outcome) -> Turn:
    return state, HangUp(step.ending)
