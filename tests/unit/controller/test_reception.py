"""How calls end and leave, over records in memory and an AGI session whose Asterisk is scripted."""

import asyncio
import shlex
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from config.in_force import EditionInForce
from config.settings import Settings
from controller.dialplan_calls import dialplan_id
from controller.loaded_edition import LoadedEdition
from controller.reception import Reception
from ivr.actions import Connect, Dialled, Join, Resumed, Summon
from ivr.facts import Facts
from ivr.fake_phones import ScriptedPhones
from ivr.notebook import Notebook
from ivr.phases import Phase
from ivr.session import Departure
from ivr.state import State
from routing.emergencies import EmergencyState
from routing.identity import new_id
from routing.model import (
    AgentState,
    OfferState,
)
from routing.news_waiter import NewsWaiter
from telephony.agi import Environment, Reply
from telephony.agi_session import AgiSession
from telephony.arrival import read_arrival
from telephony.dialling import RegisteredPhone
from tests.unit.ivr.site import edition
from tests.unit.routing.world import World
from tests.unit.telephony.fake_asterisk import substituted

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class ScriptedAsterisk(asyncio.WriteTransport):
    """Answers every AGI command; variables are kept."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__()
        self.variables = variables
        self.session: AgiSession | None = None
        self.closed = False

    def write(self, data: Any) -> None:
        verb, what, name, *value = shlex.split(bytes(data).decode())
        if verb == "SET":
            self.variables[name] = value[0]
        known = substituted(value[0], self.variables) if what == "FULL" else self.variables.get(name)
        assert self.session is not None
        self.session.take(Reply(200, 0 if known is None else 1, known))

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


def agi(**variables: str) -> tuple[AgiSession, ScriptedAsterisk]:
    asterisk = ScriptedAsterisk(dict(variables))
    asterisk.session = AgiSession(Environment({"uniqueid": "1.1", "channel": "PJSIP/x"}), asterisk)
    return asterisk.session, asterisk


def reception(world: World, languages: tuple[str, ...] = ("en",)) -> Reception:
    site = edition().site.model_copy(update={"languages": languages})
    loaded = LoadedEdition(edition().model_copy(update={"site": site}), cast("Any", None), {})

    async def pinned(pins: Any) -> LoadedEdition:
        return loaded

    news_waiter, call_audio = NewsWaiter(world.news), cast("Any", None)
    return Reception(
        Settings(),
        world.services,
        news_waiter,
        call_audio,
        EditionInForce(loaded.edition, {}),
        pinned,
        ScriptedPhones(),
    )


async def offered(world: World) -> tuple[str, str]:
    """An agent's desk shows a waiting caller, and the phone rings; answers call and offer."""
    agent = await world.agent()
    entry = await world.waiting()
    await world.tick()
    offer = await world.offer_to(agent)
    await world.show(offer.id)
    await world.offers.ringing(offer.id)
    return entry.call_id or "", offer.id


async def test_who_hangs_up_while_the_phone_rings_does_not_make_the_agent_unready() -> None:
    world = World()
    call_id, offer_id = await offered(world)
    session, _ = agi(ON_CALL=call_id, ON_OFFER=offer_id, DIALSTATUS="CANCEL")
    await reception(world).hangup(session)
    (agent,) = await world.records.agents.all()
    assert agent.state is AgentState.AVAILABLE
    assert (await world.records.offers.load(offer_id)).state is OfferState.LAPSED
    assert (await world.records.calls.load(call_id)).ending == "caller_hung_up"


async def test_an_emergency_rings_first_then_gets_one_ticket_and_leaves_the_queue() -> None:
    world = World()
    entry = await world.waiting()
    call = await world.records.calls.load(entry.call_id or "")
    session, asterisk = agi()
    desk = reception(world)
    assert await desk._leave(session, call, Departure(Summon()), Notebook(call.id, "1.1", lambda: NOW))
    assert asterisk.variables["ON_NEXT"] == "emergency"
    assert asterisk.closed
    assert await world.records.queue.of_call(call.id) is None
    over, _ = agi(ON_CALL=call.id, ON_EMERGENCY="talked", ON_DIALSTATUS="ANSWER")
    await desk.hangup(over)
    tickets = await world.records.tickets.of_call(call.id)
    assert [ticket.draft.topic for ticket in tickets] == ["emergency"]


async def test_an_emergency_by_key_while_nobody_listened_is_found_at_the_end() -> None:
    world = World()
    call = await world.call()
    session, _ = agi(ON_CALL=call.id, ON_EMERGENCY="summoned")
    await reception(world).hangup(session)
    (ticket,) = await world.records.tickets.of_call(call.id)
    assert ticket.draft.urgency == "critical"


async def back_from_dial(world: World, call_id: str, offer_id: str, status: str) -> tuple[Any, ScriptedAsterisk]:
    """The dialplan enters again; answers what it is taken for."""
    session, asterisk = agi(ON_CALL=call_id, ON_OFFER=offer_id, ON_DIALSTATUS=status)
    _, outcome = await reception(world)._begin_or_resume(session, await read_arrival(session))
    return outcome, asterisk


@pytest.mark.parametrize(
    ("status", "answered", "offer_state"), [("ANSWER", True, OfferState.ENDED), ("NOANSWER", False, OfferState.LAPSED)]
)
async def test_a_dials_result_is_taken_once_by_whoever_is_there_to_take_it(
    status: str, answered: bool, offer_state: OfferState
) -> None:
    world = World()
    call_id, offer_id = await offered(world)
    await world.records.calls.save(call_id, State(flow="main", step="queue", phase=Phase.CONNECT).to_json())
    for _ in range(2):  # the first one dies before the dialogue goes on
        outcome, asterisk = await back_from_dial(world, call_id, offer_id, status)
        assert outcome == Dialled(answered, status)
        assert asterisk.variables["ON_DIALSTATUS"] == status
    assert (await world.records.offers.load(offer_id)).state is offer_state
    await world.records.calls.save(call_id, State(flow="main", step="queue", phase=Phase.HOLD).to_json())
    assert (await back_from_dial(world, call_id, offer_id, status))[0] == Resumed()


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("cause", "lost"), [("41 Temporary failure", True), ("44", True), ("16 Normal Clearing", False), ("", False)]
)
async def test_a_phone_that_went_without_hanging_up_is_known_by_its_cause(cause: str, lost: bool) -> None:
    world = World()
    call_id, offer_id = await offered(world)
    await world.services.calls.joined_by_agent(await world.records.calls.load(call_id), offer_id)
    session, _ = agi(ON_CALL=call_id, ON_OFFER=offer_id, ON_DIALSTATUS="ANSWER")
    arrival = await read_arrival(session)
    asked = asyncio.create_task(reception(world)._phone_was_lost(arrival))
    await asyncio.sleep(0.2)
    if cause:
        await world.services.calls.channel_ended(offer_id, cause)
    assert await asked is lost  # where nothing is told in time, the agent has hung up


async def test_a_phone_that_the_dialplan_rang_has_no_cause_and_takes_no_time() -> None:
    world = World()
    call_id, offer_id = await offered(world)
    session, _ = agi(ON_CALL=call_id, ON_OFFER=offer_id, ON_DIALSTATUS="ANSWER")
    assert not await reception(world)._phone_was_lost(await read_arrival(session))


async def test_the_result_of_an_earlier_dial_is_gone_before_the_next() -> None:
    world = World()
    _, offer_id = await offered(world)
    session, asterisk = agi(ON_DIALSTATUS="NOANSWER", ON_OFFER="earlier")
    await reception(world)._dial(session, RegisteredPhone("agent1"), 15, offer_id)
    assert (asterisk.variables["ON_DIALSTATUS"], asterisk.variables["ON_OFFER"]) == ("", offer_id)


async def test_a_caller_is_taken_to_the_phone_that_waits() -> None:
    world = World()
    call_id, offer_id = await offered(world)
    call = await world.records.calls.load(call_id)
    session, asterisk = agi(ON_DIALSTATUS="NOANSWER", ON_OFFER="earlier")
    departure = Departure(Join(offer_id, "PJSIP/agent1-00000007"))
    assert await reception(world)._leave(session, call, departure, Notebook(call.id, "1.1", lambda: NOW))
    told = {name: asterisk.variables[name] for name in ("ON_NEXT", "ON_JOIN", "ON_OFFER", "ON_DIALSTATUS")}
    assert told == {
        "ON_NEXT": "join", "ON_JOIN": "PJSIP/agent1-00000007", "ON_OFFER": offer_id, "ON_DIALSTATUS": "",
    }  # fmt: skip


async def test_after_a_talk_with_the_urgent_group_the_call_is_over_wherever_it_was() -> None:
    world = World()
    entry = await world.waiting()
    call_id = entry.call_id or ""
    await world.records.calls.save(call_id, State(flow="main", step="queue", phase=Phase.HOLD).to_json())
    session, asterisk = agi(ON_CALL=call_id, ON_EMERGENCY="talked", ON_DIALSTATUS="ANSWER")
    await reception(world).call(session)
    assert asterisk.variables["ON_NEXT"] == "hangup"
    assert (await world.records.calls.load(call_id)).ending == "emergency_answered"
    (ticket,) = await world.records.tickets.of_call(call_id)
    assert ticket.draft.topic == "emergency"


async def test_a_call_whose_offer_has_lapsed_does_not_leave_for_the_phone() -> None:
    world = World()
    call_id, offer_id = await offered(world)
    await world.offers.not_answered(offer_id)
    session, asterisk = agi()
    call = await world.records.calls.load(call_id)
    departure = Departure(Connect(offer_id, "agent1", 15))
    assert not await reception(world)._leave(session, call, departure, Notebook(call.id, "1.1", lambda: NOW))
    assert "ON_NEXT" not in asterisk.variables


async def test_what_the_dialogue_knows_goes_with_the_summons() -> None:
    world = World()
    call = await world.call()  # the last state was not saved in time
    session, _ = agi()
    facts = Facts(emergency="fire", topic="printer", place="ward-5", words="the printer is on fire")
    departure = Departure(Summon(facts))
    await reception(world)._leave(session, call, departure, Notebook(call.id, "1.1", lambda: NOW))
    (emergency,) = await world.records.emergencies.live()
    ticket = await world.records.tickets.load(emergency.ticket_id or "")
    assert (emergency.channel, ticket.draft.topic, ticket.draft.place) == ("1.1", "printer", "ward-5")
    assert ticket.urgency == "critical"


@pytest.mark.parametrize(("languages", "told"), [(("en", "nl"), "nl"), (("en",), None)])
async def test_what_asterisk_says_is_in_the_language_that_the_call_changed_to(
    languages: tuple[str, ...], told: str | None
) -> None:
    world = World()
    call = await world.call()
    session, asterisk = agi(ON_CALL=call.id)
    departure = Departure(Summon(), "nl")
    assert await reception(world, languages)._leave(session, call, departure, Notebook(call.id, "1.1", lambda: NOW))
    assert asterisk.variables.get("CHANNEL(language)") == told
    assert asterisk.variables["ON_NEXT"] == "emergency"


async def test_an_emergency_whose_caller_is_gone_unanswered_stays_at_the_desks() -> None:
    world = World()
    call_id, offer_id = await offered(world)
    session, _ = agi(ON_CALL=call_id, ON_OFFER="", ON_EMERGENCY="summoned", DIALSTATUS="NOANSWER")
    await reception(world).hangup(session)
    (emergency,) = await world.records.emergencies.live()
    assert emergency.state is EmergencyState.LEFT
    (agent,) = await world.records.agents.all()
    assert (agent.state, (await world.records.offers.load(offer_id)).state) == (
        AgentState.AVAILABLE, OfferState.LAPSED,
    )  # fmt: skip


async def test_an_answered_emergency_is_over_with_its_call() -> None:
    world = World()
    call = await world.call(dialogue=State(flow="main").to_json())
    session, _ = agi(ON_CALL=call.id, ON_EMERGENCY="talked", ON_DIALSTATUS="ANSWER")
    await reception(world).call(session)
    assert await world.records.emergencies.live() == []
    emergency = await world.records.emergencies.of_call(call.id)
    assert emergency is not None
    assert emergency.state is EmergencyState.ENDED


async def test_a_call_that_the_dialplan_had_first_has_the_id_that_anybody_makes_of_it() -> None:
    session, asterisk = agi(ON_AT="1795918200", ON_DNIS="100")
    await reception(World())._begin_or_resume(session, await read_arrival(session))
    assert asterisk.variables["ON_CALL"] == dialplan_id("1.1", datetime.fromtimestamp(1_795_918_200, UTC))


ASSERTED = {"ON_TRUSTED": "yes", "ON_ASSERTED": "<tel:204>"}


@pytest.mark.parametrize(
    ("variables", "kind", "identified", "callable_"),
    [
        ({"ON_FROM": "<sip:204@h>", "ON_PHONE": "204"}, "staff", True, True),
        ({"ON_FROM": "<sip:204@h>"}, "unproven", False, False),
        ({"ON_FROM": "<sip:0612345678@h>"}, "unproven", False, True),
        ({"ON_FROM": "<sip:0612345678@h>", "ON_TRUSTED": "yes"}, "unknown", True, True),
        ({"ON_FROM": "<sip:204@h>", **ASSERTED}, "unproven", False, False),  # a phone of ours proves itself
        ({"ON_FROM": "<sip:2-04@h>"}, "unproven", False, False),
    ],
)
async def test_what_proves_a_number_decides_what_its_caller_may_hear(
    variables: dict[str, str], kind: str, identified: bool, callable_: bool
) -> None:
    session, asterisk = agi(**variables)
    call = await reception(World())._new_call(session, new_id(), await read_arrival(session))
    facts = State.from_json(call.dialogue).facts
    assert (call.caller.kind, facts.identified, facts.callable) == (kind, identified, callable_)
    assert (call.caller.contact is not None) == (kind == "staff")
    assert asterisk.variables["CALLERID(num)"] in ("204", "2-04", "0612345678")


async def test_who_diverted_a_call_is_a_fact_and_not_its_caller() -> None:
    session, _ = agi(ON_FROM="<sip:0612345678@h>", ON_DIVERTED="<sip:204@h>;reason=no-answer")
    call = await reception(World())._new_call(session, new_id(), await read_arrival(session))
    assert (call.caller.number, call.dialogue["facts"]["diverted_by"]) == ("+31612345678", "204")


async def test_a_call_pins_the_documents_that_are_in_force_when_it_begins() -> None:
    desk = reception(World())
    for name in ("first", "second"):
        desk.in_force.switch(edition(), {"flows": name})
        session, _ = agi(ON_DNIS="100")
        assert (await desk._new_call(session, new_id(), await read_arrival(session))).pins == {"flows": name}


async def test_who_comes_when_the_line_serves_all_that_it_can_is_recorded_and_waits_at_the_dialplan() -> None:
    world = World()
    desk = reception(world)
    desk.limit.limit = 0
    session, asterisk = agi(ON_DNIS="100")
    await desk.call(session)
    assert asterisk.variables["ON_NEXT"] == "wait"
    call = await world.records.calls.load(asterisk.variables["ON_CALL"])
    assert call.ended_at is None
    events = [event.type for event in await world.records.calls.timeline(call.id)]
    assert events == ["call.started", "call.in_line"]
    await desk.call(session)  # it asks again, every few seconds
    assert asterisk.variables["ON_NEXT"] == "wait"
    assert (await world.records.calls.live())[0].id == call.id
    assert [event.type for event in await world.records.calls.timeline(call.id)] == events


async def test_who_waited_in_line_and_hangs_up_keeps_no_place() -> None:
    world = World()
    desk = reception(world)
    desk.limit.limit = 0
    session, asterisk = agi(ON_DNIS="100")
    await desk.call(session)
    await desk.hangup(session)
    assert desk.limit.waiting == 0
    assert (await world.records.calls.load(asterisk.variables["ON_CALL"])).ending == "caller_hung_up"


async def test_a_call_that_the_line_has_spoken_to_does_not_wait_again() -> None:
    world = World()
    entry = await world.waiting()
    call = await world.records.calls.load(entry.call_id or "")
    desk = reception(world)
    desk.limit.limit = 0
    begun = State(flow="main", step="welcome").to_json()
    await world.records.calls.save(call.id, begun, [])
    session, asterisk = agi(ON_CALL=call.id)
    await desk.call(session)  # its audio cannot be opened here; the dialplan would take it
    assert asterisk.variables.get("ON_NEXT") != "wait"
