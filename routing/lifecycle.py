"""Who may become what: every lifecycle is a table, and a missing row is a refusal."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from routing.model import (
    OPEN_OUTBOUND_CALLS,
    AgentState,
    AttemptState,
    CallState,
    OfferState,
    OutboundCallState,
    Stage,
    TransitionRefused,
)

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class CallEvent(StrEnum):
    ENTERED_QUEUE = "entered_queue"
    LEFT_QUEUE = "left_queue"
    OFFERED_TO_AGENT = "offered_to_agent"
    OFFER_LAPSED = "offer_lapsed"
    ANSWERED = "answered"
    TALK_ENDED = "talk_ended"  # the agent hung up first; the caller is still there
    RESUMED = "resumed"  # it came back to us from wherever it was
    ENDED = "ended"


CALL_TRANSITIONS: dict[tuple[CallState, CallEvent], CallState] = {
    (CallState.IN_DIALOGUE, CallEvent.ENTERED_QUEUE): CallState.WAITING,
    (CallState.WAITING, CallEvent.LEFT_QUEUE): CallState.IN_DIALOGUE,
    (CallState.WAITING, CallEvent.OFFERED_TO_AGENT): CallState.OFFERED,
    (CallState.IN_DIALOGUE, CallEvent.OFFERED_TO_AGENT): CallState.OFFERED,  # back from a phone nobody took
    (CallState.OFFERED, CallEvent.OFFER_LAPSED): CallState.WAITING,
    (CallState.OFFERED, CallEvent.ANSWERED): CallState.CONNECTED,
    # Given up on, yet the phone was taken.
    (CallState.WAITING, CallEvent.ANSWERED): CallState.CONNECTED,
    (CallState.IN_DIALOGUE, CallEvent.ANSWERED): CallState.CONNECTED,
    (CallState.CONNECTED, CallEvent.TALK_ENDED): CallState.IN_DIALOGUE,
    **{(state, CallEvent.RESUMED): CallState.IN_DIALOGUE for state in CallState if state is not CallState.ENDED},
    **{(state, CallEvent.ENDED): CallState.ENDED for state in CallState if state is not CallState.ENDED},
}


class AgentEvent(StrEnum):
    WENT_AVAILABLE = "went_available"
    WENT_NOT_READY = "went_not_ready"
    PAGE_GONE = "page_gone"
    HELD = "held"  # an offer was claimed
    RELEASED = "released"  # the offer went, through no fault of the agent
    MISSED = "missed"  # not shown, or not answered
    ANSWERED = "answered"
    TALK_ENDED = "talk_ended"
    WRAPPED_UP = "wrapped_up"
    WRAPPED_UP_AWAY = "wrapped_up_away"
    WRAP_UP_EXPIRED = "wrap_up_expired"
    TOOK_EMERGENCY = "took_emergency"
    EMERGENCY_MISSED = "emergency_missed"  # the agent's phone was not taken
    EMERGENCY_GIVEN_UP = "emergency_given_up"  # nothing came of it, through no fault of the agent
    EMERGENCY_OVER = "emergency_over"


AGENT_TRANSITIONS: dict[tuple[AgentState, AgentEvent], AgentState] = {
    (AgentState.NOT_READY, AgentEvent.WENT_AVAILABLE): AgentState.AVAILABLE,
    (AgentState.AVAILABLE, AgentEvent.WENT_NOT_READY): AgentState.NOT_READY,
    (AgentState.AVAILABLE, AgentEvent.PAGE_GONE): AgentState.NOT_READY,
    (AgentState.AVAILABLE, AgentEvent.HELD): AgentState.RESERVED,
    (AgentState.RESERVED, AgentEvent.RELEASED): AgentState.AVAILABLE,
    (AgentState.RESERVED, AgentEvent.MISSED): AgentState.NOT_READY,
    # Whatever we had noted of the agent meanwhile, as when the phone was given up on: the talk is what counts.
    **{(state, AgentEvent.ANSWERED): AgentState.ON_CALL for state in AgentState},
    (AgentState.ON_CALL, AgentEvent.TALK_ENDED): AgentState.AFTER_CALL_WORK,
    # No way out of after-call work without a disposition, be it "none given".
    (AgentState.AFTER_CALL_WORK, AgentEvent.WRAPPED_UP): AgentState.AVAILABLE,
    (AgentState.AFTER_CALL_WORK, AgentEvent.WRAPPED_UP_AWAY): AgentState.NOT_READY,
    (AgentState.AFTER_CALL_WORK, AgentEvent.WRAP_UP_EXPIRED): AgentState.NOT_READY,
    (AgentState.AVAILABLE, AgentEvent.TOOK_EMERGENCY): AgentState.NOT_READY,
    (AgentState.NOT_READY, AgentEvent.EMERGENCY_MISSED): AgentState.NOT_READY,
    (AgentState.NOT_READY, AgentEvent.EMERGENCY_GIVEN_UP): AgentState.AVAILABLE,
    (AgentState.NOT_READY, AgentEvent.EMERGENCY_OVER): AgentState.NOT_READY,  # who talked says when they are ready
}


class OfferEvent(StrEnum):
    SHOWN = "shown"
    RANG = "rang"
    ANSWERED = "answered"
    LAPSED = "lapsed"
    TALK_ENDED = "talk_ended"


OFFER_TRANSITIONS: dict[tuple[OfferState, OfferEvent], OfferState] = {
    (OfferState.MADE, OfferEvent.SHOWN): OfferState.SEEN,
    (OfferState.SEEN, OfferEvent.RANG): OfferState.RINGING,
    (OfferState.SEEN, OfferEvent.ANSWERED): OfferState.ANSWERED,  # the news of the ringing was lost
    (OfferState.RINGING, OfferEvent.ANSWERED): OfferState.ANSWERED,
    (OfferState.LAPSED, OfferEvent.ANSWERED): OfferState.ANSWERED,  # given up on, yet the phone was taken
    (OfferState.MADE, OfferEvent.LAPSED): OfferState.LAPSED,
    (OfferState.SEEN, OfferEvent.LAPSED): OfferState.LAPSED,
    (OfferState.RINGING, OfferEvent.LAPSED): OfferState.LAPSED,
    (OfferState.ANSWERED, OfferEvent.TALK_ENDED): OfferState.ENDED,
}


class TicketEvent(StrEnum):
    DISPATCH = "dispatched"
    ACCEPT = "accepted"
    ARRIVE = "arrived"
    COMPLETE = "completed"
    CLOSE = "closed"
    BACK_TO_RECORDED = "back_to_recorded"
    BACK_TO_DISPATCHED = "back_to_dispatched"
    BACK_TO_ACCEPTED = "back_to_accepted"
    BACK_TO_ARRIVED = "back_to_arrived"
    BACK_TO_COMPLETED = "back_to_completed"
    REOPEN = "reopened"  # what was done about it was not enough: it begins anew
    MERGE = "merged"  # another ticket has the same matter, and is worked on


_IN_ORDER = tuple(Stage)
BACK_TO: dict[Stage, TicketEvent] = {stage: TicketEvent(f"back_to_{stage}") for stage in _IN_ORDER[:-1]}
FORWARD = tuple(TicketEvent(stage.value) for stage in _IN_ORDER[1:])
"""The events by which a matter is dealt with; others put right what was said of that."""


TICKET_TRANSITIONS: dict[tuple[Stage, TicketEvent], Stage] = {
    (Stage.RECORDED, TicketEvent.DISPATCH): Stage.DISPATCHED,
    (Stage.RECORDED, TicketEvent.ACCEPT): Stage.ACCEPTED,  # grabbed without being dispatched
    (Stage.DISPATCHED, TicketEvent.ACCEPT): Stage.ACCEPTED,
    (Stage.ACCEPTED, TicketEvent.ARRIVE): Stage.ARRIVED,
    (Stage.ACCEPTED, TicketEvent.COMPLETE): Stage.COMPLETED,  # nobody needs to go there for a password
    (Stage.ARRIVED, TicketEvent.COMPLETE): Stage.COMPLETED,
    # A matter may be answered on the telephone at any stage; closing it always takes an answer.
    **{(stage, TicketEvent.CLOSE): Stage.CLOSED for stage in Stage if stage is not Stage.CLOSED},
    **{
        (_IN_ORDER[late], BACK_TO[_IN_ORDER[early]]): _IN_ORDER[early]
        for late in range(len(_IN_ORDER))
        for early in range(late)
    },
    (Stage.COMPLETED, TicketEvent.REOPEN): Stage.RECORDED,
    (Stage.CLOSED, TicketEvent.REOPEN): Stage.RECORDED,
    **{(stage, TicketEvent.MERGE): Stage.CLOSED for stage in Stage if stage is not Stage.CLOSED},
}
UNFINISHED_STAGES = (Stage.RECORDED, Stage.DISPATCHED, Stage.ACCEPTED, Stage.ARRIVED)


class OutboundCallEvent(StrEnum):
    CLAIMED = "claimed"
    FAILED = "failed"  # this attempt; there will be another
    EXHAUSTED = "exhausted"  # this attempt, and it was the last
    NOT_DIALLABLE = "not_diallable"  # the dial patterns have the last word
    CONFIRMED = "confirmed"  # a person is on the line
    LOST = "lost"  # the person went before an agent answered
    LOST_LAST = "lost_last"  # and there will be no other attempt
    TALKED = "talked"
    MOVED = "moved"  # to another time
    GIVEN_UP = "given_up"  # a person says that nobody can be reached so
    SERVED = "served"  # its flow has said what it was for
    LEFT_QUEUE = "left_queue"  # the person's call gave its place up: it is served otherwise
    CANCELLED = "cancelled"
    MATTER_CLOSED = "matter_closed"  # while its phone was rung or its person was there; nobody is rung again
    ERASED = "erased"  # its number is forgotten


OUTBOUND_CALL_TRANSITIONS: dict[tuple[OutboundCallState, OutboundCallEvent], OutboundCallState] = {
    (OutboundCallState.PENDING, OutboundCallEvent.CLAIMED): OutboundCallState.DIALLING,
    (OutboundCallState.PENDING, OutboundCallEvent.CANCELLED): OutboundCallState.CANCELLED,
    (
        OutboundCallState.DIALLING,
        OutboundCallEvent.CANCELLED,
    ): OutboundCallState.CANCELLED,  # reached otherwise meanwhile
    (
        OutboundCallState.PENDING,
        OutboundCallEvent.CONFIRMED,
    ): OutboundCallState.CONNECTED,  # given up on, yet the person is there
    (OutboundCallState.PENDING, OutboundCallEvent.MOVED): OutboundCallState.PENDING,
    (OutboundCallState.PENDING, OutboundCallEvent.NOT_DIALLABLE): OutboundCallState.FAILED,
    (OutboundCallState.PENDING, OutboundCallEvent.GIVEN_UP): OutboundCallState.FAILED,
    (OutboundCallState.DIALLING, OutboundCallEvent.FAILED): OutboundCallState.PENDING,
    (OutboundCallState.DIALLING, OutboundCallEvent.EXHAUSTED): OutboundCallState.FAILED,
    (OutboundCallState.DIALLING, OutboundCallEvent.CONFIRMED): OutboundCallState.CONNECTED,
    (OutboundCallState.CONNECTED, OutboundCallEvent.LOST): OutboundCallState.PENDING,
    (OutboundCallState.CONNECTED, OutboundCallEvent.LOST_LAST): OutboundCallState.FAILED,
    (OutboundCallState.DIALLING, OutboundCallEvent.MATTER_CLOSED): OutboundCallState.CANCELLED,
    (OutboundCallState.CONNECTED, OutboundCallEvent.MATTER_CLOSED): OutboundCallState.CANCELLED,
    # Also where the person was taken for gone and is being rung anew: the talk is what counts.
    **{(state, OutboundCallEvent.TALKED): OutboundCallState.DONE for state in OPEN_OUTBOUND_CALLS},
    **{(state, OutboundCallEvent.SERVED): OutboundCallState.DONE for state in OPEN_OUTBOUND_CALLS},
    (OutboundCallState.CONNECTED, OutboundCallEvent.LEFT_QUEUE): OutboundCallState.DONE,
    **{(state, OutboundCallEvent.ERASED): OutboundCallState.CANCELLED for state in OPEN_OUTBOUND_CALLS},
}


class AttemptEvent(StrEnum):
    SENT = "sent"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    LOST = "lost"
    CALLED_OFF = "called_off"  # before it was sent


ATTEMPT_TRANSITIONS: dict[tuple[AttemptState, AttemptEvent], AttemptState] = {
    (AttemptState.CLAIMED, AttemptEvent.SENT): AttemptState.SENT,
    (AttemptState.SENT, AttemptEvent.ANSWERED): AttemptState.ANSWERED,
    (AttemptState.ANSWERED, AttemptEvent.CONFIRMED): AttemptState.CONFIRMED,
    # Given up on, yet the person is there.
    (AttemptState.FAILED, AttemptEvent.CONFIRMED): AttemptState.CONFIRMED,
    (AttemptState.LOST, AttemptEvent.CONFIRMED): AttemptState.CONFIRMED,
    (AttemptState.CLAIMED, AttemptEvent.FAILED): AttemptState.FAILED,
    (AttemptState.SENT, AttemptEvent.FAILED): AttemptState.FAILED,
    (AttemptState.ANSWERED, AttemptEvent.FAILED): AttemptState.FAILED,
    (AttemptState.CLAIMED, AttemptEvent.LOST): AttemptState.LOST,
    (AttemptState.SENT, AttemptEvent.LOST): AttemptState.LOST,
    (AttemptState.ANSWERED, AttemptEvent.LOST): AttemptState.LOST,
    (AttemptState.CLAIMED, AttemptEvent.CALLED_OFF): AttemptState.LOST,
}
OPEN_ATTEMPTS = (AttemptState.CLAIMED, AttemptState.SENT, AttemptState.ANSWERED)


def after(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """The state that follows.

    Raises: TransitionRefused.
    """
    try:
        return table[state, event]
    except KeyError:
        raise TransitionRefused(f"{state} has no {event}") from None


def sources_and_target(table: Mapping[tuple[S, E], S], event: E) -> tuple[tuple[S, ...], S]:
    """From which states an event leads where: the arguments of a conditional update."""
    sources = tuple(state for state, happened in table if happened == event)
    targets = {table[state, event] for state in sources}
    if len(targets) != 1:
        raise TransitionRefused(f"{event} leads to {len(targets)} states")
    return sources, targets.pop()


def leads_to(table: Mapping[tuple[S, E], S], event: E) -> S:
    """The state that an event leads to."""
    return sources_and_target(table, event)[1]


def next_stages(stage: Stage) -> list[Stage]:
    """Those that a ticket may be moved on to."""
    return [to for (before, event), to in TICKET_TRANSITIONS.items() if before is stage and event in FORWARD]


def next_stage(stage: Stage, to: Stage, answer: str | None) -> Stage:
    """The stage a ticket may move to; closing takes an answer to the caller.

    Raises: TransitionRefused.
    """
    if to is Stage.RECORDED:
        raise TransitionRefused("a ticket is recorded once")
    if to is Stage.CLOSED and not (answer or "").strip():
        raise TransitionRefused("no matter is closed without a recorded answer")
    return after(TICKET_TRANSITIONS, stage, TicketEvent(to.value))
