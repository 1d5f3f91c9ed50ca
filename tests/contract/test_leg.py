"""What the dialogue may rely on, whatever leg it holds: the caller by script, and the one over AudioSocket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest

from ivr.fake import ScriptedLeg
from ivr.ports import FRAME_BYTES, HungUp, Leg, LegLost
from telephony.ticker import CATCH_UP_STEPS
from tests.unit.telephony.fake_call import FakeCall, live_leg, until

A, B, SILENCE = b"\x01\x00" * 160, b"\x02\x00" * 160, bytes(FRAME_BYTES)


class Caller(Protocol):
    """The other end of a leg."""

    def send(self, pcm: bytes) -> None: ...
    def press(self, key: str) -> None: ...
    def hang_up(self) -> None: ...
    def break_audio(self) -> None: ...
    def heard(self) -> list[bytes]: ...


class RecordedLeg(ScriptedLeg):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []

    def tick(self) -> bytes:
        self.frames.append(super().tick())
        return self.frames[-1]


class ScriptedCaller:
    def __init__(self, leg: RecordedLeg) -> None:
        self._leg = leg
        self.send, self.press = leg.hear, leg.press

    def hang_up(self) -> None:
        self._leg.end(HungUp())

    def break_audio(self) -> None:
        self._leg.end(LegLost())

    def heard(self) -> list[bytes]:
        return self._leg.frames


class SocketCaller:
    def __init__(self, call: FakeCall) -> None:
        self._asterisk = call.asterisk
        self.send, self.press = call.asterisk.send, call.asterisk.press
        self.hang_up, self.break_audio = call.asterisk.hang_up, call.asterisk.break_audio

    def heard(self) -> list[bytes]:
        return self._asterisk.heard


Line = tuple[Leg, Caller]


@asynccontextmanager
async def scripted() -> AsyncIterator[Line]:
    async with RecordedLeg() as leg:
        yield leg, ScriptedCaller(leg)


@asynccontextmanager
async def over_audiosocket() -> AsyncIterator[Line]:
    async with live_leg() as (leg, call):
        yield leg, SocketCaller(call)


Opened = Callable[[], AbstractAsyncContextManager[Line]]
LEGS = pytest.mark.parametrize("line", [scripted, over_audiosocket])


def sounds(frames: list[bytes]) -> list[bytes]:
    return [frame for frame in frames if frame != SILENCE]


@LEGS
async def test_all_of_a_prompt_is_heard_and_then_silence(line: Opened) -> None:
    async with line() as (leg, caller):
        leg.play(A * 10 + B[:100])
        await leg.played()
        await until(lambda: len(sounds(caller.heard())) >= 11 and caller.heard()[-1] == SILENCE)
        assert sounds(caller.heard()) == [A] * 10 + [B[:100].ljust(FRAME_BYTES, b"\0")]


@LEGS
async def test_played_returns_at_once_when_nothing_is_said(line: Opened) -> None:
    async with line() as (leg, _), asyncio.timeout(20):
        await leg.played()
        leg.play(b"")
        await leg.played()
        assert leg.stop() == 0


@LEGS
async def test_stop_answers_what_was_spoken_and_frees_who_waits(line: Opened) -> None:
    async with line() as (leg, caller):
        loop = asyncio.get_running_loop()
        began = loop.time()
        leg.play(A * 2_000)
        waiting = asyncio.create_task(leg.played())
        await until(lambda: len(sounds(caller.heard())) >= 15)
        spoken_ms = leg.stop()
        passed_ms = 1_000 * (loop.time() - began)
        async with asyncio.timeout(30):
            await waiting
        silent_from = len(caller.heard())
        await until(lambda: len(caller.heard()) >= silent_from + 5)
        assert spoken_ms == 20 * len(sounds(caller.heard()))
        assert spoken_ms <= passed_ms + 20 * (CATCH_UP_STEPS + 1)


@LEGS
async def test_a_pause_loses_nothing_and_counts_as_time(line: Opened) -> None:
    async with line() as (leg, caller):
        leg.play(A * 50)
        await until(lambda: len(sounds(caller.heard())) >= 3)
        leg.pause()
        paused = len(caller.heard())
        await until(lambda: caller.heard()[paused:].count(SILENCE) >= 10)
        leg.resume()
        await leg.played()
        await until(lambda: len(sounds(caller.heard())) >= 50)
        assert sounds(caller.heard()) == [A] * 50
        after = caller.heard()[paused:]
        assert after.index(SILENCE) < len(after) - after[::-1].index(A) - 10, "the silence lies within"


@LEGS
async def test_music_goes_on_until_something_is_said(line: Opened) -> None:
    async with line() as (leg, caller):
        leg.play(A * 2, loop=True)
        await until(lambda: len(sounds(caller.heard())) > 5)
        leg.play(B)
        await leg.played()
        await until(lambda: B in caller.heard())
        heard = sounds(caller.heard())
        assert heard == [A] * (len(heard) - 1) + [B]


@LEGS
async def test_what_fills_a_silence_is_heard_until_the_line_speaks(line: Opened) -> None:
    async with line() as (leg, caller):
        leg.play(A * 50)
        await until(lambda: len(sounds(caller.heard())) >= 3)
        leg.pause()
        leg.fill(B * 2)
        await until(lambda: caller.heard().count(B) > 5)
        leg.resume()
        await leg.played()
        leg.fill(B)
        await until(lambda: caller.heard().count(A) == 50 and caller.heard()[-1] == B)
        leg.play(A)
        await leg.played()
        await until(lambda: caller.heard()[-1] == SILENCE)


@LEGS
async def test_the_caller_is_heard_from_now_on_and_a_gap_is_silence(line: Opened) -> None:
    async with line() as (leg, caller):
        caller.send(B)
        caller.press("1")
        await leg.key()  # so that what was sent before it is there, too
        audio = leg.audio()
        for _ in range(3):
            caller.send(A)
        frames = await until_gap(audio, 3)
        assert sounds(frames) == [A] * 3
        assert {len(frame) for frame in frames} == {FRAME_BYTES}


async def until_gap(audio: AsyncIterator[bytes], heard: int) -> list[bytes]:
    """All frames until so many with sound have come, and silence after them."""
    frames = list[bytes]()
    async with asyncio.timeout(30):
        while len(sounds(frames)) < heard or frames[-1] != SILENCE:
            frames.append(await anext(audio))
    return frames


@LEGS
async def test_keys_come_in_order_and_wait_for_who_asks(line: Opened) -> None:
    async with line() as (leg, caller):
        asking = asyncio.create_task(leg.key())
        await asyncio.sleep(0)
        for key in "1*#":
            caller.press(key)
        assert [await asking, await leg.key(), await leg.key()] == ["1", "*", "#"]


@LEGS
async def test_a_reader_that_gave_up_does_not_stand_in_the_way(line: Opened) -> None:
    async with line() as (leg, caller):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await leg.key()
        leg.play(A * 100)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await leg.played()
        caller.press("5")
        assert await leg.key() == "5"


@LEGS
@pytest.mark.parametrize(("how", "error"), [("hang_up", HungUp), ("break_audio", LegLost)])
async def test_the_end_reaches_everyone(line: Opened, how: str, error: type[Exception]) -> None:
    async with line() as (leg, caller):
        leg.play(A, loop=True)
        audio = leg.audio()
        waits: list[Awaitable[object]] = [leg.key(), leg.played(), _exhaust(audio)]
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        await until(lambda: len(sounds(caller.heard())) >= 3)  # by then all of them wait
        getattr(caller, how)()
        async with asyncio.timeout(30):
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [error] * 3
        for method in (leg.stop, leg.pause, leg.resume, leg.audio):
            with pytest.raises(error):
                method()
        with pytest.raises(error):
            leg.play(A)


async def _exhaust(audio: AsyncIterator[bytes]) -> None:
    async for _ in audio:
        pass
