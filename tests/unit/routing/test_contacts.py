"""What became of those who waited, as the events of their calls tell it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from routing.contacts import CONTACT_EVENTS, Contact, ContactEnd, contact_of, contacts_of
from routing.event_types import EventType
from routing.missed import TALKS_TO_FALLBACK
from routing.model import NewEvent

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
E = EventType


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def happened(seconds: float, type: EventType, call_id: str = "c", **payload: Any) -> NewEvent:
    return NewEvent(call_id, type, at(seconds), payload=payload)


ENTERED = happened(10, E.QUEUE_ENTERED, crew="technical")
ENDED = happened(50, E.CALL_ENDED, ending="caller_hung_up")


@pytest.mark.parametrize(
    ("events", "end", "until_s"),
    [
        ([], ContactEnd.WAITING, None),
        ([happened(25, E.AGENT_ANSWERED), ENDED], ContactEnd.ANSWERED, 25),
        ([ENDED], ContactEnd.ABANDONED, 50),
        ([happened(30, E.QUEUE_LEFT, reason="waited too long"), ENDED], ContactEnd.ABANDONED, 30),
        ([happened(20, E.CALLBACK_STORED), ENDED], ContactEnd.CALLBACK, 20),
        ([ENDED, happened(900, E.CALLBACK_STORED)], ContactEnd.ABANDONED, 50),
        ([happened(40, E.MESSAGE_RECORDED), ENDED], ContactEnd.ELSEWHERE, 40),
        ([happened(20, E.QUEUE_LEFT, reason=TALKS_TO_FALLBACK), ENDED], ContactEnd.ELSEWHERE, 20),
        ([happened(20, E.DIALPLAN_TOOK_OVER, outcome="talked")], ContactEnd.ELSEWHERE, 20),
        ([happened(20, E.DIALPLAN_TOOK_OVER, outcome="left"), ENDED], ContactEnd.ABANDONED, 50),
        ([happened(60, E.CALL_ENDED, ending="talked")], ContactEnd.ELSEWHERE, 60),
        ([happened(20, E.CALLBACK_STORED), happened(30, E.AGENT_ANSWERED)], ContactEnd.ANSWERED, 30),
    ],
)
def test_what_became_of_the_waiting(events: list[NewEvent], end: ContactEnd, until_s: float | None) -> None:
    expected = Contact("c", "technical", at(10), None if until_s is None else at(until_s), end)
    assert contact_of([ENTERED, *events]) == expected
    assert {event.type for event in events} <= set(CONTACT_EVENTS)


def test_who_never_waited_is_no_contact_and_an_emergency_is_none() -> None:
    assert contact_of([ENDED]) is None
    assert contact_of([ENTERED, happened(12, E.EMERGENCY_SUMMONED), ENDED]) is None


def test_who_takes_a_callbacks_place_over_waits_from_then_on() -> None:
    taken = happened(10, E.CALLBACK_TAKEN_OVER, callback_id="b")
    contact = contact_of([taken, happened(12, E.AGENT_ANSWERED)])
    assert contact == Contact("c", "", at(10), at(12), ContactEnd.ANSWERED)


def test_who_enters_again_has_waited_since_the_first_time() -> None:
    again = happened(40, E.QUEUE_ENTERED, crew="it")
    contact = contact_of([ENTERED, again, ENDED])
    assert contact is not None
    assert (contact.crew, contact.since, contact.waited_s(at(999))) == ("technical", at(10), 40)


def test_events_of_many_calls_are_told_apart_and_told_in_order() -> None:
    late = happened(90, E.QUEUE_ENTERED, "b", crew="it")
    found = contacts_of([late, ENTERED, happened(95, E.AGENT_ANSWERED, "b"), ENDED, happened(1, E.CALL_ENDED, "x")])
    assert [(each.call_id, each.end) for each in found] == [("c", ContactEnd.ABANDONED), ("b", ContactEnd.ANSWERED)]
