import asyncio
import time

import pytest

from ivr.fake import (
    AudioBreaks,
    CallerHangsUp,
    CallerListens,
    CallerPresses,
    CallerSays,
    CallerWaits,
    ScriptedLeg,
    spoken,
    words_of,
)
from ivr.ports import HungUp, LegLost

pytestmark = pytest.mark.virtual_time


async def test_a_long_call_takes_no_time() -> None:
    began = time.monotonic()
    async with ScriptedLeg([CallerWaits(600_000), CallerPresses("1")]) as leg:
        assert await leg.key() == "1"
        assert leg.at_ms >= 600_000
    assert time.monotonic() - began < 60  # of 600 s


async def test_the_caller_answers_when_the_prompt_is_over() -> None:
    async with ScriptedLeg([CallerListens(), CallerSays("a blocked drain", 800)]) as leg:
        leg.play(spoken("tell me in your own words", 2_000))
        await leg.played()
        async for frame in leg.audio():
            if words := words_of(frame):
                break
    assert words == "a blocked drain"
    assert leg.heard == ["tell me in your own words"]
    assert leg.said[0].spoken_ms == 2_000


async def test_a_key_cuts_a_prompt_short() -> None:
    async with ScriptedLeg([CallerWaits(500), CallerPresses("0")]) as leg:
        leg.play(spoken("a very long greeting", 10_000))
        await leg.key()
        assert 480 <= leg.stop() <= 540


async def test_hang_up_and_a_broken_path_differ() -> None:
    for act, error in ((CallerHangsUp(), HungUp), (AudioBreaks(), LegLost)):
        async with ScriptedLeg([CallerWaits(100), act]) as leg:
            with pytest.raises(error):
                await leg.key()


async def test_timeouts_run_on_the_same_clock() -> None:
    async with ScriptedLeg() as leg:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await leg.key()
        assert 29_900 <= leg.at_ms <= 30_100
