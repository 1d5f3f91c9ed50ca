"""A gate in front of the voice-activity model: is this frame loud enough to be worth asking?

Levels are dBFS (0 = a full-scale square wave). Pure arithmetic, microseconds a frame.
"""

from collections import deque
from dataclasses import dataclass

from ivr.pcm import SILENT_DBFS, level_dbfs
from ivr.ports import FRAME_MS

NO_ECHO_DB = -40.0


@dataclass(frozen=True)
class Gate:
    """How the gate decides. A second is 50 frames."""

    above_floor_db: float = 8.0  # speech stands out of the line's noise by at least this
    least_dbfs: float = -52.0  # nothing below this is a caller
    floor_start_dbfs: float = -55.0
    floor_rise_db_s: float = 4.0  # noise that stays becomes the floor …
    floor_fall_db_s: float = 40.0  # … and is forgotten faster
    hang_ms: int = 300  # stays open so that the model hears the ends of words
    echo_memory_ms: int = 400  # the prompt comes back within this
    echo_worst_db: float = -12.0  # until we know better: how loud its echo may be, relative to the prompt
    echo_learn_ms: int = 1_500  # of the prompt, before we know better
    echo_margin_db: float = 6.0  # a caller stands out of the loudest echo by at least this
    prompt_least_dbfs: float = -45.0  # quieter stretches of the prompt teach nothing


class EnergyGate:
    """Follows one call's noise floor and its echo of our own voice."""

    def __init__(self, rules: Gate | None = None) -> None:
        self._rules = rules or Gate()
        self.floor_dbfs = self._rules.floor_start_dbfs
        self._played: deque[float] = deque(maxlen=self._rules.echo_memory_ms // FRAME_MS)
        self._echoes: deque[float] = deque(maxlen=self._rules.echo_learn_ms // FRAME_MS)
        self._hang_ms = 0

    def feed(self, frame: bytes, playing_dbfs: float | None = None) -> bool:
        """True while the frame may be speech. `playing_dbfs`: level of what we play now, None for nothing."""
        level = level_dbfs(frame)
        self._played.append(SILENT_DBFS if playing_dbfs is None else playing_dbfs)
        prompt = max(self._played)
        loud = level >= self._rules.least_dbfs and level >= self._threshold_dbfs(prompt)  # most frames are silence
        if loud:
            self._hang_ms = self._rules.hang_ms
        elif self._hang_ms:
            self._hang_ms -= FRAME_MS
        else:
            self._learn_echo(level, prompt)
        self._learn_floor(level)
        return self._hang_ms > 0

    @property
    def echo_db(self) -> float:
        """The loudest our own voice comes back, relative to how we play it."""
        known = len(self._echoes) == self._echoes.maxlen
        return max(self._echoes) if known else self._rules.echo_worst_db

    def _threshold_dbfs(self, prompt: float) -> float:
        least = max(self._rules.least_dbfs, self.floor_dbfs + self._rules.above_floor_db)
        return max(least, prompt + self.echo_db + self._rules.echo_margin_db)

    def _learn_floor(self, level: float) -> None:
        self.floor_dbfs = _toward(level, self.floor_dbfs, self._rules.floor_rise_db_s, self._rules.floor_fall_db_s)

    def _learn_echo(self, level: float, prompt: float) -> None:
        """From frames in which the caller does not speak; what is no louder than the line's noise is no echo."""
        if prompt < self._rules.prompt_least_dbfs:
            return
        audible = level > self.floor_dbfs + self._rules.above_floor_db
        self._echoes.append(min(level - prompt, self._rules.echo_worst_db) if audible else NO_ECHO_DB)


def _toward(target: float, now: float, rise_db_s: float, fall_db_s: float) -> float:
    """One frame's step from `now` to `target`."""
    rise, fall = rise_db_s * FRAME_MS / 1_000, fall_db_s * FRAME_MS / 1_000
    return min(target, now + rise) if target > now else max(target, now - fall)
