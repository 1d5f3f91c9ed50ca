"""A full line and a crowd at the emergency: who is let in, who is rung, and that nobody is left in silence."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack
from functools import partial
from typing import Any, cast

import pytest

from controller.emergency_calls import EmergencyCalls
from telephony.ami_client import AmiClient
from telephony.softphone import PhoneEvent, SoftPhone
from telephony.spool import announced, pending
from tests.phones import TestLine, configured_line, quick_edition
from tests.rtp import RawCall
from tests.wire.legs.real_line import until

pytestmark = [pytest.mark.wire, pytest.mark.timeout(120)]
CALLERS, OF_ADDRESS = 8, 3  # of the callers 6 from outside, 4 strangers


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestLine]:
    """No controller: the dialplan decides alone, and keeps callers for as long as they listen."""
    shares = {"callers": CALLERS, "of_address": OF_ADDRESS}
    with special_line(tmp_path_factory, admission=shares, refused_retry_s=5, retries=3) as line:
        yield line


def special_line(folders: pytest.TempPathFactory, **settings: Any) -> AbstractContextManager[TestLine]:
    """Whose phones of the emergency ring for longer than any test, and some settings of its own."""
    return configured_line(folders.mktemp("special"), 22_900, quick_edition(emergency={"ring_s": 115}), **settings)


class Crowd:
    """Callers who are gone at the end of the test."""

    def __init__(self, line: TestLine, stack: AsyncExitStack) -> None:
        self.line, self.stack = line, stack

    async def stranger(self, address: int, answered: int = 200, user: str = "") -> RawCall:
        caller = RawCall(self.line.domain, user or f"06{address}", f"127.0.0.{address}")
        call = await self.stack.enter_async_context(caller)
        assert await call.call() == answered
        return call

    def waiting(self, turn: str) -> Callable[[], Awaitable[bool]]:
        """Whether somebody of that turn waits for the urgent phones."""
        return true(lambda: any(turn in row for row in self.line.asterisk.cli("group show channels").splitlines()))

    async def phone(self, name: str) -> SoftPhone:
        return await self.stack.enter_async_context(self.line.phone(name))


def number_of(invite: PhoneEvent) -> str:
    """Who calls, as the rung phone is told."""
    found = re.search(r"sip:(\w+)@", invite.fields["remote"])
    assert found, invite
    return found[1]


def batched(calls: list[RawCall], size: int) -> list[list[RawCall]]:
    return [calls[at : at + size] for at in range(0, len(calls), size)]


def true(check: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return check()

    return ask


@pytest.fixture
def crowd(line: TestLine, phones: AsyncExitStack) -> Crowd:
    return Crowd(line, phones)


async def test_an_address_and_strangers_together_have_a_share_and_known_phones_the_rest(crowd: Crowd) -> None:
    for _ in range(OF_ADDRESS):
        await crowd.stranger(2)
    too_many = await crowd.stranger(2, answered=486)
    assert any(answer.startswith("SIP/2.0 183") for answer in too_many.answers), "it hears why"
    assert too_many.rtp.came, "it hears why"
    await crowd.stranger(3)
    await crowd.stranger(4, answered=503)
    ward = await crowd.phone("204")
    ward.call("100")
    await ward.wait("answered", 30)


async def test_a_known_phone_reaches_the_emergency_of_a_full_line(
    tmp_path_factory: pytest.TempPathFactory, phones: AsyncExitStack
) -> None:
    with special_line(tmp_path_factory, admission={"callers": 1}) as full:
        crowd = Crowd(full, phones)
        urgent = await crowd.phone("urgent1")
        await crowd.stranger(2)
        ward = await crowd.phone("204")
        ward.call("100")
        await ward.wait("answered", 30)
        await ward.keys("9")
        await urgent.wait("invite", 20)
        await phones.aclose()


async def test_a_flood_leaves_the_ports_that_an_emergency_needs(
    tmp_path_factory: pytest.TempPathFactory, phones: AsyncExitStack
) -> None:
    """30 legs; without shares a flood takes them all, and whoever is connected cannot be put through."""
    with special_line(tmp_path_factory, rtp_end=22_959) as small:
        crowd = Crowd(small, phones)
        rung = [await crowd.phone(name) for name in ("urgent1", "urgent2")]
        flood = [RawCall(small.domain, host=f"127.0.0.{address}") for address in range(31, 51)]
        for one in flood:
            await phones.enter_async_context(one)
        codes = [code for wave in batched(flood, 4) for code in await asyncio.gather(*(one.call() for one in wave))]
        assert codes.count(200) == 8
        assert set(codes) == {200, 503}
        flood[codes.index(200)].stream.key("9")
        await rung[1].wait("invite", 20)
        ward = await crowd.phone("204")
        ward.call("100")
        await ward.wait("answered", 30)
        await ward.keys("9")
        await rung[0].wait("invite", 20)
        await phones.aclose()


async def test_strangers_never_hold_all_urgent_phones_and_all_come_in_turn(crowd: Crowd) -> None:
    kept, shared = await crowd.phone("urgent1"), await crowd.phone("urgent2")
    strangers = {f"06{address}": await crowd.stranger(address) for address in (11, 12, 13, 14)}
    for one in strangers.values():
        one.stream.key("9")
    rung = number_of(await shared.wait("invite", 20))
    heard = {number: len(one.rtp.came) for number, one in strangers.items()}
    ward = await crowd.phone("204")
    ward.call("100")
    await ward.wait("answered", 30)
    await ward.keys("9")
    assert number_of(await kept.wait("invite", 20)) == "204"
    assert [event.name for event in kept.events].count("invite") == 1
    assert all(len(one.rtp.came) > heard[number] for number, one in strangers.items()), "who waits hears it"
    while True:
        seen = shared.mark
        strangers.pop(rung).hang_up()
        if not strangers:
            break
        rung = number_of(await shared.wait("invite", 30, after=seen))
    assert [event.name for event in kept.events].count("invite") == 1


async def test_who_waits_their_turn_is_told_of_again_can_be_taken_and_is_written_down(crowd: Crowd) -> None:
    line, settings = crowd.line, crowd.line.settings
    shared, taker = await crowd.phone("urgent2"), await crowd.phone("agent1")
    fallback = await crowd.phone("fallback1")
    taker.answer_after(200)
    secret = settings.ami_secret.get_secret_value()
    async with AmiClient("127.0.0.1", settings.asterisk.ami_port, settings.ami_user, secret) as ami:
        assert await ami.ready(20)
        callers = [await crowd.stranger(address) for address in (31, 32, 33, 34)]
        for one in callers:
            one.stream.key("9")
        await shared.wait("invite", 20)
        await fallback.wait("invite", 20)
        waiting = partial(in_turn, ami)
        await until(waiting, 20)
        with ami.events("UserEvent") as events:
            told = [await anext(aiter(events)) for _ in range(2)]
        assert all(announced(event["Uniqueid"], event["Facts"]) for event in told)
        await EmergencyCalls(ami, cast("Any", None), cast("Any", None)).ring_alone(told[0]["Uniqueid"], "agent1")
        await taker.wait("answered", 30)
    for one in callers:
        one.hang_up()
    await asyncio.to_thread(line.await_no_channels)
    spooled = sorted((each.outcome, each.answered) for each in pending(line.spool))
    assert spooled == [*[("emergency", False)] * 3, ("emergency", True)]


async def in_turn(ami: AmiClient) -> bool:
    return any(each.context == "onenumber-attention" for each in await ami.core_show_channels())


async def test_a_source_that_is_looked_after_already_comes_last(crowd: Crowd) -> None:
    shared = await crowd.phone("urgent2")
    first = await crowd.stranger(21)
    first.stream.key("9")
    await shared.wait("invite", 20)
    repeated = await crowd.stranger(21, user="0699")
    repeated.stream.key("9")
    await until(crowd.waiting("repeated"), 20)
    other = await crowd.stranger(22)
    other.stream.key("9")
    await until(crowd.waiting("first"), 20)
    for call, then in ((first, "0622"), (other, "0699")):
        seen = shared.mark
        call.hang_up()
        assert number_of(await shared.wait("invite", 30, after=seen)) == then
    repeated.hang_up()


async def test_an_answer_that_nobody_acknowledges_does_not_hold_a_channel_for_long(line: TestLine) -> None:
    async with RawCall(line.domain) as call:
        assert await call.invite() == 200
        assert line.channels() == 1
        await until(true(lambda: line.channels() == 0), 55)  # with SIP's usual timers it is 64 s
