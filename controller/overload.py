"""Whether a controller has more to do than it can, by what it measures, and how many calls it serves at once then.

Nothing here waits or asks anybody: counts that the parts keep are looked at once a second.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

import structlog

from web.ports import SERVES_STILL

LOOK_S = 1.0
LOOKS = 10  # the latest ones, by which it is judged
BAD_LOOKS = 2  # of these make it overloaded: one may be chance
LATE_S = 0.1  # a delay of sound that many phones cannot hide
READING_S = 2.0  # an utterance that waits for longer keeps its caller waiting
FEWER = 0.8  # of the calls that were too many …
FEWER_EVERY_S = 5.0  # … and so long until that shows
FEWEST = 8  # calls that any machine serves: a machine that stands still for another reason takes up its callers again
MORE = 2.0  # calls more for each look at which all is well

log = structlog.get_logger()


class Strain(IntEnum):
    """How hard it is for a controller; worse is greater."""

    OK = 0
    BUSY = 1  # everybody is served, some a little late
    OVERLOADED = 2  # callers hear gaps, get keys instead of an ear, or are taken by the dialplan


@dataclass(frozen=True)
class Measured:
    """What the parts of a controller count."""

    lost_s: float = 0.0  # delay of callers' sound that could not be made up for, since the start
    late_s: float = 0.0  # the longest delay of it since the last look
    reading_s: float = 0.0  # how long the oldest utterance waits to be read
    unread: int = 0  # utterances that no recogniser read in time, since the start
    unrecorded: int = 0  # calls that could not be recorded in time, since the start


class Overload:
    """A health part. It gets worse as soon as it is sure, and better when nothing was seen for `LOOKS` looks."""

    def __init__(self, measure: Callable[[], Measured]) -> None:
        self._measure = measure
        self._before = measure()
        self._looks: deque[tuple[Strain, Measured]] = deque(maxlen=LOOKS)
        self.strain = Strain.OK

    def look(self) -> Measured:
        """Take the counts, and return what has grown since the look before."""
        now, before = self._measure(), self._before
        self._before = now
        grown = Measured(
            now.lost_s - before.lost_s, now.late_s, now.reading_s,
            now.unread - before.unread, now.unrecorded - before.unrecorded,
        )  # fmt: skip
        self._looks.append((strain_of(grown), grown))
        self._judge()
        return grown

    def _judge(self) -> None:
        seen = [strain for strain, _ in self._looks]
        bad = seen.count(Strain.OVERLOADED)
        stays = self.strain is Strain.OVERLOADED and bad
        if bad >= BAD_LOOKS or stays:
            strain = Strain.OVERLOADED
        elif bad or seen.count(Strain.BUSY) >= (1 if self.strain else BAD_LOOKS):
            strain = Strain.BUSY
        else:
            strain = Strain.OK
        if strain is not self.strain:
            log.warning("this machine's load changed", load=strain.name.lower(), why=self.why)
        self.strain = strain

    @property
    def why(self) -> str:
        """What was seen lately, in words; empty where there was nothing."""
        seen = [measured for _, measured in self._looks]
        lost_s, late_s = sum(each.lost_s for each in seen), max((each.late_s for each in seen), default=0.0)
        reading_s = max((each.reading_s for each in seen), default=0.0)
        unread, unrecorded = sum(each.unread for each in seen), sum(each.unrecorded for each in seen)
        reasons = (
            (lost_s > 0, f"callers' sound stood still for {lost_s:.1f} s"),
            (late_s >= LATE_S, f"it came up to {late_s * 1000:.0f} ms late"),
            (reading_s >= READING_S, f"an utterance waited {reading_s:.1f} s to be read"),
            (unread > 0, f"{unread} utterances were not read in time"),
            (unrecorded > 0, f"{unrecorded} calls could not be recorded in time"),
        )
        return ", ".join(words for true, words in reasons if true)

    async def __call__(self) -> str | None:
        if self.strain is Strain.OK:
            return None
        said = f"in the last {LOOKS * LOOK_S:.0f} s {self.why}"
        return f"{SERVES_STILL}{said}" if self.strain is Strain.BUSY else f"more to do than this machine can: {said}"


def strain_of(grown: Measured) -> Strain:
    """What one look says, by what has grown since the one before."""
    if grown.lost_s > 0 or grown.unread or grown.unrecorded:
        return Strain.OVERLOADED
    return Strain.BUSY if grown.late_s >= LATE_S or grown.reading_s >= READING_S else Strain.OK


class CallLimit:
    """How many calls are served at once: all that come, until they were too many; then fewer, and slowly more again.

    Too many are those who take sound or the line from each other; where only the recognisers are late, keys serve.
    Additive increase, multiplicative decrease, as in RFC 5681. Who is not served yet waits in line at Asterisk, and
    asks again: the longest waiting come first.
    """

    def __init__(self, forgotten_s: float = 30.0) -> None:
        self.serving = 0
        self.unrecorded = 0  # calls that could not be recorded in time, since the start
        self.limit = float("inf")
        self._waiting: dict[str, float] = {}  # channel, and when it asked last; in the order in which they came
        self._forgotten_s = forgotten_s  # who does not ask for so long is gone
        self._fewer_s = -FEWER_EVERY_S

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def waits(self, channel: str) -> bool:
        """Whether a caller is in line already."""
        return channel in self._waiting

    def adapt(self, grown: Measured, strain: Strain, now_s: float) -> None:
        """After each look: what has grown since the one before, and what all of the latest say."""
        for channel in [channel for channel, at_s in self._waiting.items() if now_s - at_s > self._forgotten_s]:
            del self._waiting[channel]
        if strain is Strain.OVERLOADED and (grown.lost_s > 0 or grown.unrecorded):
            if now_s - self._fewer_s >= FEWER_EVERY_S:
                self.limit, self._fewer_s = max(FEWEST, min(self.limit, self.serving) * FEWER), now_s
        elif strain_of(grown) is Strain.OK:
            self.limit += MORE

    def place(self, channel: str, now_s: float) -> int:
        """Where a new caller stands in line; 0: they are served now."""
        ahead = list(self._waiting).index(channel) if channel in self._waiting else len(self._waiting)
        if ahead < self.limit - self.serving:
            self._waiting.pop(channel, None)
            return 0
        self._waiting[channel] = now_s
        return ahead + 1

    @contextmanager
    def served(self) -> Iterator[None]:
        """While inside, a call is one of those that are served."""
        self.serving += 1
        try:
            yield
        finally:
            self.serving -= 1

    def left(self, channel: str) -> None:
        """They have hung up."""
        self._waiting.pop(channel, None)


async def watch(overload: Overload, calls: CallLimit) -> None:
    """Look once a second, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_S)
        calls.adapt(overload.look(), overload.strain, loop.time())
