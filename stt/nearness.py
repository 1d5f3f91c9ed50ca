"""Who speaks near the telephone, and who only near the caller: a television, the next bed. Pure.

A voice is judged by its loudest frames of the last moments, which hardly depend on what it says: two voices at the
same distance stay within some 6 dB of themselves, a television on the other side of the room is 12 to 20 dB below.
"""

from collections import deque
from dataclasses import dataclass

from ivr.ports import FRAME_MS


@dataclass(frozen=True)
class Distances:
    far_db: float = 10.0  # so far below the caller's voice it is not the caller's
    nearer_db: float = 9.0  # who is so much louder than whoever spoke before is nearer
    moment_ms: int = 800  # holds at least one stressed syllable of continuous speech
    settled_ms: int = 600  # of speech, before we know how loud it is
    sure_ms: int = 200  # that long nearer is nearer
    rise_db_s: float = 12.0  # a shout must not make the rest of the sentence somebody else's …
    fall_db_s: float = 1.0  # … and who lowers their voice is followed …
    fall_most_db: float = 6.0  # … so far: below may be somebody else


class Nearness:
    """Follows one listening; `caller_dbfs` is known from before, or from the first who is clearly nearer."""

    def __init__(self, caller_dbfs: float | None = None, rules: Distances | None = None) -> None:
        self._rules = rules or Distances()
        self.caller_dbfs = caller_dbfs
        self._loudest_dbfs = -200.0 if caller_dbfs is None else caller_dbfs
        self._levels: deque[float] = deque(maxlen=self._rules.moment_ms // FRAME_MS)
        self._so_far_dbfs: float | None = None  # while nobody is known: whoever speaks
        self._speech_ms = 0
        self._nearer_ms = 0

    @property
    def voice_dbfs(self) -> float | None:
        """How loud the nearest voice is; None before any."""
        return self._so_far_dbfs if self.caller_dbfs is None else self.caller_dbfs

    def feed(self, level_dbfs: float, speaking: bool) -> bool:
        """One frame: is it as near as the caller? Everybody is, until somebody nearer speaks."""
        self._levels.append(level_dbfs)
        if self.caller_dbfs is None:
            return True
        moment_dbfs = max(self._levels)
        near = moment_dbfs >= self.caller_dbfs - self._rules.far_db
        if speaking and near:
            followed_dbfs = self._followed(moment_dbfs, self.caller_dbfs)
            self._loudest_dbfs = max(self._loudest_dbfs, followed_dbfs)
            self.caller_dbfs = max(followed_dbfs, self._loudest_dbfs - self._rules.fall_most_db)
        return near

    def comes_nearer(self, speaking: bool) -> bool:
        """After `feed`, while nobody is known: somebody clearly nearer than the voice so far speaks now."""
        if self.caller_dbfs is not None or not speaking:
            return False
        moment_dbfs = max(self._levels)
        self._speech_ms += FRAME_MS
        if self._so_far_dbfs is None or self._speech_ms <= self._rules.settled_ms:
            self._so_far_dbfs = max(moment_dbfs, self._so_far_dbfs or moment_dbfs)
            return False
        nearer = moment_dbfs >= self._so_far_dbfs + self._rules.nearer_db
        self._nearer_ms = self._nearer_ms + FRAME_MS if nearer else 0
        if self._nearer_ms >= self._rules.sure_ms:
            self.caller_dbfs = moment_dbfs
            return True
        if not nearer:
            self._so_far_dbfs = self._followed(moment_dbfs, self._so_far_dbfs)
        return False

    def _followed(self, moment_dbfs: float, before_dbfs: float) -> float:
        rise, fall = self._rules.rise_db_s * FRAME_MS / 1_000, self._rules.fall_db_s * FRAME_MS / 1_000
        return min(max(moment_dbfs, before_dbfs - fall), before_dbfs + rise)
