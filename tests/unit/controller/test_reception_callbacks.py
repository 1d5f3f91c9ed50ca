"""How calls begin that the line makes, and those of callers whom it owes one."""

from datetime import UTC, datetime

import pytest

from ivr.actions import Started
from ivr.state import State
from routing.identity import new_id
from routing.lifecycle import AttemptEvent
from routing.model import (
    Attempt,
    AttemptState,
    CallerId,
    Intake,
    OutboundCall,
    Promise,
    TicketDraft,
)
from routing.purposes import Purpose
from telephony.arrival import read_arrival
from tests.unit.controller.test_reception import agi, reception
from tests.unit.routing.world import World

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(("number", "who"), [("204", "Ward 4"), ("205", "Ward 5 desk")])
async def test_a_callback_is_the_call_of_whoever_reported_the_matter(number: str, who: str) -> None:
    world = World()
    reporter = CallerId("204", "204", contact="Ward 4", place="ward-4")
    draft = TicketDraft("plumbing", "technical", "normal", Promise("promise_attend", NOW), Intake.of_call(reporter))
    ticket = await world.records.tickets.open(draft, None, NOW)
    callback = await world.records.outbound_calls.store(
        OutboundCall(new_id(), ticket.id, number, "technical", "normal", NOW, NOW)
    )
    attempt = Attempt(new_id(), callback.id, 1, AttemptState.CLAIMED, NOW)
    await world.records.outbound_calls.claim_attempt(attempt)
    session, _ = agi(ON_ATTEMPT=attempt.id)
    call, _ = await reception(world)._begin_or_resume(session, await read_arrival(session))
    assert (call.direction, call.caller.number, call.caller.contact) == ("outbound", number, who)
    await world.services.calls.announce(call, "1.1", ticket.id)
    assert [each.id for each in await world.records.tickets.of_call(call.id)] == [ticket.id]


@pytest.mark.parametrize(("number", "name"), [("205", "Nurse Joy"), ("204", "Nurse Joy")])
async def test_who_is_called_back_is_who_asked_for_it_in_their_language(number: str, name: str) -> None:
    world = World()
    asker = CallerId("205", "205", name, contact="Ward 5")
    asked = await world.call(caller=asker, language="nl")
    callback = await world.callback(number=number, call_id=asked.id)  # about somebody else's report
    attempt = Attempt(new_id(), callback.id, 1, AttemptState.CLAIMED, NOW)
    await world.records.outbound_calls.claim_attempt(attempt)
    session, _ = agi(ON_ATTEMPT=attempt.id)
    call, _ = await reception(world, ("en", "nl"))._begin_or_resume(session, await read_arrival(session))
    assert (call.caller.number, call.caller.name, call.language) == (number, name, "nl")
    assert State.from_json(call.dialogue).language == "nl"


@pytest.mark.parametrize(("phone", "told"), [("204", True), ("", False)])
async def test_a_call_begins_with_the_callback_that_its_caller_waits_for(phone: str, told: bool) -> None:
    """A number that nothing proves is told nothing."""
    world = World()
    callback = await world.callback()
    session, _ = agi(ON_FROM="<sip:204@10.0.0.1>", ON_PHONE=phone)
    call, _ = await reception(world)._begin_or_resume(session, await read_arrival(session))
    facts = State.from_json(call.dialogue).facts
    ticket = await world.records.tickets.load(callback.ticket_id)
    known = (callback.id, ticket.number, None) if told else (None, None, None)
    assert (facts.owed, facts.owed_number, facts.owed_at) == known


async def survey_sent(world: World) -> tuple[OutboundCall, Attempt]:
    ticket = await world.ticket()
    survey = await world.records.outbound_calls.store(
        OutboundCall(new_id(), ticket.id, "204", "technical", "normal", NOW, NOW, Purpose.SURVEY, "survey")
    )
    attempt = Attempt(new_id(), survey.id, 1, AttemptState.CLAIMED, NOW, slot=0)
    await world.records.outbound_calls.claim_attempt(attempt)
    await world.records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.SENT, NOW)
    return survey, attempt


async def test_a_call_that_we_make_begins_with_its_own_flow() -> None:
    world = World()
    survey, attempt = await survey_sent(world)
    session, _ = agi(ON_ATTEMPT=attempt.id)
    call, outcome = await reception(world)._begin_or_resume(session, await read_arrival(session))
    assert (call.direction, call.outbound_call_id, call.attempt_id) == ("outbound", survey.id, attempt.id)
    assert (call.dialogue["flow"], call.dialogue["ticket"], type(outcome)) == ("survey", survey.ticket_id, Started)
    assert (await world.records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.ANSWERED


async def test_whom_we_rang_does_not_wait_in_line() -> None:
    world = World()
    _, attempt = await survey_sent(world)
    desk = reception(world)
    desk.limit.limit = 0
    session, asterisk = agi(ON_ATTEMPT=attempt.id)
    await desk.call(session)  # its audio cannot be opened here; the dialplan would take it
    assert asterisk.variables.get("ON_NEXT") != "wait"
