"""Where an utterance starts and ends, decided from a speech probability per frame.

Pure: no audio, no clock. Time is counted in frames fed.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from ivr.ports import FRAME_MS, ListenSpec


@dataclass(frozen=True)
class Endpointing:
    """What counts as speech, as a pause, and as the end."""

    sustained_ms: int = 300  # that much speech within the window is speech, not a click
    window_ms: int = 500
    short_ms: int = 100  # a lone "no": too short to stop a prompt, long enough to be read
    silence_ms: int = 700  # that long a silence ends the utterance
    pause_ms: int = 300  # after that long a silence it has probably ended
    limit_ms: int = 90_000  # from the first syllable
    near_ms: int = 200  # that much near speech within the window is the caller's
    nearer_ms: int = 500  # it began no earlier than this before we knew
    no_speech_ms: int = 6_000  # time in which nobody speaks at all
    preroll_ms: int = 240  # kept before the first speech frame: soft consonants are quiet
    rise: float = 0.5  # speech begins at this probability …
    fall: float = 0.35  # … and goes on down to this one, also after a pause: the network tires of long speech

    @classmethod
    def of(cls, spec: ListenSpec) -> "Endpointing":
        return cls(
            sustained_ms=spec.sustained_ms,
            window_ms=max(500, spec.sustained_ms * 3 // 2),
            silence_ms=spec.silence_ms,
            pause_ms=min(300, spec.silence_ms // 2),
            limit_ms=spec.limit_ms,
            no_speech_ms=spec.no_speech_ms,
        )


class Cue(StrEnum):
    """What just became known."""

    STARTED = "started"  # sustained speech: stop the prompt
    NEARER = "nearer"  # the caller begins to speak over somebody further away
    PAUSED = "paused"  # probably over: worth decoding already
    RESUMED = "resumed"  # it was not over: forget what was decoded
    ENDED = "ended"  # the silence lasted
    LIMIT = "limit"  # still speaking, but no utterance is longer
    NO_SPEECH = "no_speech"


@dataclass(frozen=True)
class SpeechSegment:
    """A stretch of speech, in ms since listening began."""

    from_ms: int  # pre-roll included
    speech_ms: int  # first frame of speech
    end_ms: int  # end of the last frame of speech
    sustained: bool  # False: a burst too short to have been announced
    aside: bool = False  # all of it further away than the caller


class Segmenter:
    """Feed it each frame's speech probability; it returns what just became known.

    The utterance it talks of is `utterance`. After ENDED it can be fed on and finds the next one.
    """

    def __init__(self, rules: Endpointing) -> None:
        self.rules = rules
        self._window: deque[bool] = deque(maxlen=max(1, rules.window_ms // FRAME_MS))
        self.at_ms = 0  # heard so far
        self._quiet_ms = 0  # of the no-speech clock
        self._patience_ms = rules.silence_ms  # the silence that ends the utterance under way, if it lasts
        self._speaking = False  # this frame, with hysteresis
        self._first_ms: int | None = None  # first speech frame of the utterance under way
        self._last_ms = 0  # end of its last speech frame
        self._speech_ms = 0  # how much of it was speech
        self._started = False
        self._paused = False
        self._ended = False  # the utterance is over, and that was told
        self._aside = False  # nothing of it was near
        self._near: deque[bool] = deque(maxlen=self._window.maxlen)
        self.before: SpeechSegment | None = None  # what was said further away, when NEARER comes

    @property
    def utterance(self) -> SpeechSegment | None:
        """What is being said, or was when the last cue came; None before any speech."""
        if self._first_ms is None:
            return None
        return SpeechSegment(self._from_ms, self._first_ms, self._last_ms, self._started, self._aside)

    @property
    def _from_ms(self) -> int:
        return max(0, (self._first_ms or 0) - self.rules.preroll_ms)

    def feed(self, probability: float, waiting: bool = True, near: bool = True) -> list[Cue]:
        """One frame.

        `waiting`: the caller is expected to speak, so the no-speech clock runs. `near`: as loud as the caller; what
        is not is silence once the caller speaks, and before that an utterance aside, which starts nothing.
        """
        if self._ended:
            self._forget()
        self.at_ms += FRAME_MS
        going_on = self._speaking or self._started
        self._speaking = probability >= (self.rules.fall if going_on else self.rules.rise)
        self._near.append(self._speaking and near)
        nearer = self._come_nearer()
        speech = self._speaking and (near or self._first_ms is None or self._aside)
        self._window.append(speech)
        cues = nearer + (self._hear_speech(near) if speech else self._hear_silence()) + self._watch_clock(waiting)
        self._ended = Cue.ENDED in cues or Cue.LIMIT in cues
        return cues

    @property
    def paused(self) -> bool:
        """The utterance under way has probably ended."""
        return self._paused

    def waits_for(self, silence_ms: int) -> None:
        """The present pause ends the utterance once it has lasted so long; the next one is weighed anew."""
        self._patience_ms = silence_ms

    def put_aside(self) -> None:
        """The utterance so far was somebody further away: the caller has been heard now."""
        self._aside = self._first_ms is not None

    def _come_nearer(self) -> list[Cue]:
        if not self._aside or self._first_ms is None or sum(self._near) * FRAME_MS < self.rules.near_ms:
            return []
        began_ms = self.at_ms - self.rules.nearer_ms
        if self._first_ms >= began_ms:  # a word that begins softly
            self._aside = self._started = False
            return []
        self.before = SpeechSegment(self._from_ms, self._first_ms, began_ms, self._started, aside=True)
        self._aside = self._started = False
        self._first_ms, self._speech_ms = began_ms, self.rules.near_ms
        return [Cue.NEARER]

    @property
    def _over(self) -> bool:
        if self._first_ms is None:
            return False
        return self._silence_ms >= self._patience_ms or self._at_limit

    @property
    def _silence_ms(self) -> int:
        return self.at_ms - self._last_ms

    @property
    def _at_limit(self) -> bool:
        return self._first_ms is not None and self.at_ms - self._first_ms >= self.rules.limit_ms

    def _hear_speech(self, near: bool) -> list[Cue]:
        cues = [Cue.RESUMED] if self._paused else []
        self._paused, self._patience_ms = False, self.rules.silence_ms
        if self._first_ms is None:
            self._first_ms, self._aside = self.at_ms - FRAME_MS, not near
        self._last_ms = self.at_ms
        self._speech_ms += FRAME_MS
        if not self._started and sum(self._window) * FRAME_MS >= self.rules.sustained_ms:
            self._started = True
            cues += [] if self._aside else [Cue.STARTED]
        return cues

    def _hear_silence(self) -> list[Cue]:
        if self._first_ms is None:
            return []
        if not self._worth_reading:
            if self._silence_ms >= self.rules.pause_ms:
                self._forget()  # a click
            return []
        if not self._paused and self._silence_ms >= self.rules.pause_ms:
            self._paused = True
            return [Cue.PAUSED, Cue.ENDED] if self._over else [Cue.PAUSED]
        return [Cue.ENDED] if self._over else []

    @property
    def _worth_reading(self) -> bool:
        return self._started or self._speech_ms >= self.rules.short_ms

    def _watch_clock(self, waiting: bool) -> list[Cue]:
        limit = [Cue.LIMIT] if self._at_limit and self._speaking else []
        if self._first_ms is not None and not self._aside:
            return limit
        if waiting:
            self._quiet_ms += FRAME_MS
        return [Cue.NO_SPEECH] if waiting and self._quiet_ms >= self.rules.no_speech_ms else limit

    def _forget(self) -> None:
        self._first_ms, self._speech_ms, self._patience_ms = None, 0, self.rules.silence_ms
        self._started = self._paused = self._speaking = self._aside = False
        self._window.clear()
        self._near.clear()
