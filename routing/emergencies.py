"""Emergencies: calls that need a person at once, until one has taken them.

Asterisk rings by itself, for ever. What is kept here is told by it, shown at every desk, and may be late, never in
its way.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

TALKED_S = 5  # an answer for less was a machine or a mistake; an agent's is a person's however short


class EmergencyState(StrEnum):
    RINGING = "ringing"  # phones are rung, again and again
    TAKEN = "taken"  # a person talks to the caller
    LEFT = "left"  # the caller is gone and nobody had answered: a person must look after it
    ENDED = "ended"


OPEN_EMERGENCIES = (EmergencyState.RINGING, EmergencyState.TAKEN, EmergencyState.LEFT)
UNTAKEN = (EmergencyState.RINGING, EmergencyState.LEFT)


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


@dataclass(frozen=True)
class Ring:
    """One phone that is rung for an emergency."""

    emergency_id: str
    channel: str  # Asterisk's unique id of the phone's channel
    phone: str  # as the site names it
    began_at: datetime


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
    rings: tuple[Ring, ...] = ()  # phones that ring now
    take: Take | None = None  # under way

    @property
    def taken(self) -> bool:
        return self.state not in UNTAKEN


def moved(emergency: Emergency, to: EmergencyState, at: datetime, taken_by: str = "") -> Emergency:
    """The emergency in another state: who takes it is named from then on, until it is rung again."""
    if to is EmergencyState.RINGING:
        return replace(emergency, state=to, taken_by="", taken_at=None, ended_at=None)
    if taken_by:
        emergency = replace(emergency, taken_by=taken_by, taken_at=at)
    ended_at = at if to in (EmergencyState.LEFT, EmergencyState.ENDED) and not emergency.ended_at else None
    return replace(emergency, state=to, ended_at=emergency.ended_at or ended_at)
