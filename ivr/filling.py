"""Nobody is left in silence while something takes long: music fills it until the line speaks again."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ivr.ports import HungUp, Leg, LegLost

PATIENCE_S = 1.2  # a pause that is ordinary between two who talk on a telephone


class Filling:
    """The music of one call's leg; empty music leaves silence."""

    def __init__(self, leg: Leg, music: bytes, after_s: float = PATIENCE_S) -> None:
        self._leg, self._music, self._after_s = leg, music, after_s
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Something takes its time from now on."""
        self.cancel()
        if self._music:
            self._timer = asyncio.get_running_loop().call_later(self._after_s, self._fill)

    def cancel(self) -> None:
        """It is done; music that has begun goes on until the line speaks."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    @contextmanager
    def during(self) -> Iterator[None]:
        self.begin()
        try:
            yield
        finally:
            self.cancel()

    def _fill(self) -> None:
        with suppress(HungUp, LegLost):  # whoever waits on the leg is told
            self._leg.fill(self._music)
