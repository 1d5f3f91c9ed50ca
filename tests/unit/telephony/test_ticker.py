import asyncio

import pytest

from ivr.fake import VirtualLoop
from telephony.ticker import CATCH_UP_STEPS, Ticker


def stand_still(seconds: float) -> None:
    """The process gets no turn for so long, as on a machine that is far too busy."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop._impatient.now_s += seconds


@pytest.mark.virtual_time
async def test_a_step_every_20_ms_and_none_left_out() -> None:
    ticker, loop = Ticker(), asyncio.get_running_loop()
    times: list[float] = []

    def step() -> None:
        times.append(loop.time())

    ticker.add(step)
    await asyncio.sleep(10.001)
    ticker.remove(step)
    assert len(times) == 500
    assert [round(at, 6) for at in times[:3]] == [0.02, 0.04, 0.06]
    await asyncio.sleep(1)
    assert len(times) == 500


@pytest.mark.virtual_time
async def test_short_delays_are_made_up_for() -> None:
    ticker, steps = Ticker(), [0]

    def step() -> None:
        steps[0] += 1

    ticker.add(step)
    for _ in range(10):
        await asyncio.sleep(0.05)
        stand_still(0.095)
    await asyncio.sleep(0.001)
    ticker.remove(step)
    assert steps[0] == 72  # 1,451 ms
    assert ticker.late_s == 0
    assert ticker.take_latest() == pytest.approx(0.095, abs=0.02)
    assert ticker.take_latest() == 0


@pytest.mark.virtual_time
async def test_a_long_delay_makes_speech_late_and_is_said() -> None:
    ticker, steps = Ticker(), [0]

    def step() -> None:
        steps[0] += 1

    ticker.add(step)
    stand_still(0.61)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert steps[0] == CATCH_UP_STEPS
    assert ticker.late_s == pytest.approx(0.4)
    await asyncio.sleep(0.1)
    ticker.remove(step)
    assert steps[0] == CATCH_UP_STEPS + 5


@pytest.mark.virtual_time
async def test_one_leg_that_fails_does_not_stop_the_others() -> None:
    ticker, steps = Ticker(), [0]

    def bad() -> None:
        raise ValueError("a fault of ours")

    def good() -> None:
        steps[0] += 1
        if steps[0] == 3:
            ticker.remove(good)  # in the middle of a round

    ticker.add(bad)
    ticker.add(good)
    await asyncio.sleep(0.2)
    ticker.remove(bad)
    assert steps[0] == 3
