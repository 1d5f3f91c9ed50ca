"""A dispatcher's phone that was rung beside the call, and the caller's channel that comes and takes it along."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from telephony.ami import AmiEvent, Originate
from telephony.ami_client import AmiClient
from telephony.ami_connection import AmiEvents
from telephony.dialling import RegisteredPhone
from telephony.recordings import heard, tone_share
from telephony.softphone import SoftPhone
from tests.phones import TestLine
from tests.wire.dialplan.conftest import ControllerProcess
from tests.wire.fake_controller import AGENT

pytestmark = pytest.mark.wire


@pytest.fixture
async def agent(line: TestLine, phones: AsyncExitStack) -> SoftPhone:
    return await phones.enter_async_context(line.phone("agent1"))


async def event(events: AmiEvents, name: str, **fields: str) -> AmiEvent:
    async with asyncio.timeout(30):
        async for each in events:
            if each.name == name and all(each[field] == value for field, value in fields.items()):
                return each
    raise AssertionError


async def rung(ami: AmiClient, events: AmiEvents, agent: SoftPhone) -> AmiEvent:
    """The agent has taken the phone."""
    agent.answer_after(100)
    asked = Originate(
        AGENT, RegisteredPhone("agent1"), "onenumber-agent", caller_number="204", caller_name='Ward "4", desk',
        timeout_ms=10_000,
    )  # fmt: skip
    await ami.originate(asked)
    return await event(events, "OriginateResponse", ActionID=AGENT)


async def test_they_talk_and_the_agent_hangs_up(
    line: TestLine, caller: SoftPhone, agent: SoftPhone, controller: ControllerProcess, ami: AmiClient, tmp_path: Path
) -> None:
    await controller.start("join")
    with ami.events("OriginateResponse", "BridgeEnter") as events:
        answered = await rung(ami, events, agent)
        assert (answered["Response"], answered["Uniqueid"]) == ("Success", AGENT)
        invite = await agent.wait("invite", 30)
        assert invite.fields["headers"]["From"].startswith('"Ward 4 desk" <sip:204@')
        caller.call("100")
        await event(events, "BridgeEnter", Uniqueid=AGENT)
    agent.record(tmp_path / "agent.wav")
    caller.tone(440)
    agent.tone(880)
    await asyncio.sleep(2)  # sound passes
    agent.hang_up()
    returned = await controller.saw(2)
    assert (returned["ON_DIALSTATUS"], returned["environment"]["agi_network_script"]) == ("ANSWER", "call")
    await caller.wait("ended", 30)
    assert tone_share(heard(tmp_path / "heard.wav"), 880) > 0.8
    assert tone_share(heard(tmp_path / "agent.wav"), 440) > 0.8


async def test_they_talk_and_the_caller_hangs_up(
    line: TestLine, caller: SoftPhone, agent: SoftPhone, controller: ControllerProcess, ami: AmiClient
) -> None:
    await controller.start("join")
    with ami.events("OriginateResponse", "BridgeEnter") as events:
        await rung(ami, events, agent)
        caller.call("100")
        await event(events, "BridgeEnter", Uniqueid=AGENT)
    caller.hang_up()
    ending = await controller.saw(2)
    assert (ending["environment"]["agi_network_script"], ending["DIALSTATUS"]) == ("hangup", "ANSWER")
    await agent.wait("ended", 30)


async def test_an_agent_who_has_gone_again_costs_no_call(
    line: TestLine, caller: SoftPhone, agent: SoftPhone, controller: ControllerProcess, ami: AmiClient
) -> None:
    await controller.start("join")
    with ami.events("OriginateResponse", "Hangup") as events:
        await rung(ami, events, agent)
        agent.hang_up()
        await event(events, "Hangup", Uniqueid=AGENT)
    caller.call("100")
    returned = await controller.saw(2)
    assert returned["ON_DIALSTATUS"] == "NOANSWER"
    await caller.wait("ended", 30)


async def test_an_agent_to_whom_nobody_comes_is_not_left_in_silence(agent: SoftPhone, ami: AmiClient) -> None:
    with ami.events("OriginateResponse") as events:
        await rung(ami, events, agent)
    await agent.wait("ended", 30)
