"""Hanging up anywhere between telling a matter and hearing of its ticket leaves the matter recorded."""

from dataclasses import replace

import pytest

from ivr.actions import (
    Action,
    AgentFound,
    FindAgent,
    Heard,
    JoinTicket,
    MattersFound,
    OpenMatter,
    OpenTicket,
    Outcome,
    Pressed,
    Silence,
    Started,
    TicketOpened,
)
from ivr.interpreter import advance
from ivr.leaving import left_behind
from ivr.state import State
from tests.unit.ivr.site import CALLER, KNOWN, GivenUnderstander, begin, script


def said(text: str) -> Heard:
    return Heard(GivenUnderstander().understand(text, "en"))


def hung_up(*outcomes: Outcome, free: bool | None = False) -> State:
    """The state that was saved last before the caller hung up; `free` None: it is being looked for an agent."""
    line, state = script(), begin(**CALLER)
    for outcome in (Started(), *outcomes):
        state, action = advance(line, state, outcome)
        if isinstance(action, FindAgent) and free is not None:
            state, _ = advance(line, state, AgentFound(free))
    return State.from_json(state.to_json())


def opened(action: Action) -> tuple[str, str | None, str | None]:
    assert isinstance(action, OpenTicket)
    return action.key, action.facts.topic, action.facts.place


FOUND = MattersFound((OpenMatter("t9", "9001", "accepted"),))
DRAIN = said("drain on ward four")
OPENED = TicketOpened("t1", "4721", "promise_attend", "2026-01-05T12:00:00+00:00")


@pytest.mark.parametrize(
    ("outcomes", "kept"),
    [
        ([said("drain")], ("matter", "plumbing", None)),  # "where is it?"
        ([said("drain"), Silence()], ("matter", "plumbing", None)),  # "please key in the number"
        ([DRAIN], ("matter", "plumbing", "ward-4")),  # "I understood"
        ([DRAIN, said("no")], ("matter", "plumbing", "ward-4")),  # "what should be different?"
        ([DRAIN, said("no, ward five")], ("matter", "plumbing", "ward-5")),
        ([DRAIN, Silence()], ("matter", "plumbing", "ward-4")),  # while open reports are looked up
        ([DRAIN, Silence(), MattersFound()], ("matter", "plumbing", "ward-4")),  # while the ticket is opened
        ([DRAIN, Silence(), FOUND, said("no")], ("matter", "plumbing", "ward-4")),
        ([Pressed("1"), Pressed("1")], ("matter", "plumbing", None)),
        ([said("bill")], ("matter", "billing", None)),
        ([said("maybe printer")], ("matter", None, None)),  # "is it about …?"
    ],
)
def test_what_was_told_becomes_a_ticket(outcomes: list[Outcome], kept: tuple[str, str | None, str | None]) -> None:
    (action,) = left_behind(hung_up(*outcomes))
    assert opened(action) == kept


@pytest.mark.parametrize("free", [None, True])
def test_what_was_told_becomes_a_ticket_also_while_an_agent_is_called(free: bool | None) -> None:
    (action,) = left_behind(hung_up(DRAIN, free=free))
    assert opened(action) == ("matter", "plumbing", "ward-4")


def test_what_has_its_ticket_leaves_nothing_behind() -> None:
    assert list(left_behind(hung_up(DRAIN, OPENED, free=True))) == []


@pytest.mark.parametrize("answer", [[], [Pressed("1")], [said("yes")]])
def test_who_was_asked_about_an_open_report_has_joined_it(answer: list[Outcome]) -> None:
    assert left_behind(hung_up(DRAIN, Silence(), FOUND, *answer)) == [JoinTicket("t9")]


def test_both_of_two_matters_are_kept() -> None:
    two = replace(said("drain on ward four").understanding, others=(KNOWN["no, the printer"],))
    assert [opened(action) for action in left_behind(hung_up(Heard(two)))] == [
        ("matter", "plumbing", "ward-4"),
        ("matter-2", "printer", "ward-4"),
    ]


@pytest.mark.parametrize(
    "outcomes",
    [
        [],
        [said("mumble")],
        [said("fire")],
        [Pressed("1", blind=True), Pressed("1", blind=True)],
        [said("my ticket")],
        [said("maybe printer"), said("my ticket")],
        [said("maybe printer"), Silence()],
        [said("maybe printer"), Pressed("2")],
    ],
)
def test_who_told_nothing_leaves_nothing(outcomes: list[Outcome]) -> None:
    assert list(left_behind(hung_up(*outcomes))) == []


def test_a_key_pressed_knowingly_tells_something_again() -> None:
    assert len(left_behind(hung_up(Pressed("1", blind=True), Pressed("1")))) == 1
    assert len(left_behind(hung_up(Pressed("2", blind=True), Pressed("1", blind=True)))) == 1  # said back
