"""An emergency is announced as it begins, and can be taken by one phone; where it is not, everybody is rung on."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import pytest

from routing.emergencies import TALKED_S
from telephony.ami import AmiEvent
from telephony.ami_client import AmiClient
from telephony.ami_connection import AmiEvents
from telephony.softphone import SoftPhone
from telephony.spool import announced, pending
from tests.phones import TestLine
from tests.wire.dialplan.conftest import ControllerProcess
from tests.wire.legs.real_line import until

pytestmark = pytest.mark.wire


async def announcement(events: AmiEvents) -> AmiEvent:
    async for event in events:
        if event["UserEvent"] == "OneNumberEmergency":
            return event
    raise AssertionError


async def test_the_key_is_told_at_once_from_while_a_dispatchers_phone_rings(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, controller: ControllerProcess, ami: AmiClient
) -> None:
    await controller.start("dial")
    agent = await phones.enter_async_context(line.phone("agent1"))
    with ami.events("UserEvent", "DialBegin") as events:
        caller.call("100", trace="nine")
        await agent.wait("invite", 30)
        await caller.keys("9")
        told = await announcement(events)
    assert not caller.has("ended")
    call = announced(told["Uniqueid"], told["Facts"])
    assert call is not None
    assert (call.dnis, call.trace, bool(call.call_id)) == ("100", "nine", True)
    caller.hang_up()
    await caller.wait("ended", 30)


async def test_a_phone_at_a_desk_takes_it_and_talks(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, ami: AmiClient
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    taker = await phones.enter_async_context(line.phone("agent2"))
    taker.answer_after(200)
    await nine_standalone(caller, ami)
    await urgent.wait("invite", 30)
    await take(ami, "agent2")
    await urgent.wait("ended", 30)
    await taker.wait("answered", 30)
    mark = urgent.mark
    await taker.wait("media", 30)
    assert not urgent.has("invite", mark)
    caller.hang_up()
    await taker.wait("ended", 30)


async def test_where_that_phone_is_not_there_everybody_is_rung_on(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, ami: AmiClient
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    await nine_standalone(caller, ami)
    await urgent.wait("invite", 30)
    mark = urgent.mark
    with ami.events("UserEvent") as events:
        await take(ami, "agent2")
        await urgent.wait("invite", 20, after=mark)
        assert (await announcement(events))["Facts"]  # again, for who did not listen the first time
    caller.hang_up()
    await urgent.wait("ended", 30)


async def test_a_take_during_the_instruction_leaves_nobody_unrung(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, ami: AmiClient
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    taker = await phones.enter_async_context(line.phone("agent2"))
    await nine_standalone(caller, ami)
    await until(partial(does, ami, "Playback"), 30)
    await take(ami, "agent2")
    await taker.wait("invite", 30)  # and is not answered
    assert not urgent.has("invite")
    await urgent.wait("invite", 20)
    caller.hang_up()
    await urgent.wait("ended", 30)


async def test_a_phone_that_the_dialplan_does_not_know_ends_no_call(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, ami: AmiClient
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    await nine_standalone(caller, ami)
    await urgent.wait("invite", 30)
    mark = urgent.mark
    await take(ami, "agent99")
    await urgent.wait("invite", 20, after=mark)
    assert not caller.has("ended")
    caller.hang_up()
    await urgent.wait("ended", 30)


async def does(ami: AmiClient, *applications: str) -> bool:
    return any(each.application in applications for each in await ami.core_show_channels())


async def test_a_moments_answer_is_none_however_long_the_caller_is_there(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, ami: AmiClient
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    await nine_standalone(caller, ami)
    answered = await caller.wait("answered", 30)
    mark = 0
    while (await urgent.wait("invite", 20, after=mark)).at_ms - answered.at_ms < TALKED_S * 1_000:
        await urgent.wait("ended", 30, after=mark)
        mark = urgent.mark
    urgent.answer()
    await urgent.wait("answered", 30, after=mark)
    mark = urgent.mark
    urgent.hang_up()
    await urgent.wait("invite", 20, after=mark)
    assert not caller.has("ended")
    caller.hang_up()
    await caller.wait("ended", 30)
    await asyncio.to_thread(line.await_no_channels)
    (spooled,) = pending(line.spool)
    assert (spooled.outcome, spooled.answered) == ("emergency", False)


async def test_a_moments_answer_is_no_answer_of_who_hangs_up_after_it(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, ami: AmiClient
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    urgent.answer_after(0)
    await nine_standalone(caller, ami)
    await urgent.wait("media", 20)
    urgent.hang_up()
    await urgent.wait("ended", 30)
    await until(partial(does, ami, "Playback", "Wait"), 30)
    caller.hang_up()
    await caller.wait("ended", 30)
    await asyncio.to_thread(line.await_no_channels)
    (spooled,) = pending(line.spool)
    assert (spooled.outcome, spooled.answered) == ("emergency", False)


async def nine_standalone(caller: SoftPhone, ami: AmiClient) -> None:
    """An emergency with no controller there; told all the same."""
    with ami.events("UserEvent") as events:
        caller.call("100")
        await caller.wait("answered", 30)
        await caller.quiet(0.5, 20)
        await caller.keys("9")
        told = await announcement(events)
    assert announced(told["Uniqueid"], told["Facts"])


async def take(ami: AmiClient, phone: str) -> None:
    (channel,) = [each for each in await ami.core_show_channels() if each.context == "onenumber-emergency"]
    await ami.redirect(channel.name, "onenumber-emergency-take", phone)
