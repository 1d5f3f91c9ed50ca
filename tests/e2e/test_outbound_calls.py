"""Calls that the line makes of its own accord, on a whole line: dialled, served by their flow, and never rung twice."""

import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio

from config.in_force import EditionInForce
from routing.model import AttemptState, Call, CallerId, Intake, OutboundCall, OutboundCallState, Promise, TicketDraft
from routing.purposes import Purpose
from routing.retrying import AttemptResult, result_of
from runtime.editions import in_force
from store import SqlRecords, open_records
from store.news import RedisNews
from telephony.softphone import SoftPhone
from tests.e2e.line import RunningLine, until
from tests.services import services_over

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
# Nobody is rung a second time within the test, unless by mistake; a phone rings as long as a controller takes to start.
CHANGES = {"callback": {"spacing_s": 3_600, "again": {}, "ring_s": 120}}
SURVEY = """
id: survey
start: there
person: queue
keys: queue
steps:
  there: {verb: confirm_person, prompt: callback_here, retries: 3, next: thanks, otherwise: nobody}
  thanks: {verb: hangup, prompt: goodbye, ending: served}
  queue: {verb: enqueue, prompt: connecting, position_prompt: position, overflow: nobody}
  nobody: {verb: hangup, ending: callback_unconfirmed}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLine]:
    folder = tmp_path_factory.mktemp("outbound")
    async with RunningLine(folder, CHANGES, flows={"survey": SURVEY}) as line:
        yield line


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def records(line: RunningLine) -> AsyncIterator[SqlRecords]:
    async with open_records(line.settings.database) as opened:
        yield opened


async def planned(
    line: RunningLine, records: SqlRecords, number: str, purpose: Purpose = Purpose.SURVEY, flow: str = "survey"
) -> OutboundCall:
    """A survey about a ticket, or another call, due now."""
    site, now = EditionInForce(in_force(line.settings).edition).site, datetime.now(UTC)
    reporter = Intake.of_call(CallerId(number, number))
    draft = TicketDraft("plumbing", "technical", "normal", Promise("promise_attend", now), reporter)
    ticket = await records.tickets.open(draft, None, now)
    async with RedisNews(line.settings.redis_url) as news:
        services = services_over(records, news, lambda: now)
        return await services.callbacks.plan(purpose, flow, number, now, ticket.id, site)


async def call_of(records: SqlRecords, survey: OutboundCall) -> Call:
    """What its dialling became."""
    (attempt,) = await records.outbound_calls.attempts_of(survey.id)

    async def became() -> Call | None:
        return await records.calls.of_attempt(attempt.id)

    call: Call = await until("the call that the attempt became", became, 60)
    return call


async def asked(records: SqlRecords, call: Call, times: int, prompt: str = "callback_here") -> None:
    """Until the question has begun for so many times."""

    async def heard() -> bool:
        told = await records.calls.timeline(call.id)
        return sum(prompt in event.payload.get("keys", ()) for event in told) >= times

    await until(f"question {times}", heard, 120)


async def is_served(records: SqlRecords, survey: OutboundCall, phone: SoftPhone) -> None:
    """Done, in one attempt, and the phone has rung once."""

    async def done() -> bool:
        return (await records.outbound_calls.load(survey.id)).state is OutboundCallState.DONE

    await phone.wait("ended", 60)
    await until("the survey to be done", done, 60)
    (attempt,) = await records.outbound_calls.attempts_of(survey.id)
    assert attempt.state is AttemptState.CONFIRMED
    assert len([event for event in phone.events if event.name == "invite"]) == 1
    call = await call_of(records, survey)
    assert (call.direction, call.ending, call.dialogue["flow"]) == ("outbound", "served", "survey")
    assert [ticket.id for ticket in await records.tickets.of_call(call.id)] == [survey.ticket_id]


async def kill_controller(line: RunningLine) -> None:
    """And wait for the one that takes its place."""
    line.signal_part("controller", signal.SIGKILL)
    where = line.settings.controller

    async def ready() -> bool:
        try:
            return (await client.get(f"http://{where.host}:{where.metrics_port}/readyz")).status_code == 200
        except httpx.HTTPError:
            return False

    async with httpx.AsyncClient(timeout=5) as client:
        await until("the next controller", ready, 120)


async def test_a_survey_is_dialled_answered_served_by_its_flow_and_closed(
    line: RunningLine, records: SqlRecords
) -> None:
    async with line.phone("204") as phone:
        phone.answer_after(300)
        survey = await planned(line, records, "204")
        await phone.wait("answered", 60)
        await asked(records, await call_of(records, survey), 1)
        await phone.keys("1")
        await is_served(records, survey, phone)


async def test_a_controller_that_dies_while_the_phone_rings_never_has_it_rung_twice(
    line: RunningLine, records: SqlRecords
) -> None:
    async with line.phone("205") as phone:
        survey = await planned(line, records, "205")
        await phone.wait("invite", 60)
        await kill_controller(line)
        phone.answer()
        await asked(records, await call_of(records, survey), 1)
        await phone.keys("1")
        await is_served(records, survey, phone)


async def test_a_controller_that_dies_during_the_call_leaves_it_to_the_next_one(
    line: RunningLine, records: SqlRecords
) -> None:
    async with line.phone("204") as phone:
        phone.answer_after(300)
        survey = await planned(line, records, "204")
        await phone.wait("answered", 60)
        call = await call_of(records, survey)
        await asked(records, call, 1)
        await kill_controller(line)
        await asked(records, call, 2)
        await phone.keys("1")
        await is_served(records, survey, phone)


async def test_a_phone_that_is_busy_is_told_as_such_and_rung_another_time(
    line: RunningLine, records: SqlRecords
) -> None:
    async with line.phone("205") as phone:
        survey = await planned(line, records, "205")
        await phone.wait("invite", 60)
        phone.answer(486)

        async def told() -> bool:
            (attempt,) = await records.outbound_calls.attempts_of(survey.id)
            return result_of(attempt) is AttemptResult.BUSY

        await until("the result", told, 60)
        kept = await records.outbound_calls.load(survey.id)
        assert (kept.state, kept.due > survey.due) == (OutboundCallState.PENDING, True)


async def test_who_calls_again_is_told_of_their_callback_and_cancels_it_by_a_key(
    line: RunningLine, records: SqlRecords
) -> None:
    callback = await planned(line, records, "204", Purpose.CALLBACK, "callback")
    async with line.phone("204") as phone:
        phone.call("100")
        await phone.wait("answered", 60)

        async def calling() -> Call | None:
            live = await records.calls.live()
            return next((call for call in live if call.caller.number == "204"), None)

        call = await until("the call", calling, 60)
        await asked(records, call, 1, "callback_owed")
        await phone.keys("3")
        await asked(records, call, 1, "callback_cancelled")
        assert (await records.outbound_calls.load(callback.id)).state is OutboundCallState.CANCELLED
        phone.hang_up()
