"""An emergency rings the urgent group, then everyone, for as long as the caller stays."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from telephony.recordings import RATE_HZ, heard, tone_share
from telephony.softphone import SoftPhone
from telephony.spool import pending
from tests.phones import TestLine, recorded
from tests.wire.dialplan.conftest import ControllerProcess

pytestmark = pytest.mark.wire


async def test_the_emergency_key_works_without_a_controller(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    caller.call("100")
    await caller.wait("answered", 30)
    await caller.quiet(0.5, 20)
    mark = caller.mark
    await caller.keys("9")
    told = await caller.wait("sound", 30, after=mark)  # what to do, then the ringing
    invite = await urgent.wait("invite", 30)
    assert invite.at_ms - told.at_ms > 1_000
    caller.hang_up()
    await urgent.wait("ended", 30)


async def test_the_emergency_key_works_while_a_dispatchers_phone_rings(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, controller: ControllerProcess
) -> None:
    await controller.start("dial")
    agent = await phones.enter_async_context(line.phone("agent1"))
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    caller.call("100")
    await agent.wait("invite", 30)
    await caller.keys("9")
    await agent.wait("ended", 30)
    await urgent.wait("invite", 30)
    caller.hang_up()
    await urgent.wait("ended", 30)
    ending = await controller.saw(2)
    assert (ending["environment"]["agi_network_script"], ending["ON_EMERGENCY"]) == ("hangup", "summoned")


async def test_it_rings_again_and_again_and_takes_no_message(
    line: TestLine, phones: AsyncExitStack, controller: ControllerProcess
) -> None:
    await controller.start("emergency")
    caller = await phones.enter_async_context(line.phone("204"))
    urgent = [await phones.enter_async_context(line.phone(name)) for name in ("urgent1", "urgent2")]
    fallback = [await phones.enter_async_context(line.phone(name)) for name in ("fallback1", "fallback2")]
    caller.call("100")
    first = [await phone.wait("invite", 30) for phone in urgent]
    assert not any(phone.has("invite") for phone in fallback)
    then = [await phone.wait("invite", 30) for phone in fallback]
    assert abs(first[0].at_ms - first[1].at_ms) < 500
    assert abs(then[0].at_ms - then[1].at_ms) < 500
    assert then[0].at_ms - first[0].at_ms >= 2_000
    marks = [phone.mark for phone in (*urgent, *fallback)]
    await controller.kill()
    for phone, mark in zip((*urgent, *fallback), marks, strict=True):
        await phone.wait("invite", 30, after=mark)
    assert not caller.has("ended")
    caller.hang_up()
    await caller.wait("ended", 30)
    line.await_no_channels()
    (spooled,) = pending(line.spool)  # for the controller that comes later
    assert (spooled.outcome, spooled.answered) == ("emergency", False)


async def test_whoever_answers_talks_and_the_controller_gets_the_call_back(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, controller: ControllerProcess, tmp_path: Path
) -> None:
    await controller.start("emergency")
    urgent = await phones.enter_async_context(line.phone("urgent2"))
    urgent.answer_after(200)
    urgent.tone(600)
    urgent.record(tmp_path / "urgent.wav")
    caller.call("100")
    await urgent.wait("answered", 20)
    await recorded(tmp_path / "urgent.wav", 6)
    urgent.hang_up()
    again = await controller.saw(2)
    assert (again["ON_DIALSTATUS"], again["ON_EMERGENCY"]) == ("ANSWER", "talked")
    await caller.wait("ended", 30)
    assert tone_share(heard(tmp_path / "heard.wav"), 600) > 0.8


async def test_an_emergency_that_no_controller_could_record_is_spooled_whole(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, controller: ControllerProcess, tmp_path: Path
) -> None:
    await controller.start("aside")
    urgent = await phones.enter_async_context(line.phone("urgent2"))
    urgent.answer_after(200)
    caller.call("100")
    await caller.wait("answered", 30)
    await caller.keys("9")
    await urgent.wait("answered", 20)
    talk_began = heard(tmp_path / "heard.wav").size
    async with asyncio.timeout(30):
        while heard(tmp_path / "heard.wav").size < talk_began + 6 * RATE_HZ:  # noqa: ASYNC110 - a talk that counts
            await asyncio.sleep(0.1)
    urgent.hang_up()
    await caller.wait("ended", 30)
    line.await_no_channels()
    (spooled,) = pending(line.spool)
    assert (spooled.outcome, spooled.answered) == ("emergency", True)


async def test_an_answer_that_is_gone_at_once_was_no_answer(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, controller: ControllerProcess
) -> None:
    await controller.start("emergency")
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    urgent.answer_after(0)
    caller.call("100")
    await urgent.wait("answered", 20)
    mark = urgent.mark
    urgent.hang_up()
    await urgent.wait("invite", 30, after=mark)
    assert not caller.has("ended")
    caller.hang_up()
    await caller.wait("ended", 30)
