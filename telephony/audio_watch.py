"""Notices when a caller's audio stops coming, and when it is back. Silence that is sent is audio."""

from dataclasses import dataclass
from enum import StrEnum

from ivr.ports import FRAME_MS

LOST_STEPS = 75  # 1.5 s: beyond any network's hiccup, and the whole mend is done within 2 s


class HearingState(StrEnum):
    LOST = "lost"
    BACK = "back"


@dataclass(frozen=True)
class HearingChange:
    change: HearingState
    gap_ms: int  # without a frame so far
    heard_before: bool  # whether anything ever came

    @property
    def curable(self) -> bool:
        """Asterisk had the audio once; entered anew, its application takes whatever comes then."""
        return self.change is HearingState.LOST and self.heard_before


class AudioWatch:
    """Tells each gap once, and its end; a phone that suppresses silence has gaps, too, and loses nothing by it."""

    def __init__(self) -> None:
        self._steps = 0  # since the last frame
        self._heard = False

    def heard(self) -> HearingChange | None:
        """A frame came."""
        steps, before = self._steps, self._heard
        self._steps, self._heard = 0, True
        return HearingChange(HearingState.BACK, steps * FRAME_MS, before) if steps >= LOST_STEPS else None

    def step(self) -> HearingChange | None:
        """20 ms have passed in which a frame could have come."""
        self._steps += 1
        return (
            HearingChange(HearingState.LOST, self._steps * FRAME_MS, self._heard) if self._steps == LOST_STEPS else None
        )
