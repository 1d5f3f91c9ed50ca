"""What a caller leaves behind who hangs up between telling a matter and hearing of its ticket."""

from collections.abc import Sequence

from ivr.actions import JoinTicket, OpenTicket
from ivr.call_matters import ticket_of, unguessed
from ivr.phases import Phase
from ivr.script import EMERGENCY_STEP
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


def _joining(state: State) -> bool:
    return state.phase == Phase.JOINING and state.facts.join == state.ticket


def _record(matter: State, of: State) -> OpenTicket | JoinTicket:
    if of.phase in JOIN_PHASES and matter.facts.join:
        return JoinTicket(matter.facts.join)
    if of.phase == Phase.CONFIRM:  # asked whether it is about that
        matter = unguessed(matter)
    return ticket_of(matter)
