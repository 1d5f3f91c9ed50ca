"""Where Asterisk brings the audio of calls: an AudioSocket server on loopback."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, cast
from uuid import UUID, uuid4

import structlog

from telephony.audio_leg import AudioLeg
from telephony.audio_pipe import AudioPipe
from telephony.audiosocket import AUDIO, ERROR, KEY, TERMINATE, Frame, FrameReader, MalformedAudio
from telephony.loopback import refuse_unless_loopback, stop_listening
from telephony.ticker import Ticker

IDENTITY_LIMIT_S = 1.0  # a connection says at once whose it is
STRANGERS_LIMIT = 512  # connections that have not said it yet; after a restart all callers come at once
LOG_EVERY_S = 10.0  # a flood of strangers is no flood of log lines

log = structlog.get_logger()


class AudioServer:
    """Hands each connection to the leg that expects it; whoever is not expected is dropped."""

    def __init__(self, host: str, port: int, ticker: Ticker | None = None) -> None:
        refuse_unless_loopback(host)
        self.host, self.port = host, port
        self.strangers: dict[AudioConnection, None] = {}  # the longest silent first
        self.refused = 0
        self._logged_at_s = -LOG_EVERY_S
        self._ticker = ticker or Ticker()
        self._expected: dict[UUID, AudioLeg] = {}
        self.legs = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: AudioConnection(self), self.host, self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            await stop_listening(self._server)
            await self._server.wait_closed()

    @property
    def late_s(self) -> float:
        """All delay of callers' sound that could not be made up for, since the start."""
        return self._ticker.late_s

    @contextmanager
    def expecting(self, leg: AudioLeg) -> Iterator[None]:
        """While inside, one connection with the leg's identity is its own, and the clock moves it."""
        self._expected[leg.uuid] = leg
        self._ticker.add(leg.step)
        self.legs += 1
        try:
            yield
        finally:
            self.legs -= 1
            self._ticker.remove(leg.step)
            leg.let_go()
            self._expected.pop(leg.uuid, None)

    def expect_again(self, leg: AudioLeg) -> None:
        """Give an expected leg a fresh identity: the one before is used up."""
        self._expected.pop(leg.uuid, None)
        leg.uuid = uuid4()
        self._expected[leg.uuid] = leg

    def claim(self, uuid: UUID) -> AudioLeg | None:
        """The leg that this identity opens; it opens nothing a second time."""
        return self._expected.pop(uuid, None)

    def refuse(self, why: str) -> None:
        """Count a connection that is dropped; the log tells the first, and then how many."""
        self.refused += 1
        now_s = asyncio.get_running_loop().time()
        if now_s - self._logged_at_s >= LOG_EVERY_S:
            self._logged_at_s = now_s
            log.warning("audio connection dropped", why=why, dropped=self.refused)


class AudioConnection(asyncio.Protocol):
    """One connection from Asterisk."""

    def __init__(self, server: AudioServer) -> None:
        self._server = server
        self._reader = FrameReader()
        self._leg: AudioLeg | None = None
        self._pipe: AudioPipe | None = None  # once it is known whose it is
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.strangers[self] = None
        if len(self._server.strangers) > STRANGERS_LIMIT:  # Asterisk says at once whose it is: the silent give way
            next(iter(self._server.strangers)).drop("too many audio connections of nobody")
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(IDENTITY_LIMIT_S, self.drop, "audio connection did not say whose it is")

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
        except MalformedAudio:
            self.drop("no AudioSocket on the audio port")

    def connection_lost(self, exc: Exception | None) -> None:
        self._recognised()
        if self._leg:
            self._leg.detach(self._pipe)

    def _take(self, frame: Frame) -> None:
        leg = self._leg
        if leg is None:
            self._belongs_to(frame.uuid)
        elif frame.kind == AUDIO:
            leg.hear(frame.payload)
        elif frame.kind == KEY:
            leg.press(frame.key)
        elif frame.kind == ERROR:
            log.warning("Asterisk reports an audio error", leg=leg.id, code=frame.payload.hex())
        elif frame.kind == TERMINATE:
            leg.detach(self._pipe)

    def _belongs_to(self, uuid: UUID) -> None:
        leg = self._server.claim(uuid) if self._transport else None
        if leg is None or self._transport is None:
            self.drop("audio connection of a leg that nobody expects")
            return
        self._recognised()
        self._leg = leg
        self._pipe = AudioPipe(self._transport, self.data_received)
        leg.attach(self._pipe)

    def _recognised(self) -> None:
        self._server.strangers.pop(self, None)
        if self._deadline:
            self._deadline.cancel()

    def drop(self, why: str) -> None:
        self._recognised()
        self._server.refuse(why)
        if self._transport:
            self._transport.abort()
