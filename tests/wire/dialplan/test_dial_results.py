"""What a phone answers is the result that the line tells of the attempt."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from controller.dial_results import DialResults
from routing.identity import new_id
from routing.retrying import AttemptResult
from telephony.ami import Originate
from telephony.ami_client import AmiClient
from telephony.dialling import RegisteredPhone
from tests.phones import TestLine

pytestmark = pytest.mark.wire
RING_S = 3


async def result_of(ami: AmiClient, attempt: str) -> AttemptResult:
    results = DialResults()
    with ami.events("Hangup", "OriginateResponse") as events:
        asked = Originate(
            channel_id=attempt, destination=RegisteredPhone("204"), context="onenumber-outbound", caller_number="100",
            timeout_ms=RING_S * 1_000, variables={"ON_ATTEMPT": attempt},
        )  # fmt: skip
        await ami.originate(asked)
        async for event in events:
            if told := results.happened(event, 0.0):
                assert told[0] == attempt
                return told[1]
    raise AssertionError


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (486, AttemptResult.BUSY),
        (600, AttemptResult.BUSY),
        (603, AttemptResult.DECLINED),
        (480, AttemptResult.NO_ANSWER),
        (404, AttemptResult.WRONG_NUMBER),
        (503, AttemptResult.UNREACHABLE),
        (None, AttemptResult.NO_ANSWER),  # it rings to the end
    ],
)
async def test_a_phone_that_refuses_says_how(
    line: TestLine, phones: AsyncExitStack, ami: AmiClient, code: int | None, result: AttemptResult
) -> None:
    phone = await phones.enter_async_context(line.phone("204"))
    asked = asyncio.create_task(result_of(ami, new_id()))
    await phone.wait("invite", 30)
    if code:
        phone.answer(code)
    async with asyncio.timeout(30):
        assert await asked is result
