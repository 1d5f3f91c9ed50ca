"""Where Asterisk brings the audio of calls: an AudioSocket server on loopback."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, cast
from uuid import UUID

import structlog

from telephony.audio_leg import AudioLeg
from telephony.audiosocket import AUDIO, ERROR, KEY, TERMINATE, Frame, FrameReader, MalformedAudio
from telephony.loopback import refuse_unless_loopback, stop_listening
from telephony.ticker import Ticker

IDENTITY_LIMIT_S = 1.0  # a connection says at once whose it is
STRANGERS_LIMIT = 512  # connections that have not said it yet; after a restart all callers come at once

log = structlog.get_logger()


class AudioServer:
    """Hands each connection to the leg that expects it; whoever is not expected is dropped."""

    def __init__(self, host: str, port: int, ticker: Ticker | None = None) -> None:
        refuse_unless_loopback(host)
        self.host, self.port = host, port
        self.strangers: set[AudioConnection] = set()
        self._ticker = ticker or Ticker()
        self._expected: dict[UUID, AudioLeg] = {}
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

    @contextmanager
    def expecting(self, leg: AudioLeg) -> Iterator[None]:
        """While inside, connections with the leg's identity are its own, and the clock moves it."""
        self._expected[leg.uuid] = leg
        self._ticker.add(leg.step)
        try:
            yield
        finally:
            self._ticker.remove(leg.step)
            self._expected.pop(leg.uuid, None)

    def owner(self, uuid: UUID) -> AudioLeg | None:
        return self._expected.get(uuid)

    @property
    def legs(self) -> int:
        return len(self._expected)


class AudioConnection(asyncio.Protocol):
    """One connection from Asterisk."""

    def __init__(self, server: AudioServer) -> None:
        self._server = server
        self._reader = FrameReader()
        self._leg: AudioLeg | None = None
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.strangers.add(self)
        if len(self._server.strangers) > STRANGERS_LIMIT:
            self._drop("too many audio connections of nobody")
            return
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(IDENTITY_LIMIT_S, self._drop, "audio connection did not say whose it is")

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
        except MalformedAudio:
            self._drop("no AudioSocket on the audio port")

    def connection_lost(self, exc: Exception | None) -> None:
        self._recognised()
        if self._leg:
            self._leg.detach(self._transport)

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
            leg.detach(self._transport)

    def _belongs_to(self, uuid: UUID) -> None:
        leg = self._server.owner(uuid)
        if leg is None or self._transport is None:
            self._drop("audio connection of a leg that nobody expects")
            return
        self._recognised()
        self._leg = leg
        leg.attach(self._transport)

    def _recognised(self) -> None:
        self._server.strangers.discard(self)
        if self._deadline:
            self._deadline.cancel()

    def _drop(self, why: str) -> None:
        self._recognised()
        log.warning("audio connection dropped", why=why)
        if self._transport:
            self._transport.abort()
