"""What a caller leaves behind who hangs up between telling a matter and hearing of its ticket."""

from collections.abc import Sequence

from config.documents import Edition
from ivr.actions import JoinTicket, OpenTicket, Silence, Summon
from ivr.call_matters import ticket_of, unguessed
from ivr.facts import Facts
from ivr.flow import Flow
from ivr.interpreter import advance
from ivr.phases import DangerAsked, Phase
from ivr.script import EMERGENCY_STEP, Script
from ivr.state import State

JOIN_PHASES = (Phase.JOIN, Phase.JOINING)


def left_behind(state: State) -> Sequence[OpenTicket | JoinTicket]:
    """What of the call is not recorded yet, as actions that may be repeated.

    A matter that was understood becomes a ticket; one that was about to join a report joins it. A guess that was
    never confirmed is left to a person, with the caller's words. Keys pressed blindly, and nothing else, tell nothing.
    """
    if state.step == EMERGENCY_STEP or state.facts.topic is None or state.facts.blind:
        return ()
    matters = (state, *(state.about(at) for at in range(len(state.others))))
    return [_record(matter, of=state) for matter in matters if matter.ticket is None or _joining(matter)]


def unanswered_danger(edition: Edition, state: State) -> Facts | None:
    """What is known of the emergency of a caller who went when asked whether somebody is in danger: as after silence.

    None where that was not asked.
    """
    if not isinstance(state.phase, DangerAsked):
        return None
    _, action = advance(Script(Flow.model_validate(edition.flows[state.flow]), edition), state, Silence())
    return action.facts if isinstance(action, Summon) else None


def _joining(state: State) -> bool:
    return state.phase == Phase.JOINING and state.facts.join == state.ticket


def _record(matter: State, of: State) -> OpenTicket | JoinTicket:
    if of.phase in JOIN_PHASES and matter.facts.join:
        return JoinTicket(matter.facts.join)
    if of.phase == Phase.CONFIRM:  # asked whether it is about that
        matter = unguessed(matter)
    return ticket_of(matter)
