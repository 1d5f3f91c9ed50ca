"""Who has a ticket, stages taken back, matters reopened: pure."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.acts import Act, require_seen, standing
from routing.corrections import NotOffered
from routing.handling import (
    Assignment,
    assigned,
    earlier_stages,
    is_owed_again,
    may_reopen,
    promised_anew,
    require_earlier,
    require_offered,
    require_reopening,
    told_of_assignment,
)
from routing.identity import new_id
from routing.lifecycle import BACK_TO, FORWARD, TICKET_TRANSITIONS, next_stages
from routing.merging import reached_by
from routing.model import ChangedMeanwhile, Promise, Stage, Ticket, TransitionRefused
from tests.contract.samples import NOW, a_draft, later
from tests.unit.web.stand_ins import small_edition

EDITION = small_edition()


def a_ticket(stage: Stage = Stage.ARRIVED, *skipped: Stage) -> Ticket:
    reached = {each: later(n) for n, each in enumerate(Stage) if list(Stage).index(each) <= list(Stage).index(stage)}
    stages = {each: at for each, at in reached.items() if each not in skipped}
    return Ticket(new_id(), "48213", "demo", NOW, stage, a_draft(), stages=stages)


def given_to(ticket: Ticket, crew: str, person: str | None = None) -> list[tuple[str, str]]:
    return told_of_assignment(ticket, assigned(ticket, Assignment(crew, person)))


def test_a_ticket_is_taken_given_on_and_given_back() -> None:
    ticket = a_ticket()
    assert given_to(ticket, "technical", "anna") == [("assigned", "anna")]
    anna = assigned(ticket, Assignment("technical", "anna"))
    assert Assignment.of(anna) == Assignment("technical", "anna")
    assert given_to(anna, "technical") == [("unassigned", "technical")]
    assert given_to(anna, "it") == [("given", "it")]
    assert given_to(anna, "it", "bo") == [("given", "it"), ("assigned", "bo")]
    assert given_to(anna, "technical", "anna") == []


def test_a_closed_ticket_is_nobodys() -> None:
    with pytest.raises(TransitionRefused):
        assigned(a_ticket(Stage.CLOSED), Assignment("technical", "anna"))


def test_nobody_gets_what_they_are_not_there_to_get() -> None:
    ticket = replace(a_ticket(), assignee="gone")
    require_offered(Assignment("technical", "gone"), ticket, EDITION, ())
    require_offered(Assignment("dispatch", "anna"), ticket, EDITION, ("anna",))
    for to, field in ((Assignment("nowhere"), "crew"), (Assignment("technical", "mallory"), "assignee")):
        with pytest.raises(NotOffered) as refused:
            require_offered(to, ticket, EDITION, ("anna",))
        assert refused.value.fields == [field]


def test_whoever_decides_on_an_old_standing_is_refused() -> None:
    ticket = a_ticket()
    act = Act("agent:anna", NOW, seen=standing(ticket))
    require_seen(ticket, act)
    require_seen(replace(ticket, urgency_set="low"), act)
    for now in (
        replace(ticket, assignee="bo"),
        replace(ticket, stage=Stage.COMPLETED),
        replace(ticket, merged_into="x"),
    ):
        with pytest.raises(ChangedMeanwhile):
            require_seen(now, act)
    require_seen(replace(ticket, assignee="bo"), Act("agent:anna", NOW))


def test_a_ticket_goes_back_to_where_it_was_and_nowhere_else() -> None:
    ticket = a_ticket(Stage.COMPLETED, Stage.DISPATCHED)
    assert earlier_stages(ticket) == [Stage.ARRIVED, Stage.ACCEPTED, Stage.RECORDED]
    assert require_earlier(ticket, Stage.ACCEPTED) is BACK_TO[Stage.ACCEPTED]
    assert list(reached_by(ticket, Stage.ACCEPTED)) == [Stage.RECORDED, Stage.ACCEPTED]
    for to in (Stage.DISPATCHED, Stage.COMPLETED, Stage.CLOSED):
        with pytest.raises(TransitionRefused):
            require_earlier(ticket, to)
    with pytest.raises(TransitionRefused):
        require_earlier(a_ticket(Stage.CLOSED), Stage.RECORDED)
    assert earlier_stages(a_ticket(Stage.RECORDED)) == []


@given(st.sampled_from(Stage))
def test_moving_on_never_goes_back(stage: Stage) -> None:
    order = list(Stage)
    assert all(order.index(to) > order.index(stage) for to in next_stages(stage))
    back = [to for (before, event), to in TICKET_TRANSITIONS.items() if before is stage and event in BACK_TO.values()]
    assert all(order.index(to) < order.index(stage) for to in back)
    assert not set(FORWARD) & set(BACK_TO.values())


@pytest.mark.parametrize(
    ("stage", "to", "owed"),
    [
        (Stage.ARRIVED, Stage.ACCEPTED, True),
        (Stage.COMPLETED, Stage.ARRIVED, False),
        (Stage.ACCEPTED, Stage.RECORDED, False),
    ],
)
def test_a_promise_is_owed_again_where_what_kept_it_was_not_so(stage: Stage, to: Stage, owed: bool) -> None:
    assert is_owed_again(a_ticket(stage), to) is owed


def test_what_is_done_may_be_reopened_unless_another_has_its_matter() -> None:
    assert [stage for stage in Stage if may_reopen(a_ticket(stage))] == [Stage.COMPLETED, Stage.CLOSED]
    require_reopening(a_ticket(Stage.CLOSED))
    for ticket in (replace(a_ticket(Stage.CLOSED), merged_into="x"), a_ticket(Stage.ARRIVED)):
        with pytest.raises(TransitionRefused):
            require_reopening(ticket)


def test_a_reopened_matter_is_promised_what_a_new_one_would_be() -> None:
    at = NOW + timedelta(days=3)
    ticket = replace(a_ticket(Stage.CLOSED), urgency_set="normal")
    assert promised_anew(ticket, EDITION, at) == Promise("promise_attend", at + timedelta(minutes=240))
    urgent = promised_anew(replace(ticket, urgency_set="critical"), EDITION, at)
    assert at < urgent.by < at + timedelta(minutes=240)
