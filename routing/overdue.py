"""What has gone wrong with a live offer or an agent, and what follows: pure, so that any controller's tick heals it.

A process may die after any step; everything it leaves half done is found here by its state and age.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config.documents import WaitingRules
from routing.lifecycle import AgentEvent
from routing.model import Agent, AgentState, Offer, OfferState
from routing.policy import page_alive

RING_SLACK_S = 10  # Asterisk stops the ringing itself; later than that, its news was lost
UNRUNG_S = 20  # the call's coroutine, or the one that resumes it, should have rung the phone by then
ORPHAN_S = 3  # claims change agent and offer together; a difference older than that is real


@dataclass(frozen=True)
class Lapse:
    """Why an offer ends unanswered, and what becomes of its agent."""

    why: str
    agent: AgentEvent


CALLER_LEFT = Lapse("caller left", AgentEvent.RELEASED)
BECAME_EMERGENCY = Lapse("became an emergency", AgentEvent.RELEASED)
TOOK_EMERGENCY = Lapse("agent took an emergency", AgentEvent.RELEASED)
NOT_WAITING = Lapse("does not wait now", AgentEvent.RELEASED)
NOT_SHOWN = Lapse("desk did not show the call", AgentEvent.MISSED)
NOT_RUNG = Lapse("phone was not rung", AgentEvent.RELEASED)
NOT_TAKEN = Lapse("callback not taken yet", AgentEvent.RELEASED)
NO_ANSWER = Lapse("phone did not answer", AgentEvent.MISSED)


def lapse_of(offer: Offer, now: datetime, rules: WaitingRules, call_ended: bool, waiting: bool) -> Lapse | None:
    """Why this unanswered offer is over, or None while it may still be answered."""
    if call_ended:
        return CALLER_LEFT
    if not waiting:
        return NOT_WAITING
    dialled = offer.callback_id is not None and offer.call_id is None
    # The agent may have waited already when the person who was rung joined.
    unrung_s = UNRUNG_S + (rules.callback_hold_s if offer.callback_id else 0)
    limit_s, lapse = {
        OfferState.MADE: (rules.pop_s, NOT_SHOWN),
        OfferState.SEEN: (rules.callback_hold_s, NOT_TAKEN) if dialled else (unrung_s, NOT_RUNG),
        OfferState.RINGING: (rules.ring_s + RING_SLACK_S, NO_ANSWER),
    }[offer.state]
    since = offer.ringing_at or offer.seen_at or offer.made_at
    return lapse if now - since > timedelta(seconds=limit_s) else None


def agent_overdue(agent: Agent, offer: Offer | None, now: datetime, rules: WaitingRules) -> AgentEvent | None:
    """What happens to an agent by the clock alone; `offer` is the agent's live one."""
    age = now - agent.state_since
    orphan = offer is None and age > timedelta(seconds=ORPHAN_S)
    match agent.state:
        case AgentState.AVAILABLE if not page_alive(agent, now, rules) and orphan:
            return AgentEvent.PAGE_GONE
        case AgentState.RESERVED if orphan:
            return AgentEvent.RELEASED
        case AgentState.ON_CALL if orphan:
            return AgentEvent.TALK_ENDED
        case AgentState.AFTER_CALL_WORK if age > timedelta(seconds=rules.wrap_up_limit_s):
            return AgentEvent.WRAP_UP_EXPIRED
    return None
