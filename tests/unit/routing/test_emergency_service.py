"""Emergencies: who is rung, who takes them, and what becomes of the agents."""

from dataclasses import dataclass, field

import pytest

from routing.emergencies import EMERGENCY_TRANSITIONS, TALKED_S, Emergency, EmergencyEvent, EmergencyState, TakeState
from routing.lifecycle import after
from routing.model import Agent, AgentState, OfferState, OutboundCallState, TransitionRefused
from routing.overdue import RING_SLACK_S
from routing.services.emergencies import AFTER_EMERGENCY, IN_EMERGENCY, TAKE_LIMIT_S, UNRUNG_S, NotRung
from tests.unit.routing.world import RULES, World

CALLER, PHONE = "1795918200.17", "1795918200.19"


@dataclass
class ScriptedPhones:
    rung: list[tuple[str, str]] = field(default_factory=list)
    refuses: bool = False

    async def ring_alone(self, channel: str, phone: str) -> None:
        if self.refuses:
            raise NotRung
        self.rung.append((channel, phone))


class Scene(World):
    def __init__(self) -> None:
        super().__init__()
        self.phones = ScriptedPhones()
        self.emergencies = self.services.emergencies

    async def raised(self) -> Emergency:
        call = await self.call()
        return await self.emergencies.raised(call.id, CALLER, self.now)

    async def seen(self, emergency: Emergency) -> Emergency:
        return await self.records.emergencies.load(emergency.id)

    async def reason(self, agent: Agent) -> tuple[AgentState, str]:
        now = await self.records.agents.load(agent.id)
        return now.state, now.reason

    async def taken_by(self, agent: Agent, emergency: Emergency) -> None:
        """The agent asks for it, and their phone rings."""
        assert await self.emergencies.ask(emergency.id, agent)
        await self.emergencies.tick(self.phones)
        await self.emergencies.rung(CALLER, PHONE, agent.phone or "")


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_an_emergency_while_an_agents_phone_rings_costs_the_agent_nothing(scene: Scene) -> None:
    agent = await scene.agent()
    entry = await scene.waiting()
    await scene.tick()
    offer = await scene.offer_to(agent)
    await scene.show(offer.id)
    await scene.offers.ringing(offer.id)
    for _ in range(2):  # as told by two controllers
        await scene.emergencies.raised(entry.call_id or "", CALLER, scene.now)
    assert (await scene.records.offers.load(offer.id)).state is OfferState.LAPSED
    assert await scene.reason(agent) == (AgentState.AVAILABLE, "")
    assert await scene.records.queue.of_call(entry.call_id or "") is None
    scene.passes(RULES.ring_s + RING_SLACK_S + 1)
    await scene.tick()
    assert await scene.reason(agent) == (AgentState.AVAILABLE, "")
    timeline = await scene.timeline(entry)
    assert timeline.count("emergency.summoned") == 1
    (shown,) = await scene.records.emergencies.live()
    assert (shown.call_id, shown.state) == (entry.call_id, EmergencyState.RINGING)


async def test_an_emergency_before_a_called_back_person_confirms_frees_the_agent_held_for_them(scene: Scene) -> None:
    agent, callback = await scene.agent(), await scene.callback()
    await scene.tick()
    await scene.show((await scene.offer_to(agent)).id)
    await scene.tick()
    call = await scene.call(direction="outbound", outbound_call_id=callback.id)
    await scene.emergencies.raised(call.id, CALLER, scene.now, callback.id)
    assert await scene.reason(agent) == (AgentState.AVAILABLE, "")
    await scene.tick()
    assert (await scene.records.outbound_calls.load(callback.id)).state is OutboundCallState.DONE
    assert await scene.records.offers.of_agent(agent.id) is None
    assert await scene.records.queue.waiting() == []


async def test_it_is_known_which_phones_ring_and_which_was_taken(scene: Scene) -> None:
    emergency = await scene.raised()
    for n, phone in enumerate(("urgent1", "urgent2")):
        await scene.emergencies.rung(CALLER, f"1.{n}", phone)
    assert [ring.phone for ring in (await scene.seen(emergency)).rings] == ["urgent1", "urgent2"]
    await scene.emergencies.ring_ended("1.0")
    assert [ring.phone for ring in (await scene.seen(emergency)).rings] == ["urgent2"]
    assert await scene.emergencies.answered(CALLER, "urgent2")
    taken = await scene.seen(emergency)
    assert (taken.state, taken.taken_by, taken.rings) == (EmergencyState.TAKEN, "phone:urgent2", ())
    scene.passes(TALKED_S)
    await scene.emergencies.caller_gone(CALLER)
    assert await scene.records.emergencies.live() == []


async def test_an_answer_gone_at_once_is_no_answer(scene: Scene) -> None:
    emergency = await scene.raised()
    await scene.emergencies.answered(CALLER, "urgent1")
    await scene.emergencies.rung(CALLER, "1.5", "urgent1")
    again = await scene.seen(emergency)
    assert (again.state, again.taken_by) == (EmergencyState.RINGING, "")


@pytest.mark.parametrize(("phone", "left"), [("urgent1", EmergencyState.LEFT), ("phone-bo", EmergencyState.ENDED)])
async def test_a_caller_gone_after_a_moment_may_have_met_a_machine(
    scene: Scene, phone: str, left: EmergencyState
) -> None:
    await scene.agent("bo")
    emergency = await scene.raised()
    await scene.emergencies.answered(CALLER, phone)
    scene.passes(TALKED_S - 1)
    await scene.emergencies.caller_gone(CALLER)
    await scene.emergencies.call_ended(emergency.call_id, answered=True)
    assert (await scene.seen(emergency)).state is left


async def test_phones_and_answers_of_other_calls_are_none_of_its(scene: Scene) -> None:
    await scene.raised()
    await scene.emergencies.rung("1.1", "1.2", "agent1")
    assert not await scene.emergencies.answered("1.1", "agent1")
    await scene.emergencies.caller_gone("1.1")
    (still,) = await scene.records.emergencies.live()
    assert (still.state, still.rings) == (EmergencyState.RINGING, ())


@pytest.mark.parametrize("state", [AgentState.AVAILABLE, AgentState.NOT_READY, AgentState.ON_CALL])
async def test_any_agent_takes_it_and_is_offered_nobody_meanwhile(scene: Scene, state: AgentState) -> None:
    agent, emergency = await scene.agent("bo", state=state), await scene.raised()
    await scene.taken_by(agent, emergency)
    await scene.emergencies.tick(scene.phones)  # another controller
    assert scene.phones.rung == [(CALLER, "phone-bo")]
    await scene.waiting()
    await scene.dispatcher.tick()
    assert await scene.records.offers.of_agent(agent.id) is None
    assert await scene.emergencies.answered(CALLER, "phone-bo")
    taken = await scene.seen(emergency)
    assert (taken.state, taken.taken_by, taken.take) == (EmergencyState.TAKEN, "agent:bo", None)


async def test_who_has_taken_one_says_when_they_are_ready_again(scene: Scene) -> None:
    agent, emergency = await scene.agent("bo"), await scene.raised()
    await scene.taken_by(agent, emergency)
    assert await scene.reason(agent) == (AgentState.NOT_READY, IN_EMERGENCY)
    await scene.emergencies.answered(CALLER, "phone-bo")
    await scene.emergencies.call_ended(emergency.call_id, answered=True)
    assert await scene.reason(agent) == (AgentState.NOT_READY, AFTER_EMERGENCY)


async def test_who_takes_one_gives_back_the_caller_they_were_offered(scene: Scene) -> None:
    agent, emergency = await scene.agent("bo"), await scene.raised()
    entry = await scene.waiting()
    await scene.tick()
    offer = await scene.offer_to(agent)
    await scene.taken_by(agent, emergency)
    assert (await scene.records.offers.load(offer.id)).state is OfferState.LAPSED
    assert [waiting.id for waiting in await scene.records.queue.waiting()] == [entry.id]
    assert await scene.reason(agent) == (AgentState.NOT_READY, IN_EMERGENCY)


async def test_a_second_agent_is_told_that_somebody_takes_it(scene: Scene) -> None:
    bo, anna = await scene.agent("bo"), await scene.agent("anna")
    emergency = await scene.raised()
    assert await scene.emergencies.ask(emergency.id, bo)
    assert not await scene.emergencies.ask(emergency.id, anna)
    assert await scene.reason(anna) == (AgentState.AVAILABLE, "")


async def test_a_takers_phone_that_is_not_answered_lets_another_take_it(scene: Scene) -> None:
    bo, anna = await scene.agent("bo"), await scene.agent("anna")
    emergency = await scene.raised()
    await scene.taken_by(bo, emergency)
    await scene.emergencies.ring_ended(PHONE)
    assert await scene.reason(bo) == (AgentState.NOT_READY, "phone did not answer")
    assert await scene.emergencies.ask(emergency.id, anna)


async def test_a_take_that_is_carried_out_by_nobody_is_given_up(scene: Scene) -> None:
    bo, emergency = await scene.agent("bo"), await scene.raised()
    await scene.emergencies.ask(emergency.id, bo)
    scene.passes(TAKE_LIMIT_S + 1)
    await scene.emergencies.tick(scene.phones)
    assert scene.phones.rung == []
    assert (await scene.seen(emergency)).take is None


async def test_a_taker_whose_phone_rang_with_the_others_is_rung_alone_and_not_blamed(scene: Scene) -> None:
    bo, emergency = await scene.agent("bo"), await scene.raised()
    await scene.emergencies.rung(CALLER, "1.7", "phone-bo")
    scene.passes(2)
    await scene.emergencies.ask(emergency.id, bo)
    await scene.emergencies.tick(scene.phones)
    await scene.emergencies.ring_ended("1.7")  # by the redirect
    assert (await scene.seen(emergency)).take is not None
    await scene.emergencies.rung(CALLER, PHONE, "phone-bo")
    await scene.emergencies.answered(CALLER, "phone-bo")
    assert await scene.reason(bo) == (AgentState.NOT_READY, IN_EMERGENCY)


@pytest.mark.parametrize(("rings", "limit_s"), [(False, UNRUNG_S), (True, TAKE_LIMIT_S)])
async def test_a_take_whose_phone_does_not_ring_lets_another_take_it_soon(
    scene: Scene, rings: bool, limit_s: int
) -> None:
    bo, anna, emergency = await scene.agent("bo"), await scene.agent("anna"), await scene.raised()
    await scene.emergencies.ask(emergency.id, bo)
    await scene.emergencies.tick(scene.phones)
    if rings:
        await scene.emergencies.rung(CALLER, PHONE, "phone-bo")
    scene.passes(limit_s)
    await scene.emergencies.tick(scene.phones)
    assert not await scene.emergencies.ask(emergency.id, anna)
    scene.passes(1)
    await scene.emergencies.tick(scene.phones)
    assert await scene.reason(bo) == (AgentState.AVAILABLE, "")
    assert await scene.emergencies.ask(emergency.id, anna)


async def test_who_was_overtaken_is_available_as_before(scene: Scene) -> None:
    bo, emergency = await scene.agent("bo"), await scene.raised()
    await scene.emergencies.ask(emergency.id, bo)
    scene.phones.refuses = True
    await scene.emergencies.tick(scene.phones)
    assert await scene.reason(bo) == (AgentState.AVAILABLE, "")
    await scene.emergencies.ask(emergency.id, bo)
    await scene.emergencies.answered(CALLER, "urgent1")
    assert await scene.reason(bo) == (AgentState.AVAILABLE, "")
    assert scene.records.state.takes[list(scene.records.state.takes)[-1]].state is TakeState.FAILED


async def test_whom_nobody_answered_is_shown_until_a_person_looks_after_them(scene: Scene) -> None:
    agent, emergency = await scene.agent("bo"), await scene.raised()
    await scene.emergencies.rung(CALLER, "1.1", "urgent1")
    await scene.emergencies.caller_gone(CALLER)
    await scene.emergencies.call_ended(emergency.call_id, answered=False)
    (left,) = await scene.records.emergencies.live()
    assert (left.state, left.rings) == (EmergencyState.LEFT, ())
    assert await scene.emergencies.ask(left.id, agent)
    assert not await scene.emergencies.ask(left.id, agent)
    assert await scene.records.emergencies.live() == []
    assert (await scene.seen(left)).taken_by == "agent:bo"
    assert await scene.reason(agent) == (AgentState.AVAILABLE, "")


async def test_an_answer_of_which_only_the_calls_end_tells_counts(scene: Scene) -> None:
    emergency = await scene.raised()
    await scene.emergencies.caller_gone(CALLER)
    await scene.emergencies.call_ended(emergency.call_id, answered=True)
    assert await scene.records.emergencies.live() == []


def test_a_missing_row_is_a_refusal() -> None:
    with pytest.raises(TransitionRefused):
        after(EMERGENCY_TRANSITIONS, EmergencyState.ENDED, EmergencyEvent.RUNG_AGAIN)
