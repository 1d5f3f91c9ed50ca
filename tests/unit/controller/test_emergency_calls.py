"""What Asterisk tells of an emergency becomes a record, a ticket and a row at the desks; takes become redirects."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from config.in_force import EditionInForce
from controller.dialplan_calls import DialplanCalls
from controller.emergency_calls import CONTEXT, LISTED_S, TAKE_CONTEXT, EmergencyCalls
from controller.emergency_reports import EmergencyReports
from controller.messages import MessageImport
from ivr.facts import Facts
from ivr.state import State
from routing.emergencies import Emergency, EmergencyState
from routing.model import Attempt, AttemptState, Call, CallerId, Intake, Ticket
from telephony.ami import ActionRefused, AmiEvent, LiveChannel
from telephony.spool import SpooledMessage
from tests.unit.ivr.site import edition
from tests.unit.routing.world import NODE, World

CHANNEL, PHONE = "1795918200.17", "1795918200.19"
AT = 1_795_918_200


@dataclass
class ListedAsterisk:
    """Lists the channels it was given, and notes who was redirected where."""

    channels: list[LiveChannel] = field(default_factory=list)
    redirected: list[tuple[str, str, str]] = field(default_factory=list)
    refuses: bool = False

    async def core_show_channels(self) -> list[LiveChannel]:
        return self.channels

    async def redirect(self, channel: str, context: str, exten: str) -> None:
        if self.refuses:
            raise ActionRefused("Redirect")
        self.redirected.append((channel, context, exten))


class Scene(World):
    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.now(UTC)
        self.asterisk = ListedAsterisk()
        self.documents = EditionInForce(edition(), {"flows": "f"})
        self.reports = EmergencyReports(self.services, self.documents)
        calls = DialplanCalls(self.services, self.documents, NODE)
        self.board = EmergencyCalls(cast("Any", self.asterisk), self.reports, calls, NODE)

    async def announced(self, facts: str) -> Emergency:
        fields = {"UserEvent": "OneNumberEmergency", "Uniqueid": CHANNEL, "Facts": facts}
        await self.board.happened(AmiEvent("UserEvent", fields))
        (emergency,) = await self.records.emergencies.live()
        return emergency

    async def ticket_of(self, emergency: Emergency) -> Ticket:
        return await self.records.tickets.load(emergency.ticket_id or "")

    async def told(self, name: str, phone: str, **more: str) -> None:
        dialled = {"DestChannel": f"PJSIP/{phone}-00000009", "DestUniqueid": PHONE, "DialString": phone}
        await self.board.happened(AmiEvent(name, {"Uniqueid": CHANNEL, **dialled, **more}))

    def lists(self, *channels: LiveChannel) -> None:
        self.asterisk.channels = list(channels)

    async def rereads(self, *calls: Call, later_s: float = LISTED_S + 1) -> None:
        listed_at = datetime.now(UTC) + timedelta(seconds=later_s)
        await self.board.reread(dict.fromkeys([CHANNEL], calls[0]) if calls else {}, self.asterisk.channels, listed_at)


def listed(name: str = "PJSIP/anonymous-00000001", uniqueid: str = CHANNEL, **more: str) -> LiveChannel:
    known = {"state": "Up", "context": CONTEXT, "exten": "s", "application": "Dial", "bridge": "", "linkedid": CHANNEL}
    return LiveChannel(name=name, uniqueid=uniqueid, **{**known, **more})


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_an_announced_emergency_has_what_was_understood_before_the_key(scene: Scene) -> None:
    facts = {"topic": "electrical", "place": "ward-5", "words": "a socket is sparking", "asset": "socket-7"}
    call = await scene.call(dialogue={"facts": facts})
    for _ in range(2):  # every controller hears it
        emergency = await scene.announced(f"at={AT}&call={call.id}")
    ticket = await scene.ticket_of(emergency)
    assert (ticket.draft.topic, ticket.draft.place, ticket.draft.asset) == ("electrical", "ward-5", "socket-7")
    assert ticket.urgency == "critical"
    assert len(await scene.records.tickets.of_call(call.id)) == 1
    events = [event.type for event in await scene.records.calls.timeline(call.id)]
    assert events == ["emergency.summoned", "ticket.opened", "promise.made"]


async def test_a_call_that_only_the_dialplan_knows_gets_its_record(scene: Scene) -> None:
    emergency = await scene.announced(f"at={AT}&call=&dnis=100&number=204&phone=204&withheld=0&attempt=&trace=abc")
    call = await scene.records.calls.load(emergency.call_id)
    assert (call.caller.contact, call.dnis) == ("Ward 4 desk", "100")
    assert (call.node, call.channel) == (NODE, CHANNEL)
    assert State.from_json(call.dialogue) == State(flow="main")  # whoever resumes it begins at its beginning
    assert (await scene.ticket_of(emergency)).draft.place == "ward-4"
    folder = scene.documents  # what the spool tells later is the same call
    spooled = SpooledMessage(
        key=CHANNEL, at=datetime.fromtimestamp(AT, UTC), outcome="emergency", recording=None, facts=cast("Any", None),
        number="204", dnis="100",
    )  # fmt: skip
    nowhere = cast("Any", None)
    await MessageImport(nowhere, nowhere, scene.services, folder).keep(spooled)
    assert list(scene.records.state.calls) == [call.id]
    assert len(scene.records.state.tickets) == 1
    (left,) = await scene.records.emergencies.live()  # nobody had answered, so it is still shown
    assert left.state is EmergencyState.LEFT


async def test_who_was_called_back_is_known_from_their_ticket(scene: Scene) -> None:
    ticket = await scene.ticket()
    caller = CallerId("205", "205", contact="Ward 5 desk", place="ward-5")
    scene.records.state.tickets[ticket.id] = replace(ticket, draft=replace(ticket.draft, intake=Intake.of_call(caller)))
    callback = await scene.callback()
    callback = replace(callback, ticket_id=ticket.id, number="205")
    scene.records.state.outbound_calls[callback.id] = callback
    attempt = Attempt("attempt-1", callback.id, 1, AttemptState.SENT, scene.now)
    scene.records.state.attempts[attempt.id] = attempt
    emergency = await scene.announced(f"at={AT}&call=&dnis=100&number=100&withheld=0&attempt=attempt-1&trace=")
    draft = (await scene.ticket_of(emergency)).draft
    assert (draft.reporter, draft.topic, draft.callback_number) == (caller, "plumbing", "205")
    assert (await scene.records.calls.load(emergency.call_id)).direction == "outbound"


async def test_what_is_no_announcement_of_ours_is_nothing(scene: Scene) -> None:
    for fields in (
        {"UserEvent": "Another", "Uniqueid": CHANNEL, "Facts": f"at={AT}"},
        {"UserEvent": "OneNumberEmergency", "Uniqueid": CHANNEL, "Facts": "at=soon"},
        {"UserEvent": "OneNumberEmergency", "Uniqueid": "", "Facts": f"at={AT}"},
    ):
        await scene.board.happened(AmiEvent("UserEvent", fields))
    assert scene.records.state.calls == {}


async def test_the_dialogues_last_facts_complete_a_ticket_that_was_quicker(scene: Scene) -> None:
    call = await scene.call()  # its last state was not saved in time
    emergency = await scene.announced(f"at={AT}&call={call.id}")
    assert (await scene.ticket_of(emergency)).draft.topic == "emergency"
    await scene.reports.report(call, CHANNEL, scene.now, Facts(emergency="fire", topic="printer", place="ward-5"))
    draft = (await scene.ticket_of(emergency)).draft
    assert (draft.topic, draft.place, draft.urgency) == ("printer", "ward-5", "critical")


async def test_who_is_rung_and_who_answered_is_told_by_asterisk(scene: Scene) -> None:
    bo = await scene.agent("bo")
    await scene.announced(f"at={AT}")
    await scene.told("DialBegin", "urgent1")
    (emergency,) = await scene.records.emergencies.live()
    assert [ring.phone for ring in emergency.rings] == ["urgent1"]
    await scene.told("DialEnd", "urgent1", DialStatus="NOANSWER")
    (emergency,) = await scene.records.emergencies.live()
    assert emergency.rings == ()
    await scene.told("DialEnd", bo.phone or "", DialStatus="ANSWER")
    (emergency,) = await scene.records.emergencies.live()
    assert (emergency.state, emergency.taken_by) == (EmergencyState.TAKEN, "agent:bo")
    await scene.board.happened(AmiEvent("Hangup", {"Uniqueid": CHANNEL}))
    assert await scene.records.emergencies.live() == []


async def test_an_answer_of_a_moment_is_over_before_the_next_phone_rings(scene: Scene) -> None:
    """Else who hangs up meanwhile would count as looked after."""
    await scene.announced(f"at={AT}")
    await scene.told("DialBegin", "urgent1")
    await scene.told("DialEnd", "urgent1", DialStatus="ANSWER")
    emergency = await scene.announced(f"at={AT}")
    assert (emergency.state, emergency.taken_by) == (EmergencyState.RINGING, "")
    await scene.board.happened(AmiEvent("Hangup", {"Uniqueid": CHANNEL}))
    (left,) = await scene.records.emergencies.live()
    assert left.state is EmergencyState.LEFT


async def test_a_number_outside_is_named_not_its_trunk(scene: Scene) -> None:
    await scene.announced(f"at={AT}")
    await scene.told("DialBegin", "test-trunk", DialString="+31201234567@test-trunk")
    (emergency,) = await scene.records.emergencies.live()
    assert [ring.phone for ring in emergency.rings] == ["+31201234567"]


async def test_a_take_becomes_one_redirect_to_the_agents_phone(scene: Scene) -> None:
    bo = await scene.agent("bo")
    emergency = await scene.announced(f"at={AT}")
    scene.lists(listed())
    await scene.services.emergencies.ask(emergency.id, bo)
    await scene.board.tick()
    await scene.board.tick()
    assert scene.asterisk.redirected == [("PJSIP/anonymous-00000001", TAKE_CONTEXT, "phone-bo")]


async def test_a_take_is_carried_out_where_the_caller_is(scene: Scene) -> None:
    """Whichever desk it was asked at: another node's Asterisk has no such channel."""
    bo = await scene.agent("bo")
    emergency = await scene.announced(f"at={AT}")
    elsewhere = ListedAsterisk()
    calls = DialplanCalls(scene.services, scene.documents, "west")
    west = EmergencyCalls(cast("Any", elsewhere), scene.reports, calls, "west")
    scene.lists(listed())
    await scene.services.emergencies.ask(emergency.id, bo)
    await west.tick()
    await west.reread({}, [], datetime.now(UTC) + timedelta(seconds=LISTED_S + 1))
    await scene.board.tick()
    assert (len(scene.asterisk.redirected), elsewhere.redirected) == (1, [])
    assert (await scene.records.emergencies.load(emergency.id)).state is EmergencyState.RINGING


async def test_who_waits_for_the_phones_is_seen_and_can_be_taken(scene: Scene) -> None:
    """Of many strangers only some are rung for at a time; the others hear that they come in turn."""
    bo = await scene.agent("bo")
    call = await scene.call(channel=CHANNEL)
    scene.lists(listed(context="onenumber-attention", exten="wait", application="Playback"))
    await scene.rereads(call)
    (emergency,) = await scene.records.emergencies.live()
    await scene.services.emergencies.ask(emergency.id, bo)
    await scene.board.tick()
    assert scene.asterisk.redirected == [("PJSIP/anonymous-00000001", TAKE_CONTEXT, "phone-bo")]


@pytest.mark.parametrize("there", [(), (listed(bridge="b"),), (listed(context="onenumber"),)])
async def test_a_talk_is_never_taken_away(scene: Scene, there: tuple[LiveChannel, ...]) -> None:
    bo = await scene.agent("bo")
    emergency = await scene.announced(f"at={AT}")
    scene.lists(*there)
    await scene.services.emergencies.ask(emergency.id, bo)
    await scene.board.tick()
    assert scene.asterisk.redirected == []
    (emergency,) = await scene.records.emergencies.live()
    assert emergency.take is None


async def test_what_was_missed_is_read_from_the_channels(scene: Scene) -> None:
    call = await scene.call(channel=CHANNEL)
    scene.lists(listed(), listed("PJSIP/urgent1-00000002", PHONE, state="Ringing", application="AppDial"))
    await scene.rereads(call)
    await scene.rereads(call)
    (emergency,) = await scene.records.emergencies.live()
    assert [ring.phone for ring in emergency.rings] == ["urgent1"]
    assert (await scene.ticket_of(emergency)).urgency == "critical"
    scene.lists(listed())
    await scene.rereads(call)
    (emergency,) = await scene.records.emergencies.live()
    assert emergency.rings == ()
    scene.lists(listed(bridge="b"), listed("PJSIP/urgent2-00000003", "1.20", bridge="b", context="from-agents"))
    await scene.rereads(call)
    (emergency,) = await scene.records.emergencies.live()
    assert (emergency.state, emergency.taken_by) == (EmergencyState.TAKEN, "phone:urgent2")
    scene.lists()
    await scene.rereads(call)
    (emergency,) = await scene.records.emergencies.live()  # answered for less than a moment
    assert emergency.state is EmergencyState.LEFT


async def test_one_raised_since_the_list_was_read_is_not_gone(scene: Scene) -> None:
    call = await scene.call()
    await scene.announced(f"at={AT}&call={call.id}")
    await scene.rereads(call, later_s=0)
    (emergency,) = await scene.records.emergencies.live()
    assert emergency.state is EmergencyState.RINGING


async def test_a_phone_that_rings_since_the_list_was_read_rings_on(scene: Scene) -> None:
    call = await scene.call()
    await scene.announced(f"at={AT}&call={call.id}")
    await scene.told("DialBegin", "urgent1")
    scene.lists(listed())
    await scene.rereads(call, later_s=0)
    (emergency,) = await scene.records.emergencies.live()
    assert [ring.phone for ring in emergency.rings] == ["urgent1"]
