"""Keys as tones of a phone that agreed to tell them as events (RFC 4733), in calls that no controller has."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.phones import TestLine, configured_line, quick_edition
from tests.rtp import RawCall, key_tone
from tests.wire.dialplan.conftest import PBX, PBX_ADDRESS, ControllerProcess
from tests.wire.legs.listening_controller import listening
from tests.wire.legs.real_line import until

pytestmark = [pytest.mark.wire, pytest.mark.timeout(120)]


@pytest.mark.parametrize("formats", ["0 13 101", "9 8 0 101"])
async def test_the_emergency_key_is_heard_as_a_tone_without_a_controller(
    line: TestLine, phones: AsyncExitStack, formats: str
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    async with RawCall(line.domain, formats=formats) as call:
        assert await call.call() == 200
        call.stream.once = key_tone("9")
        await urgent.wait("invite", 30)
        assert not call.requests("INVITE")
        assert not call.requests("UPDATE")


async def test_a_phone_without_g711_is_answered_as_it_is(line: TestLine) -> None:
    """Asterisk looks for no tones in its audio: early media would be for nothing."""
    async with RawCall(line.domain, formats="9 101") as call:
        assert await call.call() == 200
        assert not any(answer.startswith("SIP/2.0 183") for answer in call.answers)


async def test_a_phone_whose_sdp_comes_with_the_ack_is_answered_and_its_key_heard(
    line: TestLine, phones: AsyncExitStack
) -> None:
    urgent = await phones.enter_async_context(line.phone("urgent1"))
    async with RawCall(line.domain, formats="0 101", late=True) as call:
        assert await call.call() == 200
        call.stream.key("9")
        await urgent.wait("invite", 30)


@pytest.mark.parametrize("way", ["tone", "event"])
async def test_a_controller_that_comes_later_is_told_each_key_once(line: TestLine, way: str) -> None:
    async with RawCall(line.domain) as call:
        assert await call.call() == 200
        async with listening(line) as heard:
            await until(true(lambda: heard.leg is not None), 20)
            for key in "5586":
                came = len(call.rtp.came)
                if way == "tone":
                    call.stream.once = key_tone(key)
                else:
                    call.stream.key(key)
                await until(true(lambda seen=came: len(call.rtp.came) > seen + 25), 10)  # type: ignore[misc]
            call.stream.key("*")  # the last, by which all others have come
            await until(true(lambda: heard.leg is not None and heard.leg.ended is not None), 10)
            assert heard.keys == "5586"


async def test_it_is_heard_while_a_phone_rings_for_a_call_that_began_without_a_controller(
    line: TestLine, phones: AsyncExitStack, controller: ControllerProcess
) -> None:
    agent, urgent = [await phones.enter_async_context(line.phone(name)) for name in ("agent1", "urgent1")]
    async with RawCall(line.domain) as call:
        assert await call.call() == 200
        await controller.start("dial")
        await agent.wait("invite", 20)
        call.stream.once = key_tone("9")
        await urgent.wait("invite", 30)


@pytest.fixture
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestLine]:
    """A line for one caller; whoever calls from the PBX is staff."""
    patient, staff = quick_edition(emergency={"ring_s": 60}), PBX.replace("(trunk)", "(trunk)\nset_var = ON_KNOWN=yes")
    with configured_line(tmp_path_factory.mktemp("crowded"), 22_900, patient, staff, {"callers": 1}) as line:
        yield line


async def test_the_emergency_key_is_heard_as_a_tone_on_a_crowded_line(
    crowded: TestLine, phones: AsyncExitStack
) -> None:
    urgent = await phones.enter_async_context(crowded.phone("urgent1"))
    first = await phones.enter_async_context(RawCall(crowded.domain, "7204", PBX_ADDRESS))
    second = await phones.enter_async_context(RawCall(crowded.domain, "7205", PBX_ADDRESS))
    assert [await one.call() for one in (first, second)] == [200, 200]
    assert "crowded" in await asyncio.to_thread(crowded.asterisk.cli, "group show channels")
    second.stream.once = key_tone("9")
    await urgent.wait("invite", 30)


def true(check: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return check()

    return ask
