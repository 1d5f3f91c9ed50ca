"""Of which kind a caller is whom nobody reached, and who has been reached since: tables of cases."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from routing.event_types import EventType
from routing.missed import (
    ALWAYS_OPEN,
    TALKS_TO_FALLBACK,
    TELLING,
    Listed,
    MissedKind,
    MissedRules,
    MissedState,
    ReachedCaller,
    are_answered,
    are_reached,
    is_theirs,
    missed_kind,
    number_to_ring,
    waited_s,
)
from routing.model import (
    UNPROVEN,
    Call,
    CallerId,
    CallState,
    Intake,
    NewEvent,
    OutboundCall,
    OutboundCallState,
    Promise,
    Stage,
    Ticket,
    TicketDraft,
)
from tests.unit.routing.world import START

CALLER = CallerId("204", "204")
CLOSED = MissedRules(5, lambda at: False)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def a_call(ending: str | None, **changes: Any) -> Call:
    known: dict[str, Any] = {"state": CallState.ENDED, "ended_at": at(90), "ending": ending}
    return Call("call", "demo", "100", changes.pop("caller", CALLER), START, {}, **{**known, **changes})


def happened(*told: tuple[EventType, float] | tuple[EventType, float, dict[str, str]]) -> list[NewEvent]:
    return [NewEvent("call", each[0], at(each[1]), payload=each[2] if len(each) > 2 else {}) for each in told]


def owed(state: OutboundCallState) -> OutboundCall:
    return OutboundCall("owed", "ticket", "204", "technical", "normal", START, START, state=state, call_id="call")


Case = tuple[str | None, list[Any], list[OutboundCall], MissedRules, MissedKind | None]
WAITS, LEFT = (EventType.QUEUE_ENTERED, 10), EventType.QUEUE_LEFT
OWED = (EventType.CALLBACK_OWED, 1)
TOOK, MESSAGE = EventType.DIALPLAN_TOOK_OVER, (EventType.MESSAGE_RECORDED, 60)
FAILED, DONE = [owed(OutboundCallState.FAILED)], [owed(OutboundCallState.DONE)]
KINDS: list[Case] = [
    # gave up, before and after the waiting began
    ("caller_hung_up", [WAITS], [], ALWAYS_OPEN, MissedKind.ABANDONED),
    ("caller_hung_up", [(EventType.QUEUE_ENTERED, 85)], [], ALWAYS_OPEN, MissedKind.SHORT_ABANDONED),
    ("caller_hung_up", [(EventType.QUEUE_ENTERED, 84)], [], ALWAYS_OPEN, MissedKind.ABANDONED),
    ("caller_hung_up", [(EventType.QUEUE_ENTERED, 84)], [], MissedRules(30), MissedKind.SHORT_ABANDONED),
    ("caller_hung_up", [], [], ALWAYS_OPEN, MissedKind.SHORT_ABANDONED),
    ("caller_hung_up", [(EventType.CALLBACK_TAKEN_OVER, 10)], [], ALWAYS_OPEN, MissedKind.ABANDONED),
    # waited until the limit, and left no message
    ("served", [WAITS, (LEFT, 70, {"reason": "waited too long"})], [], ALWAYS_OPEN, MissedKind.ABANDONED),
    ("served", [WAITS, (EventType.CALLBACK_DECLINED, 40)], [], ALWAYS_OPEN, MissedKind.CALLBACK_DECLINED),
    ("caller_hung_up", [WAITS, (EventType.CALLBACK_DECLINED, 40)], [], CLOSED, MissedKind.CALLBACK_DECLINED),
    # outside hours
    ("caller_hung_up", [WAITS], [], CLOSED, MissedKind.CLOSED_HOURS),
    ("caller_hung_up", [], [], CLOSED, MissedKind.CLOSED_HOURS),
    ("served", [], [], CLOSED, None),  # as a status was told
    # messages
    ("served", [WAITS, MESSAGE], [], ALWAYS_OPEN, MissedKind.MESSAGE_UNHEARD),
    ("caller_hung_up", [WAITS, (EventType.MESSAGE_OWED, 60)], [], CLOSED, MissedKind.MESSAGE_UNHEARD),
    ("message_left", [(TOOK, 60, {"outcome": "message"})], [], ALWAYS_OPEN, MissedKind.MESSAGE_UNHEARD),
    ("served", [WAITS, (EventType.MESSAGE_LOST, 60)], [], ALWAYS_OPEN, MissedKind.ABANDONED),
    # callbacks
    ("served", [WAITS], FAILED, ALWAYS_OPEN, MissedKind.CALLBACK_FAILED),
    ("served", [WAITS], DONE, ALWAYS_OPEN, None),
    ("served", [WAITS], [*FAILED, *DONE], ALWAYS_OPEN, None),
    ("caller_hung_up", [WAITS], [owed(OutboundCallState.PENDING)], ALWAYS_OPEN, None),
    ("caller_hung_up", [WAITS], [owed(OutboundCallState.CANCELLED)], ALWAYS_OPEN, None),
    # who was owed one as they called, and hung up when they heard of it
    ("caller_hung_up", [OWED], [], CLOSED, None),
    ("caller_hung_up", [OWED, (EventType.CALLBACK_MOVED, 30)], [], ALWAYS_OPEN, None),
    ("caller_hung_up", [OWED, WAITS], [], ALWAYS_OPEN, MissedKind.ABANDONED),
    ("served", [OWED, MESSAGE], [], ALWAYS_OPEN, MissedKind.MESSAGE_UNHEARD),
    ("caller_hung_up", [OWED, (EventType.HEARD, 20)], [], ALWAYS_OPEN, MissedKind.SHORT_ABANDONED),
    ("caller_hung_up", [OWED, (EventType.TICKET_OPENED, 20)], [], ALWAYS_OPEN, MissedKind.SHORT_ABANDONED),
    ("caller_hung_up", [OWED, (EventType.CALLBACK_CANCELLED, 20)], [], ALWAYS_OPEN, MissedKind.SHORT_ABANDONED),
    ("caller_hung_up", [OWED], FAILED, ALWAYS_OPEN, MissedKind.CALLBACK_FAILED),
    ("lost", [OWED], [], ALWAYS_OPEN, MissedKind.LOST),
    ("caller_hung_up", [OWED, (TOOK, 60, {"outcome": "left"})], [], ALWAYS_OPEN, MissedKind.LOST),
    # the line's fault
    ("lost", [WAITS], [], ALWAYS_OPEN, MissedKind.LOST),
    ("dialogue_limit", [], [], CLOSED, MissedKind.LOST),
    ("caller_hung_up", [(TOOK, 60, {"outcome": "left"})], [], ALWAYS_OPEN, MissedKind.LOST),
    # a person was there after all
    ("talked", [WAITS], [], ALWAYS_OPEN, None),
    ("emergency_answered", [], [], ALWAYS_OPEN, None),
    ("caller_hung_up", [WAITS, (EventType.AGENT_ANSWERED, 40)], [], ALWAYS_OPEN, None),
    ("lost", [WAITS, (TOOK, 60, {"outcome": "talked"})], [], ALWAYS_OPEN, None),
    ("caller_hung_up", [WAITS, (LEFT, 60, {"reason": TALKS_TO_FALLBACK})], [], ALWAYS_OPEN, None),
    ("caller_hung_up", [WAITS, (EventType.EMERGENCY_SUMMONED, 40)], [], ALWAYS_OPEN, None),  # has a list of its own
    ("served", [], [], ALWAYS_OPEN, None),
    (None, [WAITS], [], ALWAYS_OPEN, None),  # goes on
]


@pytest.mark.parametrize(("ending", "told", "callbacks", "rules", "kind"), KINDS)
def test_of_which_kind_a_caller_is(
    ending: str | None, told: list[Any], callbacks: list[OutboundCall], rules: MissedRules, kind: MissedKind | None
) -> None:
    assert missed_kind(a_call(ending), happened(*told), callbacks, rules) is kind
    rung = a_call(ending, direction="outbound")
    assert missed_kind(rung, happened(*told), callbacks, rules) is None  # what came of it is told of who asked


def test_every_kind_is_in_the_table_and_every_event_that_tells() -> None:
    assert {case[-1] for case in KINDS} == {None, *MissedKind}
    assert {each[0] for case in KINDS for each in case[1]} <= TELLING | {
        EventType.MESSAGE_LOST,
        EventType.CALLBACK_MOVED,
    }


@pytest.mark.parametrize(
    ("told", "waited"),
    [
        ([], None),
        ([WAITS], 80),
        ([WAITS, (LEFT, 70)], 60),
        ([WAITS, (LEFT, 30), (EventType.QUEUE_ENTERED, 50)], 80),  # from the first place on
        ([(EventType.QUEUE_ENTERED, 95)], 0),
    ],
)
def test_how_long_they_waited(told: list[Any], waited: int | None) -> None:
    assert waited_s(a_call("caller_hung_up"), happened(*told)) == waited


WARD, UNPROVED, SHARED = CALLER, CallerId("204", "204", kind=UNPROVEN), CallerId("204", "204", shared=True)
HIDDEN, OTHER = CallerId("204", "204", withheld=True), CallerId("205", "205")


@pytest.mark.parametrize(
    ("missed", "matters", "by", "about", "reached"),
    [
        (WARD, "a", WARD, "a", True),
        (WARD, "ab", WARD, "bc", True),
        (WARD, "a", WARD, "b", False),  # another matter
        (WARD, "a", OTHER, "a", False),  # who reported the same and was reached
        (WARD, "", WARD, "b", True),  # they had told nothing yet
        (WARD, "a", WARD, "", True),  # they only wanted a person
        (UNPROVED, "a", UNPROVED, "a", True),
        (UNPROVED, "a", UNPROVED, "", False),  # anybody can say a number
        (SHARED, "", SHARED, "", False),
        (HIDDEN, "a", HIDDEN, "a", False),
        (CallerId(), "a", CallerId(), "a", False),
    ],
)
def test_who_has_been_reached_since(missed: CallerId, matters: str, by: CallerId, about: str, reached: bool) -> None:
    listed = [Listed("missed", MissedState.OPEN, missed, frozenset(matters))]
    assert are_reached(listed, ReachedCaller(by, frozenset(about), "later")) == (["missed"] if reached else [])
    assert are_reached(listed, ReachedCaller(by, frozenset(about), "missed")) == ["missed"]  # in the very call


def test_who_was_to_be_rung_about_a_matter_has_been_reached_by_it() -> None:
    waiting = Listed("waiting", MissedState.OWED, CallerId("anonymous", withheld=True), frozenset("a"))
    joined = Listed("joined", MissedState.OPEN, OTHER, frozenset("a"))
    by = ReachedCaller(CallerId(number="0612345678"), frozenset("a"), "asked", rung=True)
    assert are_reached([waiting, joined], by) == ["waiting"]


def test_a_caller_is_answered_when_all_their_matters_are() -> None:
    listed = [
        Listed("told", MissedState.OPEN, WARD, frozenset("a"), frozenset()),
        Listed("half", MissedState.OPEN, WARD, frozenset("ab"), frozenset("b")),
        Listed("none", MissedState.OPEN, WARD),
    ]
    assert are_answered(listed) == ["told"]


def test_whose_callback_it_is() -> None:
    another = Call("another", "demo", "100", CALLER, START, {})
    hidden = Call("another", "demo", "100", HIDDEN, START, {})
    assert is_theirs(owed(OutboundCallState.FAILED), a_call("served"))
    assert is_theirs(owed(OutboundCallState.PENDING), another)
    assert not is_theirs(owed(OutboundCallState.FAILED), another)
    assert not is_theirs(owed(OutboundCallState.PENDING), hidden)


def test_which_number_is_rung() -> None:
    def a_ticket(reporter: CallerId) -> Ticket:
        promise, intake = Promise("promise_answer", START), Intake.of_call(reporter)
        draft = TicketDraft("plumbing", "technical", "normal", promise, intake, callback_number="0612345678")
        return Ticket("ticket", "12", "demo", START, Stage.RECORDED, draft)

    assert number_to_ring(a_call("lost"), None) == "204"
    assert number_to_ring(a_call("lost"), a_ticket(CALLER)) == "0612345678"
    assert number_to_ring(a_call("lost"), a_ticket(OTHER)) == "204"  # whose matter they joined gave another
    assert number_to_ring(a_call("lost", caller=HIDDEN), None) is None
    assert number_to_ring(a_call("lost", caller=HIDDEN), a_ticket(HIDDEN)) == "0612345678"
