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
    said = {"thanks": step.thanks_prompt, "nothing": step.none_prompt, "lost": step.lost_prompt}
    if state.phase in said:
        return state, Speak((ticket_line(state, said[state.phase]),))
    return state.at("say"), Speak((Line(step.retry_prompt if state.tries else step.prompt),), Barge.KEYS)


def take_voicemail(script: Script, step: Voicemail, state: State, outcome: Outcome) -> Next:
    match outcome:
        case TicketOpened():
            return enter_voicemail(script, step, opened(state, outcome).at(""))
        case MessageTaken():
            return enter_voicemail(script, step, _after_message(state, outcome))
        case _ if state.phase == "lost":
            return script.flow.person
        case _ if state.phase == "say":  # who cuts in with words or a key is ready to speak
            return state.at("record"), TakeMessage(step.limit_s)
    return step.next


def _after_message(state: State, message: MessageTaken) -> State:
    """Thanks only for what was kept; whose message was lost is led to a person; who said next to nothing is asked once
    more.
    """
    if message.kept or message.lost:
        return state.at("thanks" if message.kept else "lost")
    return state.at("", 1) if state.tries == 0 else state.at("nothing")


def enter_hangup(script: Script, step: Hangup, state: State) -> Turn:
    if step.prompt is None:
        return state, HangUp(step.ending)
    return state, Speak((Line(step.prompt),), Barge.KEYS)


def take_hangup(script: Script, step: Hangup, state: State, outcome: Outcome) -> Turn:
    return state, HangUp(step.ending)
