"""What the switchboard makes of what Asterisk tells: channels that talk, channels that are gone, hang-ups, answers."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from config.documents import CallbackRules
from config.in_force import EditionInForce
from controller.agent_phones import AgentPhones
from controller.dialplan_calls import DialplanCalls
from controller.emergency_calls import EmergencyCalls
from controller.emergency_reports import EmergencyReports
from controller.endings import CallEndings
from controller.switchboard import GRACE_S, AmiDialler, Switchboard
from controller.talk_calls import TalkCalls
from routing.fake import MemoryNews, MemoryRecords
from routing.identity import new_id
from routing.legs import CallLeg, LegKind
from routing.model import (
    Agent,
    AgentState,
    Attempt,
    AttemptState,
    Call,
    CallerId,
    NotDialled,
    Offer,
    OfferState,
    OutboundCall,
    QueueEntry,
)
from routing.nodes import BEFORE
from routing.outbound_desk import OutboundDesk
from routing.purposes import Purpose
from routing.services.talks import NotDone
from routing.talks import TalkState
from telephony.ami import AmiDown, AmiEvent, LiveChannel
from tests.services import services_over
from tests.unit.ivr.site import edition

CHANNEL, NODE = "east-1795918200.17", "east"


@dataclass
class ListedAsterisk:
    """Lists the channels it was given."""

    channels: list[LiveChannel] = field(default_factory=list)
    hung_up: list[str] = field(default_factory=list)
    down: bool = False

    async def core_show_channels(self) -> list[LiveChannel]:
        if self.down:
            raise AmiDown
        return self.channels

    async def hangup(self, channel: str) -> bool:
        self.hung_up.append(channel)
        return True


class Scene:
    """A call that waits, and an agent for it."""

    def __init__(self) -> None:
        self.asterisk, self.records, news = ListedAsterisk(), MemoryRecords(), MemoryNews()
        rules = CallbackRules(dial_patterns=("[0-9]+",))
        services = services_over(self.records, news)
        outbound = OutboundDesk(services, cast("Any", None), lambda: rules, NODE)
        ami = cast("Any", self.asterisk)
        documents = EditionInForce(edition())
        reports = EmergencyReports(services, documents)
        emergencies = EmergencyCalls(ami, reports, DialplanCalls(services, documents, NODE), NODE)
        endings = CallEndings(services, documents)
        self.talks = TalkCalls(ami, services.talks, NODE)
        self.board = Switchboard(
            ami, services, outbound, cast("Any", None), emergencies, self.talks, endings, AgentPhones(ami), node=NODE
        )  # fmt: skip
        self.now = datetime.now(UTC)

    async def waits(self, since_s: float = 2 * GRACE_S, node: str = NODE) -> Call:
        began = self.now - timedelta(seconds=since_s)
        call = Call(new_id(), "demo", "100", CallerId("204", "204"), began, {}, node=node, channel=CHANNEL)
        await self.records.calls.open(call)
        await self.records.legs.open(CallLeg(new_id(), call.id, CHANNEL, LegKind.CALLER, began))
        await self.records.queue.enter(QueueEntry(new_id(), "technical", "normal", began, call_id=call.id))
        return call

    async def offered(self, call: Call, state: OfferState) -> Offer:
        agent = Agent(
            new_id(), "anna", "Anna", frozenset({"technical"}), "agent1", AgentState.AVAILABLE, self.now, self.now
        )  # fmt: skip
        self.records.state.agents[agent.id] = agent
        entry = await self.records.queue.of_call(call.id)
        assert entry
        offer = Offer(new_id(), entry.id, agent.id, self.now, call_id=call.id)
        assert await self.records.offers.claim(offer, [])
        self.records.state.offers[offer.id] = replace(self.records.state.offers[offer.id], state=state)
        return offer

    async def lists(self, *bridges: str) -> None:
        self.asterisk.channels = [
            LiveChannel("PJSIP/204-00000001", CHANNEL, CHANNEL, "Up", "onenumber", "s", "Dial", bridge)
            for bridge in bridges
        ]
        await self.board._read_channels()


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_who_talks_to_the_fallback_group_waits_no_more(scene: Scene) -> None:
    await scene.waits()
    await scene.lists("bridge-1")
    assert await scene.records.queue.waiting() == []


async def test_who_merely_hears_music_keeps_waiting(scene: Scene) -> None:
    await scene.waits()
    await scene.lists("")
    assert len(await scene.records.queue.waiting()) == 1


@pytest.mark.parametrize(("state", "waits"), [(OfferState.SEEN, False), (OfferState.RINGING, True)])
async def test_a_talk_with_the_agent_whose_phone_rang_is_the_dispatchers_matter(
    scene: Scene, state: OfferState, waits: bool
) -> None:
    call = await scene.waits()
    await scene.offered(call, state)
    await scene.lists("bridge-1")
    assert (await scene.records.queue.of_call(call.id) is not None) == waits


async def test_a_call_whose_channel_is_gone_ends_as_lost_but_not_in_its_first_moments(scene: Scene) -> None:
    old, new = await scene.waits(), await scene.waits(since_s=1)
    await scene.lists()
    assert (await scene.records.calls.load(old.id)).ending == "lost"
    assert (await scene.records.calls.load(new.id)).ended_at is None


async def test_another_nodes_call_is_not_lost_because_our_asterisk_does_not_list_it(scene: Scene) -> None:
    call = await scene.waits(node="west")
    await scene.lists()
    assert (await scene.records.calls.load(call.id)).ended_at is None


@pytest.mark.parametrize("noted", [BEFORE, "renamed"])
async def test_a_call_that_our_asterisk_lists_is_ours_whatever_was_noted(scene: Scene, noted: str) -> None:
    call = await scene.waits(node=noted)
    await scene.lists("")
    assert (await scene.records.calls.load(call.id)).node == NODE
    await scene.lists()
    assert (await scene.records.calls.load(call.id)).ending == "lost"


@pytest.mark.parametrize(
    ("told", "words", "cause"),
    [
        ("16", "Normal Clearing", "16 Normal Clearing"),
        ("0", "Unknown", "16 Normal Clearing"),  # what Asterisk makes of a BYE that gives no reason
        ("44", "Requested channel not available", "44 Requested channel not available"),
    ],
)
async def test_a_hang_up_ends_its_leg_with_its_cause(scene: Scene, told: str, words: str, cause: str) -> None:
    call = await scene.waits()
    facts = {"Uniqueid": CHANNEL, "Cause": told, "Cause-txt": words}
    await scene.board._happened(AmiEvent("Hangup", facts))
    (leg,) = await scene.records.legs.of_call(call.id)
    assert leg.cause == cause


async def test_an_agent_talks_once_their_phone_is_in_a_bridge(scene: Scene) -> None:
    call = await scene.waits()
    offer = await scene.offered(call, OfferState.RINGING)
    for channel in (CHANNEL, new_id(), offer.id, offer.id):  # the caller's, a callback's, the agent's, told twice
        await scene.board._happened(AmiEvent("BridgeEnter", {"Uniqueid": channel}))
    assert (await scene.records.offers.load(offer.id)).state is OfferState.ANSWERED
    kinds = [(leg.kind, leg.channel) for leg in await scene.records.legs.of_call(call.id)]
    assert kinds == [(LegKind.CALLER, CHANNEL), (LegKind.AGENT, offer.id)]


async def test_an_agents_phone_that_was_not_reached_is_no_attempt_at_a_callback(scene: Scene) -> None:
    call = await scene.waits()
    offer = await scene.offered(call, OfferState.RINGING)
    failed = {"ActionID": offer.id, "Response": "Failure", "Reason": "3"}
    await scene.board._happened(AmiEvent("OriginateResponse", failed))
    assert (await scene.records.offers.load(offer.id)).state is OfferState.RINGING  # whoever rings it says what follows


def phone_taken(by_caller: str) -> AmiEvent:
    facts = {"DestChannel": "PJSIP/agent1-00000002", "DestUniqueid": "1795918207.19", "Uniqueid": by_caller}
    return AmiEvent("DialEnd", {"DialStatus": "ANSWER", **facts})


async def test_a_phone_taken_for_another_call_is_no_answer_to_the_offered_one(scene: Scene) -> None:
    call = await scene.waits()
    offer = await scene.offered(call, OfferState.RINGING)
    await scene.board._happened(phone_taken("1795918205.18"))  # an emergency rang it as well
    assert (await scene.records.offers.load(offer.id)).state is OfferState.RINGING
    assert await scene.records.queue.of_call(call.id)


async def test_a_phone_taken_is_an_answer_and_a_leg_of_the_call(scene: Scene) -> None:
    call = await scene.waits()
    offer = await scene.offered(call, OfferState.RINGING)
    await scene.board._happened(phone_taken(CHANNEL))
    assert (await scene.records.offers.load(offer.id)).state is OfferState.ANSWERED
    assert [leg.kind for leg in await scene.records.legs.of_call(call.id)] == [LegKind.CALLER, LegKind.AGENT]


async def test_who_has_answered_is_in_the_talk_by_channel_until_it_is_gone(scene: Scene) -> None:
    call = await scene.waits()
    await scene.offered(call, OfferState.RINGING)
    for listener in (scene.board._happened, scene.talks.happened):
        await listener(phone_taken(CHANNEL))
    (talk,) = await scene.records.talks.of_call(call.id)
    assert [each.channel for each in talk.participants] == [CHANNEL, "1795918207.19"]
    await scene.talks.happened(AmiEvent("Hangup", {"Uniqueid": "1795918207.19"}))
    assert (await scene.records.talks.load(talk.id)).state is TalkState.OVER


async def test_the_phone_of_a_channel_is_hung_up_by_its_name(scene: Scene) -> None:
    await scene.lists("bridge-1")
    await scene.talks.hang_up(CHANNEL)
    assert scene.asterisk.hung_up == ["PJSIP/204-00000001"]
    with pytest.raises(NotDone, match="no such channel"):
        await scene.talks.hang_up("1.1")
    scene.asterisk.down = True
    with pytest.raises(NotDone, match="AmiDown"):
        await scene.talks.hang_up(CHANNEL)


async def test_what_no_flow_serves_is_not_dialled() -> None:
    dialler = AmiDialler(cast("Any", None), cast("Any", None), EditionInForce(edition()))
    at = datetime.now(UTC)
    survey = OutboundCall("survey", "ticket", "204", "technical", "normal", at, at, Purpose.SURVEY, "gone")
    with pytest.raises(NotDialled, match="gone"):
        await dialler.originate(Attempt("attempt", "survey", 1, AttemptState.SENT, at), survey)
