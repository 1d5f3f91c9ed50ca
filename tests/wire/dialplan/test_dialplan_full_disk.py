"""The disk is full while Asterisk is alone: no message is thanked for that was not kept."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from telephony.recordings import RATE_HZ, heard, tone_share
from telephony.softphone import SoftPhone
from tests.disks import fill, small_disk
from tests.phones import TestLine, configured_line, speak

pytestmark = pytest.mark.wire
PORTER_HZ = 440


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestLine]:
    """An Asterisk whose files lie on a small disk."""
    with small_disk(tmp_path_factory.mktemp("disk") / "full", 48) as folder:
        with configured_line(folder, 22_800, refused_retry_s=1, retries=1) as line:
            yield line


async def test_whose_message_cannot_be_kept_is_led_to_a_person(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, tmp_path: Path
) -> None:
    speech = speak("The drain on ward four is blocked.", tmp_path / "speech.wav")
    porter = await phones.enter_async_context(line.phone("fallback1"))
    filled = fill(line.folder)
    try:
        caller.call("100")
        await porter.wait("invite", 30)
        await porter.wait("ended", 30)  # not answered: a message is asked for
        rung = porter.mark
        porter.answer_after(100)
        await caller.quiet(0.8, 30)
        caller.play(speech)
        await caller.wait("played", 30)
        await caller.keys("#")
        await porter.wait("answered", 20, after=rung)
        await porter.wait("media", 30, after=rung)
        porter.tone(PORTER_HZ)
        await until_heard(tmp_path / "heard.wav", heard(tmp_path / "heard.wav").size + 3 * RATE_HZ)
    finally:
        filled.unlink()
    caller.hang_up()
    await caller.wait("ended", 30)
    assert tone_share(heard(tmp_path / "heard.wav"), PORTER_HZ) > 0.5


async def test_who_reaches_nobody_is_rung_for_again_and_let_go_at_last(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack
) -> None:
    porter = await phones.enter_async_context(line.phone("fallback1"))
    filled = fill(line.folder)
    try:
        caller.call("100")
        for _ in range(2):  # with no word of the caller: a message is asked for each time
            await porter.wait("invite", 60, after=porter.mark)
        await caller.wait("ended", 60)  # every round has its end
    finally:
        filled.unlink()


async def test_a_full_disk_neither_loses_a_phone_nor_keeps_one_that_left(line: TestLine) -> None:
    filled = fill(line.folder)
    try:
        async with line.phone("urgent1"):
            assert "urgent1/sip:" in line.asterisk.cli("pjsip show contacts")
        await until(lambda: "urgent1/sip:" not in line.asterisk.cli("pjsip show contacts"))
    finally:
        filled.unlink()


async def until_heard(wav: Path, samples: int) -> None:
    await until(lambda: heard(wav).size >= samples)


async def until(true: Callable[[], bool]) -> None:
    """Raises: TimeoutError."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.1)
