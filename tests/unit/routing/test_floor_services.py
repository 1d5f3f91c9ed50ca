"""What those who look after the floor do: states, help, notices, links for walls; each is in the audit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from routing.archive import Action
from routing.clocks import Clocks
from routing.fake_audit import MemoryAudit
from routing.help_requests import HELP_TRANSITIONS, HelpEvent, HelpState
from routing.lifecycle import AgentEvent, after
from routing.model import Agent, AgentState, Missing, NotNow, TransitionRefused
from routing.services.line import LineServices
from tests.unit.routing.world import RULES, World

CHEN = "agent:chen"


class Floor(World):
    def __init__(self) -> None:
        super().__init__()
        self.audit = MemoryAudit()
        self.services = LineServices.over(
            self.records, self.news, lambda: RULES, Clocks(lambda: self.now, lambda: self.now), self.audit
        )

    async def actions(self) -> list[tuple[str, str, str]]:
        return [(each.actor, each.action, each.subject) for each in (await self.audit.entries(50))[::-1]]

    async def reload(self, agent: Agent) -> Agent:
        return await self.records.agents.load(agent.id)


@pytest.fixture
def floor() -> Floor:
    return Floor()


# states


async def test_an_agent_is_put_into_another_state_and_reads_by_whom_and_why(floor: Floor) -> None:
    anna = await floor.agent()
    await floor.services.agents.force(anna, AgentState.NOT_READY, "  fire drill,\nroom 3 ", CHEN)
    anna = await floor.reload(anna)
    assert (anna.state, anna.reason) == (AgentState.NOT_READY, "by:chen:fire drill, room 3")
    await floor.services.agents.force(anna, AgentState.AVAILABLE, "over", CHEN)
    assert (await floor.reload(anna)).state is AgentState.AVAILABLE
    assert await floor.actions() == [(CHEN, Action.STATE_FORCED, "anna")] * 2
    details = [dict(each.detail) for each in await floor.audit.entries(5)]
    assert details == [{"from": "not_ready", "to": "available"}, {"from": "available", "to": "not_ready"}]


async def test_nobody_writes_in_somebody_elses_name(floor: Floor) -> None:
    anna = await floor.agent()
    await floor.services.agents.go_not_ready(anna, "by:chen:lunch")
    assert (await floor.reload(anna)).reason == "(by:chen:lunch)"


@pytest.mark.parametrize(
    ("changes", "to"),
    [
        ({"state": AgentState.ON_CALL}, AgentState.NOT_READY),
        ({"state": AgentState.RESERVED}, AgentState.NOT_READY),
        ({"state": AgentState.NOT_READY}, AgentState.NOT_READY),
        ({"state": AgentState.NOT_READY, "page_seen_at": None}, AgentState.AVAILABLE),
        ({"state": AgentState.NOT_READY, "phone_nodes": frozenset()}, AgentState.AVAILABLE),
    ],
)
async def test_nobody_is_put_where_they_cannot_be(floor: Floor, changes: dict[str, Any], to: AgentState) -> None:
    anna = await floor.agent(**changes)
    with pytest.raises(NotNow):
        await floor.services.agents.force(anna, to, "because", CHEN)
    assert await floor.reload(anna) == anna
    assert await floor.actions() == []


async def test_a_reason_is_needed(floor: Floor) -> None:
    anna = await floor.agent()
    with pytest.raises(Missing):
        await floor.services.agents.force(anna, AgentState.NOT_READY, " \n", CHEN)


@pytest.mark.parametrize("to", [AgentState.AVAILABLE, AgentState.NOT_READY])
async def test_who_is_taken_out_of_after_call_work_loses_nothing_that_was_typed(floor: Floor, to: AgentState) -> None:
    anna = await floor.agent()
    entry = await floor.waiting()
    await floor.tick()
    offer = await floor.offer_to(anna)
    await floor.show(offer.id)
    assert await floor.services.offers.answered(offer.id)
    assert await floor.services.offers.talk_ended(offer.id)
    await floor.services.agents.keep_draft("anna", anna.id, f"wrap-up-{offer.id}", {"note": "leak behind the wall"})
    await floor.services.agents.force(await floor.reload(anna), to, "needed elsewhere", CHEN)
    assert await floor.state(anna) is to
    assert floor.records.state.wrap_ups[offer.id] == ("none given", "leak behind the wall")
    assert "wrap_up" in await floor.timeline(entry)


async def test_who_decides_on_a_state_that_is_no_more_is_told_so(floor: Floor) -> None:
    anna = await floor.agent()
    await floor.records.agents.change(anna.id, AgentEvent.WENT_NOT_READY, floor.now)
    with pytest.raises(NotNow):
        await floor.services.agents.force(anna, AgentState.NOT_READY, "because", CHEN)


# help


async def test_help_is_asked_for_once_taken_once_and_over_once(floor: Floor) -> None:
    anna, help = await floor.agent(), floor.services.help
    request = await help.ask(anna)
    with pytest.raises(NotNow):
        await help.ask(anna)
    assert [each.state for each in await floor.records.floor.help.open()] == [HelpState.ASKED]
    await help.take(request.id, CHEN)
    with pytest.raises(NotNow):
        await help.take(request.id, "agent:bo")
    (taken,) = await floor.records.floor.help.open()
    assert (taken.state, taken.taken_by, taken.taken_at) == (HelpState.TAKEN, CHEN, floor.now)
    await help.end_own(anna)
    assert await floor.records.floor.help.open() == []
    for late in (help.take(request.id, CHEN), help.end(request.id, CHEN), help.end_own(anna)):
        with pytest.raises(NotNow):
            await late
    assert [action for _, action, _ in await floor.actions()] == [
        Action.HELP_ASKED, Action.HELP_TAKEN, Action.HELP_ENDED,
    ]  # fmt: skip
    assert await help.ask(anna) != request  # the next time


@pytest.mark.parametrize("state", HelpState)
@pytest.mark.parametrize("event", HelpEvent)
def test_what_has_no_row_is_refused(state: HelpState, event: HelpEvent) -> None:
    known = {(HelpState.ASKED, HelpEvent.TAKEN), (HelpState.ASKED, HelpEvent.ENDED), (HelpState.TAKEN, HelpEvent.ENDED)}
    assert set(HELP_TRANSITIONS) == known
    if (state, event) not in known:
        with pytest.raises(TransitionRefused):
            after(HELP_TRANSITIONS, state, event)


# notices


async def test_a_notice_stands_until_its_end_or_until_it_is_withdrawn(floor: Floor) -> None:
    notices, kept = floor.services.notices, floor.records.floor.notices
    first = await notices.post(" The lifts are out.\n Use the stairs. ", 15, CHEN)
    second = await notices.post("Coffee", 60, CHEN)
    assert first.text == "The lifts are out. Use the stairs."
    assert [each.id for each in await kept.standing(floor.now)] == [second.id, first.id]
    floor.now += timedelta(minutes=15)
    assert [each.id for each in await kept.standing(floor.now)] == [second.id]
    await notices.withdraw(second.id, CHEN)
    assert await kept.standing(floor.now) == []
    for gone in (first.id, second.id, "never"):
        with pytest.raises(NotNow):
            await notices.withdraw(gone, CHEN)
    posted, withdrawn = Action.NOTICE_POSTED, Action.NOTICE_WITHDRAWN
    assert [action for _, action, _ in await floor.actions()] == [posted, posted, withdrawn]
    assert "lifts" not in repr(await floor.audit.entries(5))


async def test_each_person_puts_a_notice_away_for_themselves(floor: Floor) -> None:
    notice = await floor.services.notices.post("Coffee", 60, CHEN)
    await floor.services.notices.dismiss(notice.id, "anna")
    await floor.services.notices.dismiss(notice.id, "anna")
    await floor.services.notices.dismiss("never", "anna")
    kept = floor.records.floor.notices
    assert await kept.dismissed("anna", [notice.id, "never"]) == {notice.id}
    assert await kept.dismissed("bo", [notice.id]) == frozenset()


async def test_an_empty_notice_is_none(floor: Floor) -> None:
    with pytest.raises(Missing):
        await floor.services.notices.post(" \n ", 60, CHEN)


# links for walls


async def test_a_link_shows_the_wall_until_it_is_withdrawn(floor: Floor) -> None:
    walls, kept = floor.services.walls, floor.records.floor.walls
    link = await walls.make(" above  the door ", "hash-1", CHEN)
    assert link.name == "above the door"
    assert await kept.of_token("hash-1") == link
    assert await kept.of_token("hash-2") is None
    assert await kept.standing() == [link]
    await walls.withdraw(link.id, CHEN)
    assert (await kept.of_token("hash-1"), await kept.standing()) == (None, [])
    with pytest.raises(NotNow):
        await walls.withdraw(link.id, CHEN)
    with pytest.raises(Missing):
        await walls.make(" ", "hash-3", CHEN)
    made, withdrawn = Action.WALL_LINK_MADE, Action.WALL_LINK_WITHDRAWN
    assert await floor.actions() == [(CHEN, made, link.id), (CHEN, withdrawn, link.id)]


async def test_what_is_told_is_told_at_once(floor: Floor) -> None:
    anna = await floor.agent()
    before = (await floor.news.position()).partition("-")[0]
    await floor.services.help.ask(anna)
    await floor.services.notices.post("Coffee", 60, CHEN)
    await floor.services.agents.force(replace(anna), AgentState.NOT_READY, "because", CHEN)
    topics = [topic for count, topic, _ in floor.news._published if count > int(before)]
    assert topics == ["help", "notice", "agent"]
