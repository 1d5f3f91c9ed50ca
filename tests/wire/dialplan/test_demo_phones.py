"""The demo's emergency team answers, again and again, and says who it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from ivr.sound_files import write_wav
from supervisor.demo_phones import answer
from telephony.recordings import RATE_HZ, heard, tone_share
from telephony.softphone import SoftPhone
from tests.e2e.line import until
from tests.phones import TestLine
from tests.wire.legs.tones import tone

pytestmark = pytest.mark.wire
HZ = 700


@pytest.fixture
async def team(line: TestLine, tmp_path: Path) -> AsyncIterator[None]:
    settings = line.settings.model_copy(update={"data_dir": tmp_path})
    write_wav(tmp_path / "team.wav", tone(HZ, 2_000))
    phones = asyncio.create_task(answer(settings, ["urgent2"], tmp_path / "team.wav", 100))
    async with asyncio.timeout(20):
        while not settings.paths.demo_phones.exists():  # noqa: ASYNC110 - a file is what it tells
            await asyncio.sleep(0.05)
    yield
    phones.cancel()
    with suppress(asyncio.CancelledError):
        await phones


async def test_an_emergency_in_the_demo_is_answered(
    line: TestLine, team: None, caller: SoftPhone, tmp_path: Path
) -> None:
    caller.call("100")
    await caller.wait("answered", 30)
    await caller.quiet(0.5, 20)
    await caller.keys("9")

    async def hears_team() -> bool:
        return tone_share(heard(tmp_path / "heard.wav")[-RATE_HZ:], HZ) > 0.7

    await until("the team to be heard", hears_team, 30)
    caller.hang_up()
    await caller.wait("ended", 30)
