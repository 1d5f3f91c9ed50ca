"""What a use case says, to the timeline, the news and the audit, whoever asks for it."""

from datetime import timedelta

import pytest

from config.documents import AgentAccount, load_edition
from config.settings import PROJECT
from ivr.notebook import Notebook
from routing.archive import Action
from routing.clocks import Clocks
from routing.event_types import EventType
from routing.fake_audit import MemoryAudit
from routing.model import AgentState, CallerId, Intake, IntakeSource, Missing, NotNow, Promise, Stage, TicketDraft
from routing.phones import PhoneKind
from routing.services.line import LineServices
from tests.unit.routing.world import RULES, World


@pytest.fixture
def world() -> World:
    return World()


def notes(world: World, call_id: str) -> Notebook:
    return Notebook(call_id, "1.1", lambda: world.now)


async def told_since(world: World, position: str) -> list[tuple[str, dict[str, str]]]:
    """The news since then."""
    await world.news.publish("end")
    told = []
    async for _, topic, fields in world.news.listen(position):
        if topic == "end":
            break
        told.append((topic, dict(fields)))
    return told


async def test_a_place_given_up_to_an_emergency_is_on_the_timeline(world: World) -> None:
    entry = await world.waiting()
    call_id = entry.call_id or ""
    await world.services.emergencies.raised(call_id, "1.1", world.now)
    (left,) = [each for each in await world.records.calls.timeline(call_id) if each.type is EventType.QUEUE_LEFT]
    assert (left.actor, left.payload) == ("system", {"reason": "emergency"})


async def test_a_call_ends_once_with_its_place_and_offer_and_is_told_once(world: World) -> None:
    agent, entry = await world.agent(), await world.waiting()
    call_id, before = entry.call_id or "", await world.news.position()
    await world.tick()
    for ending in ("caller_hung_up", "lost"):
        await world.services.calls.end(call_id, ending, notes(world, call_id))
    assert (await world.records.calls.load(call_id)).ending == "caller_hung_up"
    assert [type for type in await world.timeline(entry) if type == "call.ended"] == ["call.ended"]
    assert await world.records.offers.of_agent(agent.id) is None
    assert await world.records.queue.waiting() == []
    assert [topic for topic, _ in await told_since(world, before)].count("call") == 1


async def test_what_was_noted_of_a_call_that_has_ended_is_told_late_and_once(world: World) -> None:
    call = await world.call()
    await world.services.calls.end(call.id, "caller_hung_up", notes(world, call.id))
    for _ in range(2):
        late = notes(world, call.id)
        late.note(EventType.DIALPLAN_TOOK_OVER)
        assert not await world.services.calls.end(call.id, "served", late, late=EventType.DIALPLAN_TOOK_OVER)
    timeline = [event.type for event in await world.records.calls.timeline(call.id)]
    assert timeline == ["call.ended", "dialplan.took_over"]


async def test_a_ticket_that_no_call_opens_is_one_and_news(world: World) -> None:
    intake = Intake(IntakeSource.DESK, CallerId(name="Nurse Kim"), "agent:anna")
    draft = TicketDraft("plumbing", "technical", "normal", Promise("promise_attend", world.now), intake)
    before = await world.news.position()
    first, again = [await world.services.tickets.open(draft, "desk:1") for _ in range(2)]
    assert first.id == again.id
    assert await told_since(world, before) == [("ticket", {"ticket": first.id})] * 2
    assert await world.records.calls.live() == []


async def test_what_a_person_does_is_in_the_audit_and_what_the_line_does_is_not(world: World) -> None:
    audit, anna = MemoryAudit(), await world.agent()
    clocks = Clocks(lambda: world.now, lambda: world.now)
    desk = LineServices.over(world.records, world.news, lambda: RULES, clocks, audit)
    await desk.agents.go_not_ready(anna, "lunch")
    await desk.agents.go_available(await world.records.agents.load(anna.id))
    ticket, call = await world.ticket(), await world.call()
    await desk.tickets.move(ticket, Stage.CLOSED, "told", "agent:anna")
    emergency = await desk.emergencies.raised(call.id, "1.1", world.now, node=call.node)
    await desk.emergencies.take(emergency.id, await world.records.agents.load(anna.id))
    done = [entry.action for entry in reversed(await audit.entries(9))]
    assert done == [Action.STATE_CHANGED, Action.STATE_CHANGED, Action.STAGE_SET, Action.EMERGENCY_TAKEN]


async def test_what_is_refused_changes_nothing_and_is_not_told(world: World) -> None:
    anna, ticket, before = await world.agent(phone_nodes=frozenset()), await world.ticket(), await world.news.position()
    with pytest.raises(Missing):
        await world.services.tickets.move(ticket, Stage.CLOSED, " ", "agent:anna")
    with pytest.raises(NotNow):
        await world.services.agents.go_available(anna)
    assert (await world.records.tickets.load(ticket.id)).stage is Stage.RECORDED
    assert await told_since(world, before) == []


async def test_callers_go_to_the_most_skilled_by_the_documents_in_force(world: World) -> None:
    site = load_edition(PROJECT / "config").site
    bo, anna = await world.agent("bo", idle_since=world.now - timedelta(hours=1)), await world.agent()
    of_bo = AgentAccount(login="bo", name="Bo", crews=("technical",), skills={"technical": 2})
    in_force = {"site": site.model_copy(update={"agents": (of_bo,)})}
    clocks = Clocks(lambda: world.now, lambda: world.now)
    line = LineServices.over(world.records, world.news, lambda: RULES, clocks, site=lambda: in_force["site"])
    await world.waiting()
    await line.dispatcher.tick()
    assert await world.records.offers.of_agent(anna.id)
    in_force["site"] = site.model_copy(update={"agents": ()})
    second = await world.agent("chen")
    await world.waiting()
    await line.dispatcher.tick()
    assert [await world.records.offers.of_agent(each.id) is not None for each in (bo, second)] == [True, False]


async def test_an_agent_chooses_their_phone_while_they_take_no_calls(world: World) -> None:
    audit, anna = MemoryAudit(), await world.agent()
    desk = LineServices.over(
        world.records, world.news, lambda: RULES, Clocks(lambda: world.now, lambda: world.now), audit
    )
    with pytest.raises(NotNow):
        await desk.agents.choose_phone(anna, PhoneKind.BROWSER)
    await desk.agents.go_not_ready(anna, "lunch")
    before = await world.news.position()
    for _ in range(2):  # the second changes nothing
        await desk.agents.choose_phone(await world.records.agents.load(anna.id), PhoneKind.BROWSER)
    chosen = await world.records.agents.load(anna.id)
    assert (chosen.phone, chosen.phone_registered) == (f"{anna.phone}-browser", False)
    assert len(await told_since(world, before)) == 1
    (entry,) = [entry for entry in await audit.entries(9) if entry.action == Action.PHONE_CHOSEN]
    assert (entry.subject, entry.detail) == (anna.login, {"phone": "browser"})
    nobody = await world.agent("chen", phone=None, state=AgentState.NOT_READY)
    with pytest.raises(NotNow):
        await desk.agents.choose_phone(nobody, PhoneKind.BROWSER)
