"""What a person does about a caller whom nobody reached: to the list, the timeline, the news and the audit."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from config.documents import CallbackRules, Site
from ivr.notebook import Notebook
from routing.archive import Action
from routing.clocks import Clocks
from routing.event_types import EventType
from routing.fake_audit import MemoryAudit
from routing.missed import MissedKind, MissedQuery, MissedState
from routing.model import CallerId, Missing, NotCallable, NotNow, OutboundCallState, Stage
from routing.retrying import AttemptResult
from routing.services.callbacks import OwedToAnother
from routing.services.line import LineServices
from tests.unit.routing.world import RULES, World
from tests.unit.web.stand_ins import small_edition

ANNA = "agent:anna"


class Scene(World):
    def __init__(self) -> None:
        super().__init__()
        self.audit = MemoryAudit()
        self.site: Site = small_edition().site
        clocks = Clocks(lambda: self.now, lambda: self.now)
        self.desk_services = LineServices.over(
            self.records, self.news, lambda: RULES, clocks, self.audit, lambda: self.site
        )
        self.missed = self.desk_services.missed

    async def gives_up(self, caller: CallerId = CallerId("204", "204"), about: bool = True) -> str:
        """A caller who has waited for a minute; `about` a ticket of theirs."""
        call = await self.call(caller=caller)
        if about:
            ticket = await self.ticket()
            await self.records.tickets.join(ticket.id, call.id, self.now)
        notes = Notebook(call.id, "1.1", lambda: self.now)
        await self.services.queue.enter("technical", notes)
        self.passes(60)
        await self.desk_services.calls.end(call.id, "caller_hung_up", notes)
        return call.id

    async def state(self, call_id: str) -> MissedState:  # type: ignore[override]
        return (await self.records.missed.load(call_id)).state

    async def told(self, call_id: str) -> list[tuple[str, str, Mapping[str, str]]]:
        events = await self.records.calls.timeline(call_id)
        return [(event.type, event.actor, event.private) for event in events if event.actor == ANNA]

    async def done_by(self) -> list[tuple[str, str, str]]:
        return [(entry.actor, entry.action, entry.subject) for entry in await self.audit.entries(9)]


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_who_gives_up_is_listed_as_the_call_ends(scene: Scene) -> None:
    call_id = await scene.gives_up()
    (missed,) = await scene.records.missed.listed(MissedQuery(), 9)
    assert (missed.id, missed.kind, missed.waited_s) == (call_id, MissedKind.CLOSED_HOURS, 60)  # a Sunday
    scene.now += timedelta(days=1)
    await scene.gives_up()
    assert await scene.records.missed.counts() == {MissedKind.CLOSED_HOURS: 1, MissedKind.ABANDONED: 1}


async def test_who_is_called_back_waits_like_others_and_leaves_the_list_once_reached(scene: Scene) -> None:
    call_id = await scene.gives_up()
    stored = await scene.missed.call_back(call_id, scene.site, ANNA)
    assert (stored.number, stored.since, stored.call_id) == ("204", scene.now, call_id)
    assert await scene.records.queue.of_callback(stored.id) is not None
    assert await scene.state(call_id) is MissedState.OWED
    assert await scene.told(call_id) == [(EventType.CALLBACK_STORED, ANNA, {"number": "204"})]
    assert await scene.done_by() == [(ANNA, Action.CALLBACK_ORDERED, call_id)]
    with pytest.raises(NotNow, match="being called back"):
        await scene.missed.call_back(call_id, scene.site, ANNA)
    agent = await scene.agent()
    await scene.tick()
    offer = await scene.offer_to(agent)
    await scene.show(offer.id)
    await scene.tick()
    (attempt,) = scene.dialler.dialled
    await scene.phone_taken(attempt)
    rung = await scene.call(direction="outbound", attempt_id=attempt.id, outbound_call_id=stored.id)
    assert await scene.records.outbound_calls.connect(attempt.id, rung.id, scene.now)
    assert await scene.offers.answered(offer.id)
    await scene.offers.talk_ended(offer.id)
    assert await scene.state(call_id) is MissedState.REACHED


async def test_who_was_not_reached_by_it_is_listed_again_and_can_be_called_back_once_more(scene: Scene) -> None:
    scene.rules = CallbackRules(dial_patterns=scene.rules.dial_patterns, attempts=1)
    call_id, agent = await scene.gives_up(), await scene.agent()
    stored = await scene.missed.call_back(call_id, scene.site, ANNA)
    await scene.tick()
    await scene.show((await scene.offer_to(agent)).id)
    await scene.tick()
    await scene.desk.failed(scene.dialler.dialled[0].id, AttemptResult.BUSY, scene.now)
    assert (await scene.records.outbound_calls.load(stored.id)).state is OutboundCallState.FAILED
    missed = await scene.records.missed.load(call_id)
    assert (missed.state, missed.kind) == (MissedState.OPEN, MissedKind.CALLBACK_FAILED)
    again = await scene.missed.call_back(call_id, scene.site, ANNA)
    assert again.id != stored.id


async def test_who_told_nothing_gets_a_ticket_to_be_called_back_about(scene: Scene) -> None:
    call_id = await scene.gives_up(about=False)
    stored = await scene.missed.call_back(call_id, scene.site, ANNA)
    ticket = await scene.records.tickets.load(stored.ticket_id)
    assert (ticket.draft.topic, ticket.draft.intake.taken_by) == ("person", ANNA)
    assert (await scene.records.missed.load(call_id)).ticket_id == ticket.id
    assert [each.id for each in await scene.records.tickets.of_call(call_id)] == [ticket.id]


@pytest.mark.parametrize(
    ("caller", "why"),
    [
        (CallerId("anonymous", withheld=True), "the number was withheld"),
        (CallerId("nurse"), "no number is known"),
        (CallerId("+3190912345", "+3190912345"), "no dial pattern allows this number"),
        (CallerId("112", "112"), "nobody is called back at the emergency services"),
    ],
)
async def test_a_number_that_may_not_be_rung_is_refused_in_words(scene: Scene, caller: CallerId, why: str) -> None:
    call_id = await scene.gives_up(caller, about=False)
    with pytest.raises(NotCallable, match=why):
        await scene.missed.call_back(call_id, scene.site, ANNA)
    assert await scene.state(call_id) is MissedState.OPEN
    assert not scene.records.state.tickets  # and nothing is left behind
    assert await scene.told(call_id) == []


async def test_no_number_is_rung_more_often_than_the_caps_allow(scene: Scene) -> None:
    for _ in range(scene.site.callback.hourly_per_number):
        await scene.missed.call_back(await scene.gives_up(), scene.site, ANNA)
    with pytest.raises(NotNow, match="as often as one hour allows"):
        await scene.missed.call_back(await scene.gives_up(), scene.site, ANNA)


async def test_a_tickets_one_callback_stays_whose_it_is(scene: Scene) -> None:
    first = await scene.gives_up()
    second = await scene.call(caller=CallerId("205", "205"))
    (ticket,) = await scene.records.tickets.of_call(first)
    await scene.records.tickets.join(ticket.id, second.id, scene.now)
    notes = Notebook(second.id, "1.1", lambda: scene.now)
    await scene.desk_services.calls.end(second.id, "caller_hung_up", notes)
    await scene.missed.call_back(first, scene.site, ANNA)
    with pytest.raises(OwedToAnother):
        await scene.missed.call_back(second.id, scene.site, ANNA)


async def test_done_needs_a_reason_is_told_and_can_be_taken_back(scene: Scene) -> None:
    call_id = await scene.gives_up()
    with pytest.raises(Missing):
        await scene.missed.done(call_id, "  \n", ANNA)
    done = await scene.missed.done(call_id, " told her at the desk ", ANNA)
    assert (done.state, done.by, done.reason) == (MissedState.DONE, ANNA, "told her at the desk")
    with pytest.raises(NotNow, match="dealt with meanwhile"):
        await scene.missed.done(call_id, "again", "agent:bo")
    again = await scene.missed.reopen(call_id, ANNA)
    assert (again.state, again.reason) == (MissedState.OPEN, "")
    with pytest.raises(NotNow, match="already"):
        await scene.missed.reopen(call_id, ANNA)
    told = [EventType.MISSED_DONE, EventType.MISSED_REOPENED]
    assert await scene.told(call_id) == [(told[0], ANNA, {"note": "told her at the desk"}), (told[1], ANNA, {})]
    assert await scene.done_by() == [(ANNA, "missed_reopened", call_id), (ANNA, "missed_done", call_id)]
    assert not any(entry.detail for entry in await scene.audit.entries(9))  # it is kept for ever


async def test_what_becomes_known_late_counts(scene: Scene) -> None:
    call = await scene.call()
    ticket = await scene.ticket()
    await scene.records.tickets.join(ticket.id, call.id, scene.now)
    notes = Notebook(call.id, "1.1", lambda: scene.now)
    await scene.desk_services.calls.end(call.id, "lost", notes)
    assert (await scene.records.missed.load(call.id)).kind is MissedKind.LOST
    late = Notebook(call.id, "spooled", lambda: scene.now)
    late.note(EventType.DIALPLAN_TOOK_OVER, {"outcome": "message"})
    late.note(EventType.MESSAGE_RECORDED, {"ticket_id": ticket.id})
    took = EventType.DIALPLAN_TOOK_OVER
    assert not await scene.desk_services.calls.end(call.id, "message_left", late, scene.now, "system", late=took)
    missed = await scene.records.missed.load(call.id)
    assert (missed.kind, missed.ticket_id) == (MissedKind.MESSAGE_UNHEARD, ticket.id)
    await scene.missed.heard(ticket.id, ANNA)
    assert (await scene.records.missed.load(call.id)).by == ANNA
    assert await scene.state(call.id) is MissedState.REACHED


async def test_whose_matter_has_its_answer_is_off_the_list(scene: Scene) -> None:
    call_id = await scene.gives_up()
    (ticket,) = await scene.records.tickets.of_call(call_id)
    await scene.missed.call_back(call_id, scene.site, ANNA)
    await scene.records.tickets.move(ticket.id, Stage.ACCEPTED, ANNA, scene.now)
    assert await scene.state(call_id) is MissedState.OWED
    await scene.records.tickets.move(ticket.id, Stage.CLOSED, ANNA, scene.now, "told")
    assert await scene.state(call_id) is MissedState.REACHED
