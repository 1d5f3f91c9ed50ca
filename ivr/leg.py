"""The `Leg` port in 20 ms steps: one side of it is the dialogue's, the other belongs to whoever owns clock and line."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from ivr.ports import FRAME_BYTES, FRAME_MS, HungUp, Key, LegLost

SILENCE = bytes(FRAME_BYTES)
KEYS = frozenset("0123456789*#")
GAP_FRAMES = 10  # 200 ms; what is late by less is waited for, beyond it the caller is silent
AHEAD_FRAMES = 5  # a burst counts for so much of the gap that follows it
HEARING_LIMIT = 250  # frames, 5 s; a reader slower than that loses the oldest
KEY_LIMIT = 64  # keys nobody asked for
WAKE_FRAMES = 3  # a reader is woken for so many frames at once: waking costs more than hearing


def fresh(reason: BaseException) -> BaseException:
    """A new one of the same kind: one exception raised in many places would gather all their tracebacks."""
    return type(reason)(*reason.args)


class Sound:
    """One thing being spoken."""

    def __init__(self, pcm: bytes, loop: bool = False) -> None:
        self._pcm = pcm[: len(pcm) & ~1]  # half a sample would turn the rest into noise
        self._loop = loop
        self._at = 0
        self.paused = False
        self.spoken_bytes = 0
        self.over = asyncio.Event()

    @property
    def spoken_ms(self) -> int:
        return self.spoken_bytes * FRAME_MS // FRAME_BYTES

    def next_frame(self) -> bytes | None:
        """The next 20 ms, padded with silence; None once all was spoken, one step after its last frame."""
        if self.over.is_set():
            return None
        if self.paused:
            return SILENCE
        if self._at >= len(self._pcm):
            if not (self._loop and self._pcm):
                self.over.set()
                return None
            self._at = 0
        frame = self._pcm[self._at : self._at + FRAME_BYTES]
        self._at += FRAME_BYTES
        self.spoken_bytes += len(frame)
        return frame.ljust(FRAME_BYTES, b"\0")


class FrameStream:
    """What one reader hears: frames as they come, silence where none came, never more than real time for long."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._due = 0
        self._given = 0
        self._in_gap = False
        self._waited_ticks = 0
        self._end: BaseException | None = None
        self.lost_frames = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self._frames:
            if self._end is not None:
                raise fresh(self._end)
            self._waited_ticks = 0
            self._news.clear()
            await self._news.wait()
        return self._frames.popleft()

    async def aclose(self) -> None:
        self.end(StopAsyncIteration())

    @property
    def ended(self) -> bool:
        return self._end is not None

    def hear(self, frame: bytes) -> None:
        self._in_gap = False
        self._give(frame)
        self._due = max(self._due, self._given - AHEAD_FRAMES)

    def tick(self) -> None:
        """20 ms have passed. A gap is filled as soon as it is one, and then kept up with: silence is on time."""
        self._due += 1
        self._in_gap = self._in_gap or self._due - self._given > GAP_FRAMES
        while self._in_gap and self._given < self._due:
            self._give(SILENCE)
        self._waited_ticks = self._waited_ticks + 1 if self._frames else 0
        if self._waited_ticks >= WAKE_FRAMES:
            self._news.set()

    def end(self, reason: BaseException) -> None:
        """No more frames; those that came before are still handed out."""
        self._end = self._end or reason
        self._news.set()

    def _give(self, frame: bytes) -> None:
        self._given += 1
        if len(self._frames) >= HEARING_LIMIT:
            self._frames.popleft()
            self.lost_frames += 1
        self._frames.append(frame)
        if len(self._frames) >= WAKE_FRAMES:
            self._news.set()


class PacedLeg:
    """A `Leg` that moves when it is told to: `tick`, `hear`, `press`, `end`."""

    def __init__(self, leg_id: str) -> None:
        self.id = leg_id
        self.at_ms = 0
        self.heard_frames = 0
        self.lost_frames = 0
        self._sound: Sound | None = None
        self._filling: Sound | None = None  # instead of silence
        self._hearing: FrameStream | None = None
        self._rest = b""
        self._keys: deque[Key] = deque()
        self._key_news = asyncio.Event()
        self._end: HungUp | LegLost | None = None

    # the dialogue's side

    def play(self, pcm: bytes, loop: bool = False) -> None:
        self._refuse_if_ended()
        self._silence()
        self._sound = Sound(pcm, loop)

    def pause(self) -> None:
        self._refuse_if_ended()
        if self._sound:
            self._sound.paused = True

    def resume(self) -> None:
        self._refuse_if_ended()
        self._filling = None
        if self._sound:
            self._sound.paused = False

    def fill(self, pcm: bytes) -> None:
        self._refuse_if_ended()
        self._filling = Sound(pcm, loop=True)

    def stop(self) -> int:
        self._refuse_if_ended()
        self._silence()
        return self.spoken_ms

    @property
    def spoken_ms(self) -> int:
        return self._sound.spoken_ms if self._sound else 0

    async def played(self) -> None:
        self._refuse_if_ended()
        if self._sound:
            await self._sound.over.wait()
        self._refuse_if_ended()

    def audio(self) -> AsyncIterator[bytes]:
        """As the port says; a second reader ends the first one's audio."""
        self._refuse_if_ended()
        self._end_hearing(StopAsyncIteration())
        self._hearing = FrameStream()
        self._rest = b""
        return self._hearing

    async def key(self) -> Key:
        self._refuse_if_ended()
        while not self._keys:
            self._key_news.clear()
            await self._key_news.wait()
            self._refuse_if_ended()
        return self._keys.popleft()

    # the line's side

    @property
    def speaking(self) -> bool:
        return self._sound is not None and not self._sound.over.is_set()

    @property
    def ended(self) -> HungUp | LegLost | None:
        return self._end

    def tick(self) -> bytes:
        """Another 20 ms have passed: what the caller shall hear of them."""
        self.listen()
        return self._next_frame() or SILENCE

    def _next_frame(self) -> bytes | None:
        said = self._sound.next_frame() if self._sound else None
        if self._filling and (said is None or (self._sound and self._sound.paused)):
            return self._filling.next_frame()
        return said

    def listen(self) -> None:
        """Another 20 ms have passed in which nothing could be said."""
        self.at_ms += FRAME_MS
        if self._hearing:
            self._hearing.tick()

    def hear(self, pcm: bytes) -> None:
        """Audio from the caller, in pieces of any size (a phone may send 10 or 30 ms at a time)."""
        self.heard_frames += 1
        if self._hearing is None or self._hearing.ended:
            return
        if len(pcm) == FRAME_BYTES and not self._rest:
            self._hearing.hear(pcm)
            return
        self._rest += pcm
        while len(self._rest) >= FRAME_BYTES:
            self._hearing.hear(self._rest[:FRAME_BYTES])
            self._rest = self._rest[FRAME_BYTES:]

    def press(self, key: str) -> None:
        """A key of the caller; letters of the military keypad and a flood are ignored."""
        if key in KEYS and len(self._keys) < KEY_LIMIT:
            self._keys.append(Key(key, self.at_ms))
            self._key_news.set()

    def end(self, reason: HungUp | LegLost) -> None:
        """The leg is over: whoever waits on it is told, and so is everyone who comes later. The first reason stays."""
        if self._end is not None:
            return
        self._end = reason
        self._silence()
        self._key_news.set()
        self._end_hearing(reason)

    def _silence(self) -> None:
        self._filling = None
        if self._sound:
            self._sound.over.set()

    def _end_hearing(self, reason: BaseException) -> None:
        if self._hearing:
            self._hearing.end(reason)
            self.lost_frames += self._hearing.lost_frames

    def _refuse_if_ended(self) -> None:
        if self._end is not None:
            raise fresh(self._end)
