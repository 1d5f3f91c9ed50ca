"""What becomes of a callback that is owed: moved, cancelled or given up, by its caller or by a person."""

from datetime import timedelta

import pytest

from ivr.notebook import Notebook
from routing.archive import Action
from routing.callback_times import LEAD
from routing.clocks import Clocks
from routing.event_types import EventType
from routing.fake_audit import MemoryAudit
from routing.missed import MissedKind, MissedState
from routing.model import CallerId, Missing, NotFound, NotNow, OutboundCall, OutboundCallState
from routing.purposes import Purpose
from routing.services.callbacks import BY_CALLER, FURTHEST
from routing.services.line import LineServices
from tests.unit.routing.world import RULES, World
from tests.unit.web.stand_ins import small_edition

ANNA = "agent:anna"
WALL = timedelta(minutes=3)  # the machine's clock is ahead of the line's


class Scene(World):
    def __init__(self) -> None:
        super().__init__()
        self.audit, self.site = MemoryAudit(), small_edition().site
        clocks = Clocks(lambda: self.now, lambda: self.now + WALL)
        self.line = LineServices.over(self.records, self.news, lambda: RULES, clocks, self.audit)
        self.callbacks = self.line.callbacks

    async def owed(self, number: str = "204", at: timedelta | None = None) -> OutboundCall:
        """Somebody who waited for a minute has chosen to be called back, perhaps so much later."""
        call, ticket = await self.call(caller=CallerId(number, number)), await self.ticket()
        notes = Notebook(call.id, "1.1", lambda: self.now)
        await self.line.queue.enter("technical", notes, ticket.id)
        self.passes(60)
        chosen = self.now + WALL + at if at else None
        kept = await self.callbacks.ask(call, ticket.id, number, self.site, notes, chosen)
        await self.line.calls.end(call.id, "served", notes)
        return kept

    async def load(self, callback: OutboundCall) -> OutboundCall:
        return await self.records.outbound_calls.load(callback.id)

    async def told(self, callback: OutboundCall) -> list[tuple[str, str, str]]:
        """Of changes: what, by whom, and why."""
        events = await self.records.calls.timeline(callback.call_id or "")
        changes = (EventType.CALLBACK_MOVED, EventType.CALLBACK_CANCELLED, EventType.CALLBACK_GIVEN_UP)
        return [(each.type, each.actor, each.private.get("note", "")) for each in events if each.type in changes]

    async def audited(self) -> list[tuple[str, str]]:
        return [(entry.action, entry.subject) for entry in await self.audit.entries(9)]


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_who_chose_a_time_keeps_their_place_and_is_offered_to_nobody_before(scene: Scene) -> None:
    callback, agent = await scene.owed(at=timedelta(hours=20)), await scene.agent()
    assert (callback.since, callback.due) == (scene.now - timedelta(seconds=60), scene.now + timedelta(hours=20))
    await scene.tick()
    assert await scene.records.offers.of_agent(agent.id) is None
    scene.passes(20 * 3_600)
    await scene.tick()
    assert (await scene.offer_to(agent)).callback_id == callback.id


async def test_a_moved_callback_keeps_its_place_and_is_told_where_it_was_asked_for(scene: Scene) -> None:
    callback, agent = await scene.owed(), await scene.agent()
    at = scene.now + WALL + timedelta(hours=2)
    moved = await scene.callbacks.move(callback.id, at, ANNA)
    assert (moved.state, moved.due) == (OutboundCallState.PENDING, scene.now + timedelta(hours=2))
    (entry,) = await scene.records.queue.waiting()
    assert (entry.since, entry.not_before) == (callback.since, moved.due)
    await scene.tick()
    assert await scene.records.offers.of_agent(agent.id) is None
    await scene.callbacks.move(callback.id, None, BY_CALLER)
    await scene.tick()
    assert (await scene.offer_to(agent)).callback_id == callback.id
    assert await scene.told(callback) == [
        (EventType.CALLBACK_MOVED, ANNA, ""), (EventType.CALLBACK_MOVED, BY_CALLER, ""),
    ]  # fmt: skip
    assert (Action.CALLBACK_MOVED, callback.id) in await scene.audited()


async def test_an_offer_of_a_callback_that_is_moved_is_taken_back(scene: Scene) -> None:
    callback, agent = await scene.owed(), await scene.agent()
    await scene.tick()
    await scene.show((await scene.offer_to(agent)).id)
    await scene.callbacks.move(callback.id, scene.now + WALL + timedelta(hours=2), ANNA)
    await scene.tick()
    assert (scene.dialler.dialled, await scene.records.offers.live()) == ([], [])


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=-5), FURTHEST + timedelta(minutes=1)])
async def test_a_time_is_ahead_and_within_a_month(scene: Scene, ahead: timedelta) -> None:
    callback = await scene.owed()
    with pytest.raises(Missing, match="still to come"):
        await scene.callbacks.move(callback.id, scene.now + WALL + ahead, ANNA)


async def test_a_person_says_why_it_is_cancelled_and_nobody_is_rung(scene: Scene) -> None:
    callback, agent = await scene.owed(), await scene.agent()
    with pytest.raises(Missing, match="why"):
        await scene.callbacks.cancel(callback.id, "  ", ANNA)
    await scene.callbacks.cancel(callback.id, "she came by", ANNA)
    assert (await scene.load(callback)).state is OutboundCallState.CANCELLED
    await scene.tick()
    assert (await scene.records.offers.of_agent(agent.id), await scene.records.queue.waiting()) == (None, [])
    assert await scene.told(callback) == [(EventType.CALLBACK_CANCELLED, ANNA, "she came by")]
    with pytest.raises(NotNow, match="over"):
        await scene.callbacks.cancel(callback.id, "again", ANNA)


async def test_its_caller_need_not_say_why(scene: Scene) -> None:
    callback = await scene.owed()
    assert (await scene.callbacks.cancel(callback.id, "", BY_CALLER)).state is OutboundCallState.CANCELLED
    assert await scene.told(callback) == [(EventType.CALLBACK_CANCELLED, BY_CALLER, "")]


async def test_who_is_given_up_on_is_listed_for_a_person_to_decide(scene: Scene) -> None:
    callback = await scene.owed()
    with pytest.raises(Missing):
        await scene.callbacks.give_up(callback.id, "", ANNA)
    await scene.callbacks.give_up(callback.id, "voicemail each time", ANNA)
    missed = await scene.records.missed.load(callback.call_id or "")
    assert (missed.kind, missed.state) == (MissedKind.CALLBACK_FAILED, MissedState.OPEN)
    assert (await scene.load(callback)).state is OutboundCallState.FAILED
    assert [entry.detail for entry in await scene.audit.entries(1)] == [{"ticket": callback.ticket_id}]


async def test_who_is_being_rung_is_not_moved_or_given_up_but_may_be_called_off(scene: Scene) -> None:
    callback, agent = await scene.owed(), await scene.agent()
    await scene.tick()
    await scene.show((await scene.offer_to(agent)).id)
    await scene.tick()
    assert len(scene.dialler.dialled) == 1
    for change in (scene.callbacks.move(callback.id, None, ANNA), scene.callbacks.give_up(callback.id, "x", ANNA)):
        with pytest.raises(NotNow, match="being rung"):
            await change
    assert (await scene.callbacks.cancel(callback.id, "solved", ANNA)).state is OutboundCallState.CANCELLED


async def test_only_callbacks_are_changed_so(scene: Scene) -> None:
    ticket = await scene.ticket()
    survey = await scene.callbacks.plan(Purpose.SURVEY, "survey", "204", scene.now, ticket.id, scene.site)
    with pytest.raises(NotFound):
        await scene.callbacks.cancel(survey.id, "x", ANNA)


async def test_who_calls_again_is_known_by_a_number_that_is_their_own(scene: Scene) -> None:
    callback, other = await scene.owed(), await scene.owed("205")
    again = await scene.call(caller=CallerId("204", "204"))
    found = await scene.callbacks.owed_to(again)
    assert found is not None
    assert found.id == callback.id
    for caller in (
        CallerId("204", "204", shared=True), CallerId("204", "204", kind="unproven"),
        CallerId("204", "204", withheld=True), CallerId("206", "206"),
    ):  # fmt: skip
        assert await scene.callbacks.owed_to(await scene.call(caller=caller)) is None
    await scene.callbacks.cancel(other.id, "", BY_CALLER)
    assert await scene.callbacks.owed_to(await scene.call(caller=CallerId("205", "205"))) is None


async def test_what_comes_soon_is_told_as_the_turn_and_later_by_the_walls_clock(scene: Scene) -> None:
    callback = await scene.owed()
    assert scene.callbacks.chosen_time(callback) is None
    at = scene.now + WALL + LEAD
    assert scene.callbacks.chosen_time(await scene.callbacks.move(callback.id, at, ANNA)) == at
