"""Contacts: callers who asked for a person, as the events of their calls tell. What a day's figures are made of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.event_types import EventType
from routing.missed import EMERGENCIES, MESSAGES, TALKED, TALKS_TO_FALLBACK, WAITING_BEGAN, waiting_span
from routing.model import NewEvent


class ContactEnd(StrEnum):
    """What became of the waiting."""

    WAITING = "waiting"  # nothing yet
    ANSWERED = "answered"  # by an agent
    ABANDONED = "abandoned"  # the caller went, or the call did
    CALLBACK = "callback"  # they chose to be called back
    ELSEWHERE = "elsewhere"  # the fallback group answered, or they left a message


CONTACT_EVENTS: tuple[EventType, ...] = (
    *WAITING_BEGAN, EventType.QUEUE_LEFT, EventType.AGENT_ANSWERED, EventType.CALLBACK_STORED, *sorted(MESSAGES),
    *sorted(EMERGENCIES), EventType.DIALPLAN_TOOK_OVER, EventType.CALL_ENDED,
)  # fmt: skip
"""The types of events that a contact follows from."""


@dataclass(frozen=True)
class Contact:
    """One who waited for a person in one call."""

    call_id: str
    crew: str  # whom they waited for at first; empty where it is not told
    since: datetime
    until: datetime | None  # None: they wait
    end: ContactEnd

    def waited_s(self, now: datetime) -> float:
        return max(0.0, ((self.until or now) - self.since).total_seconds())


def contacts_of(events: Iterable[NewEvent]) -> list[Contact]:
    """Of many calls' events, in the order in which the waiting began."""
    by_call = defaultdict[str, list[NewEvent]](list)
    for event in events:
        by_call[event.call_id].append(event)
    found = (contact_of(of_call) for of_call in by_call.values())
    return sorted((each for each in found if each), key=lambda each: (each.since, each.call_id))


def contact_of(events: Sequence[NewEvent]) -> Contact | None:
    """Of one call's events; None where its caller never waited, and of an emergency, which is no matter of waiting."""
    began = [event for event in events if event.type in WAITING_BEGAN]
    if not began or any(event.type in EMERGENCIES for event in events):
        return None
    first = min(began, key=lambda event: event.at)
    end, until = _end_of(events)
    return Contact(first.call_id, str(first.payload.get("crew", "")), first.at, until, end)


def _end_of(events: Sequence[NewEvent]) -> tuple[ContactEnd, datetime | None]:
    """An agent's answer, whenever it came; else what came first."""
    if answered := [event.at for event in events if event.type == EventType.AGENT_ANSWERED]:
        return ContactEnd.ANSWERED, min(answered)
    ends = [(event.at, end) for event in events if (end := _ends(event))]
    if not ends:
        return ContactEnd.WAITING, None
    at, end = min(ends, key=lambda each: each[0])  # of those at one moment, what was noted first
    if end is ContactEnd.ABANDONED and (span := waiting_span(events, at)):
        return end, span[1]
    return end, at


_BY_TYPE: Mapping[str, ContactEnd] = {
    EventType.CALLBACK_STORED: ContactEnd.CALLBACK,
    **dict.fromkeys(MESSAGES, ContactEnd.ELSEWHERE),
}


def _ends(event: NewEvent) -> ContactEnd | None:
    """What the event makes of the waiting, where it ends it."""
    match event.type:
        case EventType.QUEUE_LEFT:
            return ContactEnd.ELSEWHERE if event.payload.get("reason") == TALKS_TO_FALLBACK else None
        case EventType.DIALPLAN_TOOK_OVER:
            return ContactEnd.ELSEWHERE if event.payload.get("outcome") in (*TALKED, "message") else None
        case EventType.CALL_ENDED:
            return ContactEnd.ELSEWHERE if event.payload.get("ending") in TALKED else ContactEnd.ABANDONED
        case other:
            return _BY_TYPE.get(other)
