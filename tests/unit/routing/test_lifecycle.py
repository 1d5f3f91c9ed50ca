"""Lifecycles as tables."""

from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from routing.lifecycle import (
    AGENT_TRANSITIONS,
    ATTEMPT_TRANSITIONS,
    CALL_TRANSITIONS,
    OFFER_TRANSITIONS,
    OUTBOUND_CALL_TRANSITIONS,
    TICKET_TRANSITIONS,
    AgentEvent,
    AttemptEvent,
    CallEvent,
    OfferEvent,
    OutboundCallEvent,
    TicketEvent,
    after,
    next_stage,
    sources_and_target,
)
from routing.model import (
    LIVE_OFFERS,
    OPEN_OUTBOUND_CALLS,
    AgentState,
    AttemptState,
    CallState,
    OfferState,
    OutboundCallState,
    Stage,
    TransitionRefused,
)


def test_what_no_row_allows_is_refused() -> None:
    tables: list[tuple[Any, type[StrEnum], type[StrEnum]]] = [
        (CALL_TRANSITIONS, CallState, CallEvent),
        (AGENT_TRANSITIONS, AgentState, AgentEvent),
        (OFFER_TRANSITIONS, OfferState, OfferEvent),
        (TICKET_TRANSITIONS, Stage, TicketEvent),
        (OUTBOUND_CALL_TRANSITIONS, OutboundCallState, OutboundCallEvent),
        (ATTEMPT_TRANSITIONS, AttemptState, AttemptEvent),
    ]
    for table, states, events in tables:
        for state, event in product(states, events):
            if (state, event) in table:
                assert after(table, state, event) in states
            else:
                with pytest.raises(TransitionRefused):
                    after(table, state, event)


def test_what_is_over_is_over() -> None:
    assert not [row for row in CALL_TRANSITIONS if row[0] is CallState.ENDED]
    assert not [row for row in OUTBOUND_CALL_TRANSITIONS if row[0] not in OPEN_OUTBOUND_CALLS]
    ended = (AttemptState.CONFIRMED, AttemptState.FAILED, AttemptState.LOST)
    confirmed = AttemptEvent.CONFIRMED  # by the person who is there all the same
    assert [row for row in ATTEMPT_TRANSITIONS if row[0] in ended] == [
        (AttemptState.FAILED, confirmed),
        (AttemptState.LOST, confirmed),
    ]
    dead = [row for row in OFFER_TRANSITIONS if row[0] not in LIVE_OFFERS]
    assert dead == [(OfferState.LAPSED, OfferEvent.ANSWERED)]


def test_an_attempt_is_sent_from_claimed_only() -> None:
    assert sources_and_target(ATTEMPT_TRANSITIONS, AttemptEvent.SENT) == ((AttemptState.CLAIMED,), AttemptState.SENT)


def test_after_call_work_ends_with_a_disposition_only() -> None:
    ways_out = {event for state, event in AGENT_TRANSITIONS if state is AgentState.AFTER_CALL_WORK}
    another_talk = AgentEvent.ANSWERED  # in an offer that had been given up
    assert ways_out == {AgentEvent.WRAPPED_UP, AgentEvent.WRAPPED_UP_AWAY, AgentEvent.WRAP_UP_EXPIRED, another_talk}


def test_a_ticket_goes_through_its_stages() -> None:
    stage = Stage.RECORDED
    for to in (Stage.DISPATCHED, Stage.ACCEPTED, Stage.ARRIVED, Stage.COMPLETED):
        stage = next_stage(stage, to, None)
    assert next_stage(stage, Stage.CLOSED, "the drain runs again") is Stage.CLOSED


@pytest.mark.parametrize("answer", [None, "", "  \t"])
@pytest.mark.parametrize("stage", list(Stage))
def test_no_matter_is_closed_without_an_answer(stage: Stage, answer: str | None) -> None:
    with pytest.raises(TransitionRefused):
        next_stage(stage, Stage.CLOSED, answer)


@pytest.mark.parametrize(
    ("stage", "to"),
    [(Stage.CLOSED, Stage.ACCEPTED), (Stage.COMPLETED, Stage.DISPATCHED), (Stage.RECORDED, Stage.ARRIVED),
     (Stage.DISPATCHED, Stage.RECORDED), (Stage.CLOSED, Stage.CLOSED)],
)  # fmt: skip
def test_stages_are_not_skipped_or_undone(stage: Stage, to: Stage) -> None:
    with pytest.raises(TransitionRefused):
        next_stage(stage, to, "an answer")
