"""The legs of a call: its channels at Asterisk, told apart from the call itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.event_types import EventType
from routing.model import NewEvent
from routing.nodes import BEFORE

# Q.850: temporary failure, which a page says that goes in mid-call, and requested channel not available, by which
# Asterisk ends a phone from which no sound has come for too long.
LOST = ("41", "44")


def was_lost(cause: str) -> bool:
    """Whether the phone went without anybody hanging up."""
    return cause.partition(" ")[0] in LOST


class LegKind(StrEnum):
    CALLER = "caller"
    AGENT = "agent"
    CALLED = "called"  # the phone of who is rung by an outbound call


@dataclass(frozen=True)
class CallLeg:
    """One channel's part in a call; a call has one for the caller and one for each phone that was rung."""

    id: str
    call_id: str
    channel: str  # Asterisk's unique id of the channel, never its name, which may hold a number
    kind: LegKind
    at: datetime
    ended_at: datetime | None = None
    cause: str | None = None  # of its end, as Asterisk tells it
    node: str = BEFORE  # whose Asterisk has the channel


def leg_ended(call_id: str, channel: str, kind: LegKind, cause: str, at: datetime) -> NewEvent:
    """The hang-up as the call's timeline tells it."""
    return NewEvent(call_id, EventType.LEG_ENDED, at, "system", channel, {"kind": str(kind), "cause": cause})
