"""What the test phone says, records and hears; lives in its process, beside pjsua2."""

import contextlib
import time
from collections import deque
from typing import Any

import pjsua2 as pj

from telephony.softphone_wire import tell

CLOCK_HZ = 8_000
LOUD = 5  # level of a frame from which on there is sound; speech is 10 to 40, line noise 0 to 2
QUIET_AFTER_MS = 200  # words have gaps
KEPT_TICKS = 100  # of the phone, whoever waits for Python gets it in each


class Player(pj.AudioMediaPlayer):  # type: ignore[misc]  # pjsua2 has no types
    """Plays one WAV once and says when it ended, in a thread of pjsua2's own."""

    def onEof2(self) -> None:
        tell("played")


class Voice:
    """What the phone says and records: joined to the call's audio whenever that (re)appears."""

    def __init__(self, loudspeaker: Any) -> None:
        self.loudspeaker = loudspeaker
        self.call: Any = None
        self.source: Any = None
        self.recorder: Any = None
        # pjsua2 may be on its way into a player's `onEof2`, or have a frame under way: freed later, not at once
        self._old: list[Any] = []
        self._freed: deque[list[Any]] = deque(maxlen=KEPT_TICKS)

    def attach(self, call_media: Any) -> None:
        self.call = call_media
        call_media.startTransmit(self.loudspeaker)  # a port that nobody hears has no level
        if self.recorder is not None:
            call_media.startTransmit(self.recorder)
        if self.source is not None:
            self.source.startTransmit(call_media)

    def detach(self) -> None:
        self.call = None

    def say(self, source: Any) -> None:
        self.silence()
        self.source = source
        if self.call is not None:
            source.startTransmit(self.call)

    def silence(self) -> None:
        if self.source is not None:
            self._part(self.source, self.call)
            self._old.append(self.source)
        self.source = None

    def record(self, path: str) -> None:
        self.recorder = pj.AudioMediaRecorder()
        self.recorder.createRecorder(path)
        if self.call is not None:
            self.call.startTransmit(self.recorder)

    def finish(self) -> None:
        """Close the recording so that its file is whole."""
        self.silence()
        if self.recorder is not None:
            self._part(self.call, self.recorder)
        self.recorder = None

    def tick(self) -> None:
        """Free what was put away many ticks ago."""
        self._freed.append(self._old)
        self._old = []

    def level(self) -> float:
        """Level of the last frame heard, 0 (silence) to 127 (as pjsua2 gives it, logarithmic)."""
        if self.call is None:
            return 0.0
        try:
            return float(self.call.getTxLevel())  # what the call gives to the bridge
        except pj.Error:  # the audio of a call may go before the call
            self.detach()
            return 0.0

    @staticmethod
    def _part(source: Any, sink: Any) -> None:
        """Also where one of the two is gone already."""
        if source is not None and sink is not None:
            with contextlib.suppress(pj.Error):
                source.stopTransmit(sink)


class Ear:
    """Tells when sound from the other side begins and ends."""

    def __init__(self) -> None:
        self.loud = False
        self.heard_ms = 0.0

    def listen(self, level: float) -> None:
        now_ms = time.monotonic() * 1000
        if level >= LOUD:
            self.heard_ms = now_ms
        loud = now_ms - self.heard_ms < QUIET_AFTER_MS
        if loud != self.loud:
            self.loud = loud
            tell("sound" if loud else "quiet")


def player(wav: str) -> Player:
    """Plays the file once."""
    source = Player()
    source.createPlayer(wav, pj.PJMEDIA_FILE_NO_LOOP)
    return source


def tone(hz: int) -> Any:
    """Sounds without end."""
    generator = pj.ToneGenerator()
    generator.createToneGenerator(CLOCK_HZ, 1)
    description = pj.ToneDesc()
    description.freq1, description.freq2, description.on_msec, description.off_msec = hz, 0, 1_000, 0
    tones = pj.ToneDescVector()
    tones.append(description)
    generator.play(tones, True)
    return generator
