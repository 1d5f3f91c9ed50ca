"""A dispatcher's phone rung beside the call: what the dialogue's fake promises, the real one keeps with Asterisk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from controller.agent_phones import AgentPhones as RungByAsterisk
from ivr.fake_phones import ScriptedPhones
from ivr.ports import AgentPhones
from routing.identity import new_id
from routing.model import CallerId
from telephony.ami_client import AmiClient
from telephony.softphone import SoftPhone
from tests.phones import TestLine

pytestmark = pytest.mark.wire
WARD = CallerId("204", "204", contact="Ward 4 desk")
LONG_S = 30


@dataclass
class Ringing:
    """Phones that can be rung, and how long their agent takes; None: for ever."""

    phones: AgentPhones
    agent: SoftPhone | None = None

    def taken_after(self, ms: int | None) -> None:
        if self.agent:
            self.agent.answer_after(ms)
        elif isinstance(self.phones, ScriptedPhones):
            self.phones.taken_after_s = [None if ms is None else ms / 1_000]


@pytest.fixture(params=["fake", "asterisk"])
async def ringing(
    request: pytest.FixtureRequest, line: TestLine, phones: AsyncExitStack, ami: AmiClient
) -> AsyncIterator[Ringing]:
    if request.param == "fake":
        yield Ringing(ScriptedPhones())
        return
    agent, real = await phones.enter_async_context(line.phone("agent1")), RungByAsterisk(ami)
    telling = asyncio.create_task(told(ami, real))
    yield Ringing(real, agent)
    telling.cancel()


async def told(ami: AmiClient, phones: RungByAsterisk) -> None:
    with ami.events("OriginateResponse") as events:
        async for event in events:
            phones.happened(event)


async def test_a_phone_that_is_taken_waits_on_its_channel(ringing: Ringing) -> None:
    offer_id = new_id()
    ringing.taken_after(200)
    assert ringing.phones.ready
    channel = await ringing.phones.ring(offer_id, "agent1", WARD, LONG_S)
    assert channel is not None
    assert channel.startswith("PJSIP/agent1-")
    await ringing.phones.hang_up(offer_id)


async def test_a_phone_that_is_not_taken_rings_no_longer_than_asked(ringing: Ringing) -> None:
    ringing.taken_after(None)
    assert await ringing.phones.ring(new_id(), "agent1", WARD, 2) is None


async def test_a_phone_that_is_put_down_while_it_rings_was_not_taken(ringing: Ringing) -> None:
    offer_id = new_id()
    ringing.taken_after(None)
    rung = asyncio.create_task(ringing.phones.ring(offer_id, "agent1", WARD, LONG_S))
    if ringing.agent:
        await ringing.agent.wait("invite", 20)
    else:
        await asyncio.sleep(0.1)
    await ringing.phones.hang_up(offer_id)
    async with asyncio.timeout(LONG_S / 2):
        assert await rung is None


async def test_what_does_not_ring_may_be_put_down_and_rings_all_the_same_when_asked(ringing: Ringing) -> None:
    offer_id = new_id()
    await ringing.phones.hang_up(offer_id)
    ringing.taken_after(200)
    assert await ringing.phones.ring(offer_id, "agent1", WARD, LONG_S) is not None
    await ringing.phones.hang_up(offer_id)
