"""A caller's audio over one AudioSocket connection."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from ivr.leg import PacedLeg
from ivr.ports import HungUp, LegLost
from telephony import audiosocket
from telephony.audio_pipe import AudioPipe
from telephony.audio_watch import AudioWatch, HearingChange
from telephony.press_counter import PressCounter
from telephony.tone_keys import ToneKeys


class AudioLeg(PacedLeg):
    """The `Leg` of one stay in EXEC AudioSocket. Without a connection, what is being spoken waits.

    `uuid` opens the leg's audio to one connection, once; another stay needs another.
    """

    def __init__(self, uuid: UUID) -> None:
        super().__init__(str(uuid))
        self.uuid = uuid
        self.held_steps = 0
        self.on_hearing: Callable[[HearingChange], None] = lambda change: None
        self._pipe: AudioPipe | None = None
        self._watch = AudioWatch()
        self._hears = False  # in this step
        self._connected = asyncio.Event()
        self._tones, self._presses = ToneKeys(), PressCounter()

    async def connected(self, limit_s: float) -> None:
        """Until Asterisk has connected. Raises: HungUp, LegLost."""
        try:
            async with asyncio.timeout(limit_s):
                await self._connected.wait()
        except TimeoutError:
            raise LegLost("Asterisk did not connect the audio in time") from None
        finally:
            self._refuse_if_ended()

    def attach(self, pipe: AudioPipe) -> None:
        self._pipe = pipe
        self._connected.set()

    def detach(self, pipe: AudioPipe | None) -> None:
        """That connection is gone; a newer one stays."""
        if pipe is not None and pipe is self._pipe:
            pipe.let_go()
            self._pipe = None
            self._connected.clear()

    def let_go(self) -> None:
        """The clock moves it no more; how its connection ends is noticed all the same."""
        if self._pipe is not None:
            self._pipe.let_go()

    def hear(self, pcm: bytes) -> None:
        """As the caller's phone sent it; a key may be a tone in it."""
        super().hear(pcm)
        if change := self._watch.heard():
            self.on_hearing(change)
        for key in self._tones.feed(pcm):
            if self._presses.tone(key, _now_s()):
                super().press(key)

    def press(self, key: str) -> None:
        """As Asterisk tells it, once for each way in which the phone did."""
        if self._presses.key(key, _now_s()):
            super().press(key)

    def info_key(self, key: str) -> None:
        """A SIP INFO told of a key that Asterisk hands on as well."""
        self._presses.info(key, _now_s())

    def end(self, reason: HungUp | LegLost) -> None:
        super().end(reason)
        self._connected.set()

    def terminate(self) -> None:
        """Give the channel back: Asterisk ends the application, and its AGI or dialplan goes on."""
        if self._pipe is not None and self._pipe.open:
            self._pipe.send(audiosocket.HANG_UP)
        self.detach(self._pipe)

    def step(self) -> None:
        """20 ms have passed: send the next frame and, every other time, hear what came: two frames for one read.

        Silence is sent too, for Asterisk drops a socket on which nobody sends.
        """
        self._hears = not self._hears
        if self._pipe is not None and self._hears:
            self._pipe.receive()
        pipe = self._pipe  # what was received may have been its end
        if pipe is None or not pipe.open or pipe.stuck:
            self.held_steps += 1
            self.listen()
            return
        pipe.send(audiosocket.audio(self.tick()))
        if change := self._watch.step():
            self.on_hearing(change)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
