"""The caller's message, recorded from the leg and listened to: what is urgent in it does not wait for its end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog

from ivr.actions import Heard
from ivr.interim import is_alarming
from ivr.pcm import frame_powers
from ivr.ports import FRAME_BYTES, FRAME_MS, SAMPLE_RATE, HungUp, Leg, LegLost, Understanding

log = structlog.get_logger()
TONE_HZ, TONE_MS = 1_000, 300
LEAST_SPEECH_S = 0.5  # less is a slip, a breath, a click
SILENCE_MS = 6_000  # that long a silence ends a message
LAST_WORDS_S = 3.0  # so long may understanding them take
WISH_WORDS = 8  # a longer sentence that mentions a person belongs to the message
QUIET_RMS = 200  # below this a frame is silence, for this purpose alone
NOISE_RMS = 1_500  # no steady noise of a line or a room is louder
OVER_NOISE = 2.0  # times as loud as the steady noise is speech
QUIETEST = 10  # per cent of a message: between words, how loud the noise is


Overhear = Callable[[AsyncIterator[bytes]], Coroutine[Any, Any, Heard | None]]  # frames to what is urgent in them


def urgent(understanding: Understanding) -> bool:
    """What is obeyed also while a message is recorded: an emergency, or the bare wish for a person."""
    wish = understanding.act == "person" and len(understanding.text.split()) <= WISH_WORDS
    return is_alarming(understanding) or wish


def tone() -> bytes:
    """The beep after which to speak."""
    time = np.arange(SAMPLE_RATE * TONE_MS // 1000) / SAMPLE_RATE
    return (np.sin(2 * np.pi * TONE_HZ * time) * 6_000).astype("<i2").tobytes()


@dataclass(frozen=True)
class Recording:
    pcm: bytes
    key: str = ""  # that ended it
    heard: Heard | None = None  # that ended it

    @property
    def seconds(self) -> float:
        return len(self.pcm) / FRAME_BYTES * FRAME_MS / 1000

    @property
    def speech_s(self) -> float:
        """Seconds of it that are louder than silence, and than the noise that goes on between words."""
        levels = np.sqrt(frame_powers(self.pcm))
        if not levels.size:
            return 0.0
        noise = min(float(np.percentile(levels, QUIETEST)), NOISE_RMS)
        return int(np.sum(levels > max(QUIET_RMS, OVER_NOISE * noise))) * FRAME_MS / 1000


async def record_message(leg: Leg, prompt: bytes, limit_s: int, leading_away: str, overhear: Overhear) -> Recording:
    """Say the prompt and the tone, then keep what is said until a key, urgent words, a long silence or the limit.

    Before the end of the tone only keys that lead away count; others were meant for what came before.
    Raises: HungUp, LegLost only when nothing was recorded yet; otherwise what is there is kept.
    """
    leg.play(prompt + tone())
    if key := await _first(_one_of(leg, leading_away), leg.played()):
        leg.stop()
        return Recording(b"", str(key))
    message = _Message()
    listening = asyncio.create_task(overhear(message.passing()))
    try:
        end = await _first(leg.key(), _urgent(listening), message.record(leg.audio(), limit_s))
        if not isinstance(end, Heard) and (end or "") not in tuple(leading_away):
            message.end()
            end = await _last_words(listening) or end
    except (HungUp, LegLost):
        if not message.frames:
            raise
        end = None
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    pcm = b"".join(message.frames)
    return Recording(pcm, heard=end) if isinstance(end, Heard) else Recording(pcm, end or "")


async def _first(*ways: Coroutine[Any, Any, str | Heard | None]) -> str | Heard | None:
    """What the first of them comes to, or raises; of several at once it is the one named first."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task.done()).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _urgent(listening: asyncio.Task[Heard | None]) -> Heard:
    """Ends with what was urgent alone: who hears nothing must not end the message."""
    await asyncio.wait({listening})
    if heard := _result(listening):
        return heard
    await asyncio.Event().wait()
    raise AssertionError


async def _last_words(listening: asyncio.Task[Heard | None]) -> Heard | None:
    """What was said right before the end is understood as well."""
    await asyncio.wait({listening}, timeout=LAST_WORDS_S)
    return _result(listening)


def _result(listening: asyncio.Task[Heard | None]) -> Heard | None:
    """No fault of the ears costs the message."""
    if not listening.done() or listening.cancelled():
        return None
    if error := listening.exception():
        log.error("a message was not listened to", why=type(error).__name__)
        return None
    return listening.result()


async def _one_of(leg: Leg, keys: str) -> str:
    while (key := await leg.key()) not in keys:
        pass
    return key


class _Message:
    """Its frames, kept, and handed on to whoever listens meanwhile."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self._passing: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def record(self, pcm: AsyncIterator[bytes], limit_s: int) -> None:
        quiet_ms = 0
        async for frame in pcm:
            self.frames.append(frame)
            self._passing.put_nowait(frame)
            quiet_ms = 0 if frame_powers(frame).max(initial=0.0) > QUIET_RMS**2 else quiet_ms + FRAME_MS
            if quiet_ms >= SILENCE_MS or len(self.frames) * FRAME_MS >= limit_s * 1000:
                return

    def end(self) -> None:
        """No more is to come for whoever listens."""
        self._passing.put_nowait(None)

    async def passing(self) -> AsyncIterator[bytes]:
        while (frame := await self._passing.get()) is not None:
            yield frame
