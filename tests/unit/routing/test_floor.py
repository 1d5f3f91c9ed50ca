"""The floor's numbers: queues, promises, callbacks, emergencies."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from routing.emergencies import Emergency, EmergencyState
from routing.floor import (
    DuePromise,
    Waiter,
    callbacks_due,
    crew_queues,
    emergencies_open,
    here_since,
    promises_due,
    waiting_of,
)
from routing.model import Agent, AgentState, Call, CallerId, OutboundCall, OutboundCallState, QueueEntry
from routing.purposes import Purpose
from tests.unit.routing.world import NODE, RULES, START

NOW = START + timedelta(hours=1)


def ago(seconds: float) -> "timedelta":
    return timedelta(seconds=seconds)


def waiters(entries: Iterable[QueueEntry], calls: Mapping[str, Call]) -> list[Waiter]:
    return [Waiter(entry, here_since(entry, calls.get(entry.call_id or ""))) for entry in entries]


def a_call(id: str, started_s: float = 60) -> Call:
    return Call(id, "demo", "100", CallerId(), NOW - ago(started_s), {})


def live(id: str, crew: str = "technical", waited_s: float = 60, urgency: str = "normal") -> QueueEntry:
    return QueueEntry(f"entry-{id}", crew, urgency, NOW - ago(waited_s), call_id=id)


def owed(id: str, crew: str = "technical", waited_s: float = 60) -> QueueEntry:
    return QueueEntry(f"entry-{id}", crew, "normal", NOW - ago(waited_s), callback_id=id)


def an_agent(login: str, state: AgentState = AgentState.AVAILABLE, crews: str = "technical") -> Agent:
    phones = frozenset({NODE})
    return Agent(login, login, login, frozenset(crews.split()), "phone", state, NOW, NOW, phones, page_seen_at=NOW)


def test_a_place_that_a_call_has_taken_over_is_older_than_its_waiting() -> None:
    entry = live("a", waited_s=7_200)
    assert here_since(entry, a_call("a", started_s=30)) == NOW - ago(30)
    assert here_since(live("a", waited_s=10), a_call("a", started_s=30)) == NOW - ago(10)
    assert here_since(owed("b", waited_s=7_200), None) == NOW - ago(7_200)


def test_who_waits_is_counted_apart_from_who_is_owed_a_call() -> None:
    entries = [live("a", waited_s=30), live("b", waited_s=90), owed("c", waited_s=900)]
    waiting = waiting_of(waiters(entries, {"a": a_call("a"), "b": a_call("b", 100)}))
    assert (waiting.live, waiting.callbacks) == (2, 1)
    assert (waiting.live_since, waiting.callbacks_since) == (NOW - ago(90), NOW - ago(900))
    assert waiting.longest_since == NOW - ago(900)
    assert waiting_of([]).longest_since is None


def test_each_crew_has_its_queue_and_a_crew_that_is_none_of_the_site_is_not_lost() -> None:
    agents = [
        an_agent("anna"), an_agent("bo", AgentState.ON_CALL, "technical it"), an_agent("chen", AgentState.NOT_READY),
        replace(an_agent("dee"), page_seen_at=NOW - ago(600)),
    ]  # fmt: skip
    those = waiters([live("a"), live("b", "gone"), owed("c", "it")], {})
    queues = crew_queues(["technical", "it", "logistics"], those, agents, NOW, RULES)
    told = [(each.crew, each.waiting.live, each.waiting.callbacks, each.free, each.there) for each in queues]
    assert told == [
        ("technical", 1, 0, 1, 2), ("it", 0, 1, 0, 1), ("logistics", 0, 0, 0, 0), ("gone", 1, 0, 0, 0),
    ]  # fmt: skip
    assert [each.crew for each in queues if each.unstaffed] == ["gone"]


def test_promises_are_overdue_or_due_soon_and_the_first_are_named() -> None:
    those = [DuePromise(str(n), NOW + timedelta(minutes=n)) for n in (-20, -1, 0, 30)]
    due = promises_due(those, NOW, shown=3)
    assert (due.overdue, due.soon, [each.ticket_id for each in due.first]) == (2, 2, ["-20", "-1", "0"])


def test_callbacks_are_due_under_way_or_later_and_others_that_we_ring_are_none() -> None:
    def outbound(state: OutboundCallState, due_s: float, purpose: Purpose = Purpose.CALLBACK) -> OutboundCall:
        at = NOW - ago(900)
        return OutboundCall("o", "t", "204", "it", "normal", at, NOW + ago(due_s), purpose, state=state)

    pending, dialling = OutboundCallState.PENDING, OutboundCallState.DIALLING
    told = [
        outbound(pending, -60), outbound(pending, -900), outbound(pending, 60), outbound(dialling, -1),
        outbound(pending, -1, Purpose.SURVEY),
    ]  # fmt: skip
    due = callbacks_due(told, NOW)
    assert (due.due, due.under_way, due.later, due.due_since) == (2, 1, 1, NOW - ago(900))


def test_emergencies_are_with_a_person_or_not() -> None:
    states = (EmergencyState.RINGING, EmergencyState.LEFT, EmergencyState.TAKEN)
    told = [Emergency(state, "c", "1.1", NOW - ago(n), state) for n, state in enumerate(states)]
    found = emergencies_open(told)
    assert (found.untaken, found.taken, found.untaken_since) == (2, 1, NOW - ago(1))
