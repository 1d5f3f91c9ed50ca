"""Whoever comes while the controller serves all that it can waits in line: spoken to, never in silence."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from telephony.asterisk_config import ASK_AGAIN_S
from telephony.recordings import heard
from telephony.softphone import SoftPhone
from telephony.spool import pending
from tests.phones import TestLine, recorded
from tests.silences import longest_silence_s
from tests.wire.dialplan.conftest import ControllerProcess
from tests.wire.fake_controller import SERVED_AT

pytestmark = pytest.mark.wire
SILENCE_S = 2.0  # between a sentence and the music, on a busy machine


async def test_they_are_told_hear_music_and_keep_their_call(
    line: TestLine, caller: SoftPhone, controller: ControllerProcess, tmp_path: Path
) -> None:
    await controller.start("wait")
    caller.call("100")
    await caller.wait("answered", 30)
    first, second = await controller.saw(1), await controller.saw(2)
    served = await controller.saw(SERVED_AT)
    await caller.wait("ended", 30)
    sound = heard(tmp_path / "heard.wav")
    assert len(sound) / 8000 > 2 * ASK_AGAIN_S - SILENCE_S
    assert longest_silence_s(sound) < SILENCE_S
    assert first["ON_CALL"] == ""
    assert second["ON_CALL"] == served["ON_CALL"] != ""
    assert served["ON_TRIES"] == ""  # it is no accident
    assert pending(line.spool) == []


async def test_an_emergency_does_not_wait(
    line: TestLine, caller: SoftPhone, controller: ControllerProcess, phones: AsyncExitStack, tmp_path: Path
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    await controller.start("wait")
    caller.call("100")
    await controller.saw(1)
    await recorded(tmp_path / "heard.wav", 0.5)
    await caller.keys("9")
    await urgent.wait("invite", 30)
    caller.hang_up()
    await caller.wait("ended", 30)


async def test_without_a_controller_by_then_the_dialplan_serves_them(
    line: TestLine, caller: SoftPhone, controller: ControllerProcess
) -> None:
    await controller.start("wait")
    caller.call("100")
    await controller.saw(1)
    await controller.kill()
    await caller.wait("answered", 30)
    async with asyncio.timeout(ASK_AGAIN_S + 30):
        while not any(line.spool.iterdir()):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    caller.hang_up()
    await caller.wait("ended", 30)
    line.await_no_channels()
    assert [message.outcome for message in pending(line.spool)] == ["left"]
