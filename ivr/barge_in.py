"""Speech over a prompt: it holds the prompt, and the prompt goes on when nothing in it is meant for the line."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ivr.ports import HungUp, Leg, LegLost

HOLD_S = 3.0  # a prompt waits so long for words that are meant for the line …
HOLD_COMPANY_S = 2.0  # … where somebody else has been heard …
HOLD_FAR_S = 1.2  # … and for a voice that sounds far away
FAR_DBFS = -30.0  # softer than callers are on most telephones; believed only until the caller is known
FORGET_DB = 6.0  # a caller who is not heard any more may have become so much softer


@dataclass
class Voices:
    """What a call has taught so far about who speaks on it."""

    caller_dbfs: float | None = None
    company: bool = False  # somebody speaks near the caller who does not speak to the line

    def answered(self, level_dbfs: float | None) -> None:
        """Words at this level were meant for the line."""
        if level_dbfs is not None:
            self.caller_dbfs = level_dbfs

    def unclear(self, level_dbfs: float | None) -> None:
        """Words at this level were for nobody here."""
        self.company = self.company or (level_dbfs is not None and self.is_far(level_dbfs))

    def missed(self) -> None:
        """Only others were heard where the caller was asked."""
        if self.caller_dbfs is not None:
            self.caller_dbfs -= FORGET_DB

    def is_far(self, level_dbfs: float) -> bool:
        return self.caller_dbfs is None and level_dbfs < FAR_DBFS


class BargeIn:
    """One turn's prompt and who speaks over it."""

    def __init__(self, leg: Leg, voices: Voices, stops: bool, taken_back: Callable[[], None]) -> None:
        self._leg, self._voices = leg, voices
        self._stops = stops  # speech may hold this prompt
        self._taken_back = taken_back
        self._holding: asyncio.TimerHandle | None = None
        self.began_s = 0.0  # when somebody last began to speak, by the loop's clock
        self.quiet = asyncio.Event()  # the caller is not in the middle of saying something to us
        self.silent = asyncio.Event()  # nobody near speaks at all
        self.quiet.set()
        self.silent.set()

    def starts(self, level_dbfs: float, prompting: bool) -> None:
        """Somebody begins to speak. A far voice that has been there before holds nothing until its words are meant."""
        self._release()
        self.began_s = asyncio.get_running_loop().time()
        far = self._voices.is_far(level_dbfs)
        if far and self._voices.company:
            return
        self.quiet.clear()
        if not far:
            self.silent.clear()
        if self._stops:
            self._leg.pause()
        if prompting or far or not self._stops:  # nobody was asked: nothing waits long for words that are not for us
            near_s = HOLD_COMPANY_S if self._voices.company else HOLD_S
            hold_s = HOLD_FAR_S if far else near_s
            self._holding = asyncio.get_running_loop().call_later(hold_s, self._take_back)

    def is_meant(self) -> None:
        """What is being said is meant for the line, which waits for its end."""
        self._release()
        if self.quiet.is_set():
            self.quiet.clear()
            if self._stops:
                self._leg.pause()

    def ends(self) -> None:
        """Nothing more is said, or it was nothing."""
        self._release()
        self._leg.resume()
        self.quiet.set()
        self.silent.set()

    def close(self) -> None:
        self._release()

    def _take_back(self) -> None:
        self._holding = None
        self._voices.company = True
        self.quiet.set()
        with suppress(HungUp, LegLost):  # whoever waits on the leg is told
            self._leg.resume()
        self._taken_back()

    def _release(self) -> None:
        if self._holding:
            self._holding.cancel()
            self._holding = None
