"""Talks: begun by an answer, ended when nobody of one side is left; and what is asked of the switchboard in them."""

from dataclasses import dataclass, field, replace

import pytest

from routing.emergencies import EmergencyState
from routing.identity import new_id
from routing.legs import CallLeg, LegKind
from routing.model import Agent, AgentState, Offer, OfferState
from routing.rules import beginning
from routing.services.talks import (
    CARRIED_OUT,
    LATE_S,
    AnotherUnderWay,
    CannotBeDone,
    NotDone,
    NotInTalk,
)
from routing.talks import (
    CommandKind,
    CommandState,
    Participant,
    ParticipantState,
    Role,
    Talk,
    TalkCommand,
    TalkState,
)
from tests.unit.routing.world import NODE, World

CALLER, PHONE = "1795918200.17", "1795918207.19"


@dataclass
class ScriptedSwitch:
    hung_up: list[str] = field(default_factory=list)
    failure: str = ""

    async def hang_up(self, channel: str) -> None:
        self.hung_up.append(channel)
        if self.failure:
            raise NotDone(self.failure)


class Scene(World):
    def __init__(self) -> None:
        super().__init__()
        self.talks = self.services.talks
        self.switch = ScriptedSwitch()

    async def answered(self) -> tuple[Agent, Offer, Talk]:
        """An agent talks to a caller, and both channels are known."""
        agent, entry = await self.agent(), await self.waiting()
        assert entry.call_id
        await self.records.legs.open(CallLeg(new_id(), entry.call_id, CALLER, LegKind.CALLER, self.now))
        await self.tick()
        offer = await self.offer_to(agent)
        await self.show(offer.id)
        await self.offers.ringing(offer.id)
        await self.offers.answered(offer.id)
        await self.talks.connected(CALLER, PHONE)
        (talk,) = await self.records.talks.of_call(entry.call_id)
        return agent, offer, talk

    async def talk(self, talk: Talk) -> Talk:
        return await self.records.talks.load(talk.id)

    async def command(self, command: TalkCommand) -> TalkCommand:
        return await self.records.talks.load_command(command.id)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_an_answer_begins_a_talk_of_caller_and_agent(scene: Scene) -> None:
    agent, offer, talk = await scene.answered()
    caller, mine = talk.participants
    assert (talk.state, talk.begun_at) == (TalkState.ON, scene.now)
    assert (caller.role, caller.channel, caller.state) == (Role.CALLER, CALLER, ParticipantState.TALKING)
    assert (mine.role, mine.channel, mine.agent_id, mine.offer_id) == (Role.AGENT, PHONE, agent.id, offer.id)


async def test_the_agents_hanging_up_ends_it_and_after_call_work_begins_with_the_offers_end(scene: Scene) -> None:
    agent, offer, talk = await scene.answered()
    scene.passes(30)
    await scene.talks.gone(PHONE)
    over = await scene.talk(talk)
    assert (over.state, over.ended_at) == (TalkState.OVER, scene.now)
    assert {each.left_at for each in over.participants} == {scene.now}
    assert await scene.state(agent) is AgentState.ON_CALL
    scene.passes(1)
    assert await scene.offers.talk_ended(offer.id)
    assert await scene.state(agent) is AgentState.AFTER_CALL_WORK
    assert await scene.talk(talk) == over


@pytest.mark.parametrize("how", ["offer", "call", "caller's channel"])
async def test_it_ends_however_the_end_is_told(scene: Scene, how: str) -> None:
    _, offer, talk = await scene.answered()
    if how == "offer":
        await scene.offers.talk_ended(offer.id)
    elif how == "call":
        await scene.records.calls.end(talk.call_id, "talked", scene.now)
    else:
        await scene.talks.gone(CALLER)
    assert (await scene.talk(talk)).state is TalkState.OVER


async def test_a_talk_goes_on_while_somebody_of_the_house_is_left_and_not_with_a_listener_alone(scene: Scene) -> None:
    _, offer, talk = await scene.answered()
    for role in (Role.CONSULTANT, Role.SUPERVISOR):
        joined = Participant(new_id(), talk.id, talk.call_id, role, scene.now, channel=role)
        scene.records.state.participants[joined.id] = joined
    await scene.offers.talk_ended(offer.id)  # the agent hands over: after-call work of their own
    assert (await scene.talk(talk)).state is TalkState.ON
    await scene.talks.gone(Role.CONSULTANT)
    over = await scene.talk(talk)
    assert (over.state, {each.state for each in over.participants}) == (TalkState.OVER, {ParticipantState.LEFT})


async def test_who_answers_an_emergency_talks_and_each_answer_is_a_talk_of_its_own(scene: Scene) -> None:
    call, agent = await scene.call(), await scene.agent()
    emergencies = scene.services.emergencies
    await emergencies.raised(call.id, CALLER, scene.now)
    assert await emergencies.answered(CALLER, "urgent1")
    (first,) = await scene.records.talks.of_call(call.id)
    assert [each.answered_by for each in first.participants] == ["", "phone:urgent1"]
    await emergencies.rung_on(CALLER)  # a machine
    assert (await scene.talk(first)).state is TalkState.OVER
    assert await emergencies.answered(CALLER, agent.phone or "")
    second = (await scene.records.talks.of_call(call.id))[1]
    assert (second.state, second.participants[1].answered_by) == (TalkState.ON, "agent:anna")
    await emergencies.caller_gone(CALLER)
    assert (await scene.talk(second)).state is TalkState.OVER
    assert (await scene.records.emergencies.of_channel(CALLER)) is not None


async def test_a_talk_whose_end_was_missed_stands_in_the_way_of_no_answer(scene: Scene) -> None:
    _, _, talk = await scene.answered()
    assert await scene.records.state.won(*beginning(talk.call_id, scene.now))
    states = [each.state for each in await scene.records.talks.of_call(talk.call_id)]
    assert states == [TalkState.OVER, TalkState.ON]


async def test_an_agent_hangs_up_by_the_desk_once_however_many_controllers_tick(scene: Scene) -> None:
    agent, _, talk = await scene.answered()
    command = await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)
    for _ in range(3):
        await scene.talks.tick(scene.switch, NODE)
    assert scene.switch.hung_up == [PHONE]
    assert (await scene.command(command)).state is CommandState.SENT
    await scene.talks.gone(PHONE)
    await scene.talks.tick(scene.switch, NODE)
    assert (await scene.command(command)).state is CommandState.DONE


async def test_what_is_asked_in_a_talk_is_done_where_the_talk_is(scene: Scene) -> None:
    agent, _, talk = await scene.answered()
    command = await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)
    await scene.talks.tick(scene.switch, "west")
    assert scene.switch.hung_up == []
    assert (await scene.command(command)).state is CommandState.ASKED
    await scene.talks.tick(scene.switch, NODE)
    assert scene.switch.hung_up == [PHONE]


async def test_who_took_an_emergency_hangs_up_by_the_desk_as_well(scene: Scene) -> None:
    call, agent = await scene.call(), await scene.agent()
    await scene.records.legs.open(CallLeg(new_id(), call.id, CALLER, LegKind.CALLER, scene.now))
    emergencies = scene.services.emergencies
    await emergencies.raised(call.id, CALLER, scene.now)
    await emergencies.answered(CALLER, agent.phone or "")
    await scene.talks.connected(CALLER, PHONE)
    (talk,) = await scene.records.talks.of_call(call.id)
    await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)
    await scene.talks.tick(scene.switch, NODE)
    assert scene.switch.hung_up == [PHONE]


async def test_a_phone_whose_channel_is_not_known_is_not_hung_up(scene: Scene) -> None:
    agent, entry = await scene.agent(), await scene.waiting()
    await scene.tick()
    offer = await scene.offer_to(agent)
    await scene.show(offer.id)
    await scene.offers.answered(offer.id)  # of which no controller heard at the time
    (talk,) = await scene.records.talks.of_call(entry.call_id or "")
    command = await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)
    await scene.talks.tick(scene.switch, NODE)
    assert (scene.switch.hung_up, (await scene.command(command)).state) == ([], CommandState.FAILED)


async def test_what_asterisk_did_not_do_has_failed_and_says_why(scene: Scene) -> None:
    agent, _, talk = await scene.answered()
    command = await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)
    scene.switch.failure = "AmiDown"
    await scene.talks.tick(scene.switch, NODE)
    assert await scene.command(command) == replace(command, state=CommandState.FAILED, why="AmiDown", at=scene.now)
    assert await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)  # may be tried again


async def test_what_nobody_expects_any_more_is_not_done(scene: Scene) -> None:
    agent, _, talk = await scene.answered()
    command = await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)
    scene.passes(LATE_S + 1)
    await scene.talks.tick(scene.switch, NODE)
    assert scene.switch.hung_up == []
    assert (await scene.command(command)).state is CommandState.FAILED


@pytest.mark.parametrize("kind", [kind for kind in CommandKind if kind not in CARRIED_OUT])
async def test_what_the_switchboard_cannot_do_is_refused_at_the_asking(scene: Scene, kind: CommandKind) -> None:
    agent, _, talk = await scene.answered()
    with pytest.raises(CannotBeDone, match=kind):
        await scene.talks.ask(kind, talk.id, agent)
    assert await scene.records.talks.commands() == []


async def test_one_thing_at_a_time_by_who_is_in_the_talk(scene: Scene) -> None:
    agent, offer, talk = await scene.answered()
    with pytest.raises(NotInTalk):
        await scene.talks.ask(CommandKind.HANG_UP, talk.id, await scene.agent("bo"))
    await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)
    with pytest.raises(AnotherUnderWay):
        await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)
    await scene.offers.talk_ended(offer.id)
    with pytest.raises(NotInTalk):
        await scene.talks.ask(CommandKind.HANG_UP, talk.id, agent)
    assert (await scene.records.offers.load(offer.id)).state is OfferState.ENDED


async def test_the_news_of_a_take_does_not_end_an_emergencys_talk(scene: Scene) -> None:
    call = await scene.call()
    emergencies = scene.services.emergencies
    emergency = await emergencies.raised(call.id, CALLER, scene.now)
    await emergencies.answered(CALLER, "urgent1")
    await emergencies.raised(call.id, CALLER, scene.now)  # reported again
    (talk,) = await scene.records.talks.of_call(call.id)
    assert talk.state is TalkState.ON
    assert (await scene.records.emergencies.load(emergency.id)).state is EmergencyState.TAKEN
