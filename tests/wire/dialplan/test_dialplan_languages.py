"""What Asterisk says by itself is in the language that the call has changed to, where the site has it in that."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from supervisor.preparing import write_beside
from telephony.recordings import heard, tone_share
from telephony.softphone import SoftPhone
from tests.phones import TestLine, recorded
from tests.wire.dialplan.conftest import ControllerProcess
from tests.wire.legs.tones import tone

pytestmark = pytest.mark.wire
DUTCH_HZ = 900


class ToneVoice:
    """Says everything in one tone."""

    idle = True

    async def say(self, text: str, language: str) -> bytes:
        return tone(DUTCH_HZ, 1_500)

    async def recorded(self, key: str, language: str) -> bytes | None:
        return None


@pytest.fixture
async def dutch(line: TestLine) -> AsyncIterator[Path]:
    """The instruction in Dutch, written while Asterisk runs."""
    english = line.folder / "sounds/en/emergency-instruction.wav"
    await write_beside(ToneVoice(), "emergency_instruction", line.edition, "nl", english)
    yield english.parent / "nl"
    shutil.rmtree(english.parent / "nl")


@pytest.mark.parametrize(("mode", "least", "most"), [("emergency-nl", 0.8, 1.0), ("emergency", 0.0, 0.2)])
async def test_an_emergency_is_instructed_in_the_language_of_the_call(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, controller: ControllerProcess, dutch: Path,
    tmp_path: Path, mode: str, least: float, most: float,
) -> None:  # fmt: skip
    await controller.start(mode)
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    caller.call("100")
    await urgent.wait("invite", 20)  # no phone that strangers ring first is there: the instruction has been given
    caller.hang_up()
    await caller.wait("ended", 5)
    assert least <= tone_share(heard(tmp_path / "heard.wav"), DUTCH_HZ) <= most


async def test_the_urgent_group_rings_while_the_caller_is_instructed(
    line: TestLine, phones: AsyncExitStack, controller: ControllerProcess, dutch: Path, tmp_path: Path
) -> None:
    await controller.start("emergency-nl")
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    ward = await phones.enter_async_context(line.phone("204"))
    ward.record(tmp_path / "ward.wav")
    ward.call("100")
    await urgent.wait("invite", 20)
    await recorded(tmp_path / "ward.wav", 3)  # which hears it while the phone rings
    assert not urgent.has("answered")
    ward.hang_up()
    await ward.wait("ended", 5)
    assert tone_share(heard(tmp_path / "ward.wav"), DUTCH_HZ) > 0.8


async def test_a_language_without_a_sound_has_the_lines_own(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, controller: ControllerProcess, tmp_path: Path
) -> None:
    await controller.start("emergency-nl")
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    caller.call("100")
    invite = await urgent.wait("invite", 20)
    told = await caller.wait("sound", 1)
    assert invite.at_ms - told.at_ms > 1_000
    caller.hang_up()
    await caller.wait("ended", 5)
