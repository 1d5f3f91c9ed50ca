"""A controller that is killed or hangs: callers hear something soon, and are taken on; talks go on."""

import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from telephony.recordings import heard, tone_share
from telephony.softphone import SoftPhone
from tests.phones import TestLine, recorded
from tests.silences import longest_silence_s
from tests.wire.dialplan.conftest import DEAD_CONTROLLER_S, ControllerProcess

pytestmark = pytest.mark.wire
MARGIN_S = 2.5  # a busy machine; without the second try or the prompt, silence lasts far longer


async def test_a_controller_that_hangs_at_ring_time(
    line: TestLine, caller: SoftPhone, controller: ControllerProcess, tmp_path: Path
) -> None:
    await controller.start("audio")
    controller.send(signal.SIGSTOP)
    caller.call("100")
    answered = await caller.wait("answered", DEAD_CONTROLLER_S + MARGIN_S)
    await recorded(tmp_path / "heard.wav", 7)
    caller.hang_up()
    await caller.wait("ended", 30)
    assert answered.at_ms > 0
    assert longest_silence_s(heard(tmp_path / "heard.wav")) < DEAD_CONTROLLER_S + MARGIN_S
    await controller.kill()


async def test_a_controller_that_hangs_while_it_has_the_audio(
    line: TestLine, caller: SoftPhone, controller: ControllerProcess, tmp_path: Path
) -> None:
    await controller.start("audio")
    caller.call("100")
    await caller.wait("answered", 30)
    await recorded(tmp_path / "heard.wav", 1.5)
    controller.send(signal.SIGSTOP)
    await recorded(tmp_path / "heard.wav", 8)
    assert not caller.has("ended")
    caller.hang_up()
    await caller.wait("ended", 30)
    sound = heard(tmp_path / "heard.wav")
    assert tone_share(sound[:8000], 1000) > 0.8
    assert longest_silence_s(sound) < DEAD_CONTROLLER_S + MARGIN_S
    await controller.kill()


async def test_a_killed_controllers_call_is_resumed_by_the_next_one(
    line: TestLine, caller: SoftPhone, controller: ControllerProcess, tmp_path: Path
) -> None:
    await controller.start("audio", lease_s=60)
    caller.call("100")
    await caller.wait("answered", 30)
    await recorded(tmp_path / "heard.wav", 1)
    await controller.kill()
    await controller.start("audio", lease_s=60)
    again = await controller.saw(2, 20)
    assert (again["ON_TRIES"], again["ON_CALL"] != "") == ("1", True)
    await recorded(tmp_path / "heard.wav", 1.5)
    caller.hang_up()
    await caller.wait("ended", 30)
    ending = await controller.saw(3)
    assert ending["environment"]["agi_network_script"] == "hangup"
    assert ending["ON_CALL"] == again["ON_CALL"]
    sound = heard(tmp_path / "heard.wav")
    assert longest_silence_s(sound) < 6 + MARGIN_S  # Asterisk lets go of a dead AudioSocket within 5 s
    assert tone_share(sound[-8000:], 1000) > 0.8


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_talk_goes_on_without_the_controller(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, controller: ControllerProcess,
    tmp_path: Path, how: signal.Signals,
) -> None:  # fmt: skip
    await controller.start("dial")
    agent = await phones.enter_async_context(line.phone("agent1"))
    agent.answer_after(100)
    agent.tone(700)
    caller.call("100")
    await agent.wait("answered", 30)
    controller.send(how)
    await recorded(tmp_path / "heard.wav", DEAD_CONTROLLER_S + 2)
    assert not agent.has("ended")
    assert not caller.has("ended")
    caller.hang_up()
    await agent.wait("ended", 30)
    assert tone_share(heard(tmp_path / "heard.wav")[-16000:], 700) > 0.8
    await controller.kill()


async def test_after_the_talk_the_controller_learns_how_it_went(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, controller: ControllerProcess, tmp_path: Path
) -> None:
    await controller.start("dial")
    agent = await phones.enter_async_context(line.phone("agent1"))
    agent.answer_after(100)
    agent.record(tmp_path / "agent.wav")
    caller.call("100", trace="t1")
    await agent.wait("answered", 30)
    await recorded(tmp_path / "agent.wav", 1.5)
    agent.hang_up()
    again = await controller.saw(2)
    assert (again["ON_DIALSTATUS"], again["ON_TRACE"]) == ("ANSWER", "t1")
    await caller.wait("ended", 30)


async def test_a_phone_that_is_not_there_gives_the_call_back_at_once(
    line: TestLine, caller: SoftPhone, controller: ControllerProcess
) -> None:
    await controller.start("dial")
    caller.call("100")
    again = await controller.saw(2, 5)
    assert again["ON_DIALSTATUS"] == "CHANUNAVAIL"
    await caller.wait("ended", 30)


async def test_a_hung_controller_leaves_no_channel_behind_once_it_is_dead(
    line: TestLine, caller: SoftPhone, controller: ControllerProcess
) -> None:
    await controller.start("audio", lease_s=60)
    caller.call("100")
    await caller.wait("answered", 30)
    controller.send(signal.SIGSTOP)
    caller.hang_up()
    await caller.wait("ended", 30)
    await controller.kill()
    line.await_no_channels(5)
