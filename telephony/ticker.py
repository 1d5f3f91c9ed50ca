"""One clock of 20 ms for all legs of the process: no drift, no frame left out."""

import asyncio
from collections.abc import Callable

import structlog

from ivr.ports import FRAME_MS

STEP_S = FRAME_MS / 1000
CATCH_UP_STEPS = 10  # sent together after a delay; phones buffer about that much. Beyond it, speech is late, not lost

log = structlog.get_logger()


class Ticker:
    """Calls every step that was added, once per 20 ms; a step that raises is reported and goes on."""

    def __init__(self) -> None:
        self._steps: dict[Callable[[], None], None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = 0.0
        self.late_s = 0.0  # all delay that could not be made up for, since the start
        self._latest_s = 0.0

    def add(self, step: Callable[[], None]) -> None:
        self._steps[step] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._due_s = loop.time() + STEP_S
            self._timer = loop.call_at(self._due_s, self._fire)

    def remove(self, step: Callable[[], None]) -> None:
        self._steps.pop(step, None)
        if not self._steps and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def take_latest(self) -> float:
        """The longest delay since this was asked last, in seconds, whether it was made up for or not."""
        latest_s, self._latest_s = self._latest_s, 0.0
        return latest_s

    def _fire(self) -> None:
        delay_s = asyncio.get_running_loop().time() - self._due_s
        self._latest_s = max(self._latest_s, delay_s)
        count = 1 + int(delay_s / STEP_S)
        if count > CATCH_UP_STEPS:
            self._give_up(count - CATCH_UP_STEPS)
            count = CATCH_UP_STEPS
        for step in tuple(self._steps):
            self._take(step, count)
        self._due_s += count * STEP_S
        self._timer = asyncio.get_running_loop().call_at(self._due_s, self._fire) if self._steps else None

    def _take(self, step: Callable[[], None], count: int) -> None:
        try:
            for _ in range(count):
                step()
        except Exception:
            log.exception("a leg's step failed")

    def _give_up(self, steps: int) -> None:
        self._due_s += steps * STEP_S
        self.late_s += steps * STEP_S
        log.warning("the process stood still; callers heard a gap", gap_ms=round(steps * FRAME_MS))
