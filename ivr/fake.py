"""A caller by script and a clock that never waits, for tests of the dialogue.

Under `VirtualLoop` a call of minutes takes milliseconds: whenever nothing is left to do, time jumps to the next timer.
Under an ordinary loop the same script runs in real time.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from ivr.leg import PacedLeg, Sound
from ivr.ports import FRAME_BYTES, FRAME_MS, HungUp, LegLost

_MARK = b"\x7fWORDS"
_BUZZ = b"\x10\x27\xf0\xd8"  # two samples, loud: any measure of energy takes it for sound


def spoken(text: str, ms: int = 1_000) -> bytes:
    """Audio of that length which carries its own words, so that fake voices and fake ears need no model."""
    words = text.encode()
    head = _MARK + len(words).to_bytes(2) + words
    size = max(ms * FRAME_BYTES // FRAME_MS, len(head) + len(head) % 2)
    return head + (_BUZZ * (size // 4 + 1))[: size - len(head)]


def words_of(pcm: bytes) -> str | None:
    """The words that `spoken` put there; None for any other audio."""
    if not pcm.startswith(_MARK):
        return None
    size = int.from_bytes(pcm[len(_MARK) : len(_MARK) + 2])
    return pcm[len(_MARK) + 2 :][:size].decode(errors="replace")


@dataclass(frozen=True)
class CallerWaits:
    ms: int


@dataclass(frozen=True)
class CallerListens:
    """Until something has been said to the caller and is over, or `limit_ms` have passed."""

    limit_ms: int = 60_000


@dataclass(frozen=True)
class CallerSays:
    text: str
    ms: int = 1_000


@dataclass(frozen=True)
class CallerSends:
    """Audio as it is: noise, an echo, a recording."""

    pcm: bytes


@dataclass(frozen=True)
class CallerPresses:
    keys: str
    apart_ms: int = 200


@dataclass(frozen=True)
class CallerHangsUp: ...


@dataclass(frozen=True)
class AudioBreaks:
    """The audio path breaks; the caller is still there."""


Act = CallerWaits | CallerListens | CallerSays | CallerSends | CallerPresses | CallerHangsUp | AudioBreaks


@dataclass(frozen=True)
class PromptHeard:
    """Something the caller was told."""

    at_ms: int
    pcm: bytes
    sound: Sound

    @property
    def words(self) -> str | None:
        return words_of(self.pcm)

    @property
    def spoken_ms(self) -> int:
        return self.sound.spoken_ms


class ScriptedLeg(PacedLeg):
    """A leg whose caller does what the script says; `async with` makes it live. After the script they stay silent."""

    def __init__(self, script: Sequence[Act] = (), leg_id: str = "scripted") -> None:
        super().__init__(leg_id)
        self.said: list[PromptHeard] = []
        self.script_over = asyncio.Event()
        self._acts = self._unfold(script)
        self._clock: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._clock = asyncio.create_task(self._run(), name=f"clock of {self.id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._clock:
            self._clock.cancel()
            with suppress(asyncio.CancelledError):
                await self._clock

    def play(self, pcm: bytes, loop: bool = False) -> None:
        super().play(pcm, loop)
        if self._sound:
            self.said.append(PromptHeard(self.at_ms, pcm, self._sound))

    @property
    def heard(self) -> list[str]:
        """The words of all that was said to the caller, in order, cut short or not."""
        return [said.words or "" for said in self.said]

    def step(self) -> None:
        """20 ms pass."""
        if self.ended is None:
            next(self._acts, None)
        self.tick()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        while self.ended is None:
            self.step()
            await asyncio.sleep(start + self.at_ms / 1000 - loop.time())

    def _unfold(self, script: Sequence[Act]) -> Iterator[None]:
        for act in script:
            yield from self._perform(act)
        self.script_over.set()

    def _perform(self, act: Act) -> Iterator[None]:
        match act:
            case CallerWaits(ms):
                yield from self._steps(ms)
            case CallerListens(limit_ms):
                yield from self._until_told(limit_ms)
            case CallerSays(text, ms):
                yield from self._send(spoken(text, ms))
            case CallerSends(pcm):
                yield from self._send(pcm)
            case CallerPresses():
                yield from self._press_each(act)
            case CallerHangsUp() | AudioBreaks():
                self.end(HungUp() if act == CallerHangsUp() else LegLost())

    def _press_each(self, act: CallerPresses) -> Iterator[None]:
        for key in act.keys:
            self.press(key)
            yield from self._steps(act.apart_ms)

    def _steps(self, ms: int) -> Iterator[None]:
        for _ in range(ms // FRAME_MS):
            yield

    def _until_told(self, limit_ms: int) -> Iterator[None]:
        said_before = len(self.said)
        for _ in range(limit_ms // FRAME_MS):
            if (self.speaking or len(self.said) > said_before) and not self.speaking:
                return
            yield

    def _send(self, pcm: bytes) -> Iterator[None]:
        for at in range(0, len(pcm), FRAME_BYTES):
            self.hear(pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))
            yield


Result = TypeVar("Result")


class _Impatient(selectors.DefaultSelector):
    """Looks for news without waiting; what it should have waited is added to the clock."""

    REAL_LIMIT_S = 10.0  # nothing to wait for but threads: give them that long

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        news = super().select(0)
        if news or timeout == 0:
            return news
        if timeout is None:
            news = super().select(self.REAL_LIMIT_S)
            if not news:
                raise RuntimeError("everything waits and nothing will ever happen")
            return news
        self.now_s += max(timeout, 0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which sleeping takes no time. Other processes do not see its clock; threads there are none."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.now_s

    def run_in_executor(  # type: ignore[override]  # its type knows variadics
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """At once: the clock would run away from a thread."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


def run_virtual(scene: Coroutine[Any, Any, Result]) -> Result:
    """Run one coroutine to its end in virtual time; in tests, the marker `virtual_time` does the same."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scene)
