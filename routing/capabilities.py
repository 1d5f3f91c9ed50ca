"""What people may do at the desk and by its API, and which role may do what.

A check asks for a capability, never for a role: a new role is a row here.
"""

from collections.abc import Mapping
from enum import StrEnum


class Capability(StrEnum):
    """Named by what it allows."""

    OWN_ACCOUNT = "own_account"  # log out, change one's password, keep one's drafts
    WATCH_LINE = "watch_line"  # the queue, the agents' states, the emergencies, the news of what changed
    READ_CALLS = "read_calls"  # calls with their timelines and events, callbacks
    READ_TICKETS = "read_tickets"  # tickets with their histories and recorded messages
    MOVE_TICKETS = "move_tickets"  # their stage, on and back, and urgency
    CLEAR_MISSED = "clear_missed"  # call back whom nobody reached, or say why that is not needed
    MANAGE_CALLBACKS = "manage_callbacks"  # move one, cancel it, or give it up
    CORRECT_TICKETS = "correct_tickets"  # what they say: topic, place, number, urgency; and notes on them
    TAKE_IN_TICKETS = "take_in_tickets"  # open one by hand
    ASSIGN_TICKETS = "assign_tickets"  # take one, give it to somebody or to a crew
    MERGE_TICKETS = "merge_tickets"  # of one matter reported twice; and link related ones
    TAKE_CALLS = "take_calls"  # one's own state, offers and wrap-ups; needs an account that is an agent's
    TAKE_EMERGENCY = "take_emergency"
    WATCH_FLOOR = "watch_floor"  # the floor's figures, who asks for help
    MANAGE_AGENTS = "manage_agents"  # put another agent into a state, take their calls for help
    SEND_NOTICES = "send_notices"  # to all desks
    MANAGE_WALLS = "manage_walls"  # make links for screens on a wall, and withdraw them
    READ_FIGURES = "read_figures"  # how right the line was in what it told callers
    READ_AUDIT = "read_audit"


_AGENT = frozenset(
    {
        Capability.OWN_ACCOUNT, Capability.WATCH_LINE, Capability.READ_CALLS, Capability.READ_TICKETS,
        Capability.MOVE_TICKETS, Capability.CORRECT_TICKETS, Capability.TAKE_IN_TICKETS, Capability.CLEAR_MISSED,
        Capability.MANAGE_CALLBACKS, Capability.TAKE_CALLS, Capability.TAKE_EMERGENCY,
        Capability.ASSIGN_TICKETS, Capability.MERGE_TICKETS,
    }
)  # fmt: skip
_SUPERVISOR = _AGENT | {
    Capability.WATCH_FLOOR, Capability.MANAGE_AGENTS, Capability.SEND_NOTICES, Capability.READ_FIGURES,
}  # fmt: skip
ROLES: Mapping[str, frozenset[Capability]] = {
    "agent": _AGENT,
    "supervisor": _SUPERVISOR,
    "admin": _SUPERVISOR | {Capability.READ_AUDIT, Capability.MANAGE_WALLS},
}
