"""What a caller's RTP may do to being heard, by a phone whose packets are the test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from telephony.audio_watch import HearingState
from tests.conftest import free_port
from tests.phones import TestLine
from tests.rtp import Datagrams, RawCall, RtpStream, tone
from tests.unit.telephony.fake_asterisk import FakeAsterisk
from tests.wire.legs.listening_controller import Heard, listening
from tests.wire.legs.real_line import until

pytestmark = [pytest.mark.wire, pytest.mark.timeout(120)]
LEARNT = 300  # packets, 6 s: Asterisk may learn a source for 5 s


@pytest.fixture
def line(phone_line: TestLine) -> TestLine:
    return phone_line


@pytest.fixture
async def heard(line: TestLine) -> AsyncIterator[Heard]:
    async with listening(line) as ours:
        yield ours


@pytest.mark.parametrize("new_ssrc", [False, True])
async def test_packets_whose_numbers_begin_anew_lower_are_heard_again(
    line: TestLine, heard: Heard, new_ssrc: bool
) -> None:
    """As after a transfer, or a PBX's music: 100 s of packets would be taken for old ones."""
    async with RawCall(line.domain) as phone:
        assert await phone.call(sound=tone(500)) == 200
        await until(heard.hears(500), 30)
        phone.stream.seq -= 5_000
        phone.stream.ssrc += new_ssrc
        phone.stream.sound = tone(900)
        await until(heard.hears(900), 30)  # it was mended, not waited out
        assert [one.change for one in heard.changes] == [HearingState.LOST, HearingState.BACK]
        phone.stream.key("5")
        await until(_true(lambda: heard.keys == "5"), 30)


async def test_a_phone_that_sends_no_silence_loses_nothing_by_it(line: TestLine, heard: Heard) -> None:
    async with RawCall(line.domain) as phone:
        assert await phone.call(sound=tone(500)) == 200
        await until(heard.hears(500), 30)
        for hz in (900, 500):
            changes = len(heard.changes)
            phone.stream.silent = True
            await until(_true(lambda seen=changes: len(heard.changes) > seen), 30)  # type: ignore[misc]
            phone.stream.key("1")  # keys go by the audio's silence
            phone.stream.sound, phone.stream.silent = tone(hz), False
            await until(heard.hears(hz), 30)
        await until(_true(lambda: heard.keys == "11"), 30)
        assert heard.leg is not None
        assert heard.leg.ended is None


@pytest.mark.parametrize("spoke", [True, False])
async def test_who_sends_to_a_silent_phones_port_is_not_spoken_to(line: TestLine, heard: Heard, spoke: bool) -> None:
    async with RawCall(line.domain) as phone:
        assert await phone.call(sound=tone(500)) == 200
        phone.stream.silent = not spoke
        await until(_true(lambda: phone.stream.sent >= LEARNT if spoke else len(phone.rtp.came) > 20), 30)
        phone.stream.silent = True
        thief = await Datagrams.open(free_port())
        stolen = RtpStream(thief, phone.far_media, tone(900), seq=9, ssrc=7)
        stealing = asyncio.create_task(stolen.run())
        try:
            await until(_true(lambda: stolen.sent >= 400), 20)
            assert thief.came == [], "the caller's prompt went to a third party"
            came = len(phone.rtp.came)
            await until(_true(lambda: len(phone.rtp.came) > came + 10), 30)
            if spoke:
                assert not await heard.hears(900)(), "a third party spoke for the caller"
                phone.stream.silent = False
                await until(heard.hears(500), 30)
        finally:
            stealing.cancel()
            thief.close()


async def test_a_forged_hangup_reaches_nobody_and_asterisks_own_does(line: TestLine, heard: Heard) -> None:
    async with RawCall(line.domain) as phone:
        assert await phone.call(sound=tone(500)) == 200
        await until(heard.hears(500), 30)
        forger = FakeAsterisk()
        forger.variables["ON_CALL"] = "a-call"
        await forger.call(line.settings.controller.agi_port, "hangup", uniqueid=heard.channel)
        await forger.over()
        assert heard.ended == []
        phone.hang_up()
        await until(_true(lambda: heard.ended == [heard.channel]), 30)


def _true(check: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return check()

    return ask
