"""Whoever ends a call, what its caller told before any ticket is recorded, once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from config.in_force import EditionInForce
from controller.endings import CallEndings
from controller.messages import MessageImport
from controller.switchboard import Switchboard
from ivr.actions import Heard, Started
from ivr.facts import Facts
from ivr.interpreter import advance
from ivr.notebook import Notebook
from ivr.phases import Phase
from ivr.script import EMERGENCY_STEP
from ivr.state import State
from routing.emergencies import EmergencyState
from routing.event_types import EventType
from telephony.spool import SpooledMessage
from tests.unit.controller.test_reception import agi, reception
from tests.unit.ivr.site import GivenUnderstander, edition, script
from tests.unit.routing.world import World

TOLD = State(flow="main", step="said_back", facts=Facts(topic="plumbing", place="ward-4", words="the drain"))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
End = Callable[[World, str, Path], Awaitable[None]]


async def by_its_own_controller(world: World, call_id: str, folder: Path) -> None:
    await reception(world).conclude(call_id, "caller_hung_up", Notebook(call_id, "1.1", lambda: NOW))


async def by_the_dialplan(world: World, call_id: str, folder: Path) -> None:
    await reception(world).hangup(agi(ON_CALL=call_id)[0])


async def by_another_controller(world: World, call_id: str, folder: Path) -> None:
    endings, nobody = CallEndings(world.services, EditionInForce(edition())), cast("Any", None)
    await Switchboard(nobody, world.services, world.desk, nobody, nobody, nobody, endings, nobody)._gone(call_id)


async def by_what_asterisk_noted_alone(world: World, call_id: str, folder: Path) -> None:
    taking = MessageImport(folder, folder, world.services, EditionInForce(edition()))
    await taking.keep(SpooledMessage("1.1", NOW, "left", None, folder / "facts", call_id, "204"))


@pytest.mark.parametrize(
    "end", [by_its_own_controller, by_the_dialplan, by_another_controller, by_what_asterisk_noted_alone]
)
async def test_a_call_that_ends_before_its_ticket_leaves_one_and_no_second(end: End, tmp_path: Path) -> None:
    world = World()
    call = await world.call()
    await world.records.calls.save(call.id, TOLD.to_json())
    await end(world, call.id, tmp_path)
    await end(world, call.id, tmp_path)
    (ticket,) = await world.records.tickets.of_call(call.id)
    assert (ticket.draft.topic, ticket.draft.place, ticket.draft.words) == ("plumbing", "ward-4", "the drain")
    types = [event.type for event in await world.records.calls.timeline(call.id)]
    assert types.count(EventType.TICKET_OPENED) == 1


async def test_what_was_told_before_help_was_summoned_is_on_the_emergencys_ticket() -> None:
    world = World()
    call = await world.call()
    await world.records.calls.save(call.id, TOLD.to_json())
    await reception(world).hangup(agi(ON_CALL=call.id, ON_EMERGENCY="summoned")[0])
    (ticket,) = await world.records.tickets.of_call(call.id)
    assert (ticket.draft.urgency, ticket.draft.words) == ("critical", "the drain")


@pytest.mark.parametrize(
    "end", [by_its_own_controller, by_the_dialplan, by_another_controller, by_what_asterisk_noted_alone]
)
@pytest.mark.parametrize("said", ["he looks odd by the drain", "the arrest phone"])
async def test_who_hangs_up_when_asked_about_danger_leaves_an_emergency(said: str, end: End, tmp_path: Path) -> None:
    world = World()
    call = await world.call()
    line = script()
    state, _ = advance(line, State(flow="main"), Started())
    state, _ = advance(line, state, Heard(GivenUnderstander().understand(said, "en")))
    await world.records.calls.save(call.id, state.to_json())
    await end(world, call.id, tmp_path)
    await end(world, call.id, tmp_path)
    (ticket,) = await world.records.tickets.of_call(call.id)
    assert (ticket.draft.urgency, ticket.draft.place, ticket.draft.words) == ("critical", "ward-4", said)
    emergency = await world.records.emergencies.of_call(call.id)
    assert emergency is not None
    assert (emergency.state, emergency.ticket_id) == (EmergencyState.LEFT, ticket.id)


async def test_who_hangs_up_before_the_dialplan_had_the_emergency_leaves_it_all_the_same(tmp_path: Path) -> None:
    world = World()
    call = await world.call()
    state = State(flow="main", step=EMERGENCY_STEP, phase=Phase.SUMMON, facts=Facts(emergency="fire", words="fire"))
    await world.records.calls.save(call.id, state.to_json())
    await by_its_own_controller(world, call.id, tmp_path)
    (ticket,) = await world.records.tickets.of_call(call.id)
    emergency = await world.records.emergencies.of_call(call.id)
    assert emergency is not None
    assert (emergency.state, ticket.draft.words) == (EmergencyState.LEFT, "fire")


async def test_a_call_whose_caller_told_nothing_leaves_none(tmp_path: Path) -> None:
    world = World()
    call = await world.call()
    await world.records.calls.save(call.id, State(flow="main", step="welcome").to_json())
    await by_its_own_controller(world, call.id, tmp_path)
    assert await world.records.tickets.of_call(call.id) == []
    assert (await world.records.calls.load(call.id)).ending == "caller_hung_up"


async def test_no_fault_of_the_records_keeps_a_call_from_ending(tmp_path: Path) -> None:
    world = World()
    call = await world.call()
    await world.records.calls.save(call.id, TOLD.to_json())

    async def refuses(*_: Any) -> Any:
        raise OSError("disk full")

    world.records.tickets.open = refuses  # type: ignore[method-assign,assignment]
    await by_its_own_controller(world, call.id, tmp_path)
    assert (await world.records.calls.load(call.id)).ending == "caller_hung_up"
