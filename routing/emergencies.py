"""Emergencies: calls that need a person at once, until one has taken them.

Asterisk rings by itself, for ever. What is kept here is told by it, shown at every desk, and may be late, never in
its way.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.nodes import BEFORE

TALKED_S = 5  # an answer for less was a machine or a mistake; an agent's is a person's however short


class EmergencyState(StrEnum):
    RINGING = "ringing"  # phones are rung, again and again
    TAKEN = "taken"  # a person talks to the caller
    LEFT = "left"  # the caller is gone and nobody had answered: a person must look after it
    ENDED = "ended"


OPEN_EMERGENCIES = (EmergencyState.RINGING, EmergencyState.TAKEN, EmergencyState.LEFT)
UNTAKEN = (EmergencyState.RINGING, EmergencyState.LEFT)
GONE = (EmergencyState.LEFT, EmergencyState.ENDED)  # its caller is gone


class EmergencyEvent(StrEnum):
    ANSWERED = "answered"
    RUNG_AGAIN = "rung_again"  # whoever answered was gone at once: a machine or a mistake
    CALLER_LEFT = "caller_left"
    TALK_ENDED = "talk_ended"
    GONE_AT_ONCE = "gone_at_once"  # answered for a moment, and the caller is gone
    ANSWERED_UNSEEN = "answered_unseen"  # it was answered and is over; the news of the answer was lost
    LOOKED_AFTER = "looked_after"


EMERGENCY_TRANSITIONS: dict[tuple[EmergencyState, EmergencyEvent], EmergencyState] = {
    (EmergencyState.RINGING, EmergencyEvent.ANSWERED): EmergencyState.TAKEN,
    (EmergencyState.RINGING, EmergencyEvent.CALLER_LEFT): EmergencyState.LEFT,
    (EmergencyState.RINGING, EmergencyEvent.ANSWERED_UNSEEN): EmergencyState.ENDED,
    (EmergencyState.TAKEN, EmergencyEvent.RUNG_AGAIN): EmergencyState.RINGING,
    (EmergencyState.TAKEN, EmergencyEvent.TALK_ENDED): EmergencyState.ENDED,
    (EmergencyState.TAKEN, EmergencyEvent.GONE_AT_ONCE): EmergencyState.LEFT,
    (EmergencyState.LEFT, EmergencyEvent.RUNG_AGAIN): EmergencyState.RINGING,  # taken for gone, and still there
    (EmergencyState.LEFT, EmergencyEvent.ANSWERED_UNSEEN): EmergencyState.ENDED,
    (EmergencyState.LEFT, EmergencyEvent.LOOKED_AFTER): EmergencyState.ENDED,
}


class TakeState(StrEnum):
    ASKED = "asked"  # at the desk
    SENT = "sent"  # a controller has Asterisk ring that agent's phone
    ANSWERED = "answered"
    FAILED = "failed"  # everybody is rung on


OPEN_TAKES = (TakeState.ASKED, TakeState.SENT)


class TakeEvent(StrEnum):
    CLAIMED = "claimed"
    ANSWERED = "answered"
    FAILED = "failed"


TAKE_TRANSITIONS: dict[tuple[TakeState, TakeEvent], TakeState] = {
    (TakeState.ASKED, TakeEvent.CLAIMED): TakeState.SENT,
    (TakeState.SENT, TakeEvent.ANSWERED): TakeState.ANSWERED,
    (TakeState.ASKED, TakeEvent.FAILED): TakeState.FAILED,
    (TakeState.SENT, TakeEvent.FAILED): TakeState.FAILED,
}


class RingState(StrEnum):
    RINGING = "ringing"
    OVER = "over"


class RingEvent(StrEnum):
    STOPPED = "stopped"  # not taken, or another phone was


RING_TRANSITIONS: dict[tuple[RingState, RingEvent], RingState] = {
    (RingState.RINGING, RingEvent.STOPPED): RingState.OVER,
}


@dataclass(frozen=True)
class Ring:
    """One phone that is rung for an emergency."""

    emergency_id: str
    channel: str  # Asterisk's unique id of the phone's channel
    phone: str  # as the site names it
    began_at: datetime
    ended_at: datetime | None = None
    node: str = BEFORE  # whose Asterisk rings it

    @property
    def state(self) -> RingState:
        return RingState.OVER if self.ended_at else RingState.RINGING


@dataclass(frozen=True)
class Take:
    """An agent's wish to take an emergency: stored by the desk, carried out once by a controller."""

    id: str
    emergency_id: str
    agent_id: str
    at: datetime
    state: TakeState = TakeState.ASKED


@dataclass(frozen=True)
class Emergency:
    id: str
    call_id: str
    channel: str  # Asterisk's unique id of the caller's channel
    raised_at: datetime
    state: EmergencyState = EmergencyState.RINGING
    ticket_id: str | None = None
    taken_by: str = ""  # agent:<login>, or phone:<name> where it is no agent's
    taken_at: datetime | None = None
    ended_at: datetime | None = None
    node: str = BEFORE  # whose Asterisk has the caller
    rings: tuple[Ring, ...] = ()  # phones that ring now
    take: Take | None = None  # under way

    @property
    def taken(self) -> bool:
        return self.state not in UNTAKEN

    @property
    def may_be_asked_for(self) -> bool:
        """Whether an agent may ask to take it: while it rings, one at a time."""
        return self.state is EmergencyState.RINGING and self.take is None
