"""A caller made of bare SIP and RTP: sequence numbers, source and pauses of its audio are the test's to choose."""

import asyncio
import math
import os
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

from tests.conftest import free_port

FRAME_S = 0.020
SAMPLES = 160
PCMU, COMFORT_NOISE, KEYS = 0, 13, 101
KEY_SAMPLES = 800
_HOST = "127.0.0.1"


def ulaw(sample: int) -> int:
    """One 16-bit sample as G.711 µ-law."""
    sign, value = (0x80, -sample) if sample < 0 else (0, sample)
    value = min(value, 32_635) + 132
    exponent = value.bit_length() - 8
    return ~(sign | exponent << 4 | value >> (exponent + 3) & 0x0F) & 0xFF


def tone(hz: int, level: int = 8_000) -> bytes:
    """One second of a tone, µ-law at 8 kHz."""
    return bytes(ulaw(int(level * math.sin(2 * math.pi * hz * n / 8_000))) for n in range(8_000))


def key_tone(key: str, ms: int = 200, level: int = 4_000) -> bytes:
    """A key as its two tones (ITU-T Q.23), µ-law at 8 kHz."""
    row, column = divmod("123456789*0#".index(key), 3)
    pair = (697, 770, 852, 941)[row], (1_209, 1_336, 1_477)[column]
    turns = [2 * math.pi * n / 8_000 for n in range(8 * ms)]
    return bytes(ulaw(int(level * sum(math.sin(hz * turn) for hz in pair))) for turn in turns)


class Datagrams(asyncio.DatagramProtocol):
    """One UDP port, and all that came to it."""

    def __init__(self) -> None:
        self.came: list[bytes] = []
        self._news = asyncio.Event()
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.came.append(data)
        self._news.set()

    def send(self, data: bytes, far: tuple[str, int]) -> None:
        assert self.transport is not None
        self.transport.sendto(data, far)

    async def more(self) -> None:
        self._news.clear()
        await self._news.wait()

    @classmethod
    async def open(cls, port: int = 0, host: str = _HOST) -> "Datagrams":
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(cls, (host, port))
        return protocol

    @property
    def number(self) -> int:
        assert self.transport is not None
        return int(self.transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


@dataclass
class RtpStream:
    """Audio on its way to one port, a packet each 20 ms; the fields may be changed at any moment."""

    port: Datagrams
    far: tuple[str, int]
    sound: bytes = b""
    seq: int = 1_000
    stamp: int = 50_000
    ssrc: int = 0x1234_5678
    payload: int = PCMU
    silent: bool = False  # sends nothing, as a phone that suppresses silence
    sent: int = 0
    once: bytes = b""  # audio that is sent before the sound goes on
    _at: int = 0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            self.step()
            due_s += FRAME_S
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    def step(self) -> None:
        """20 ms have passed."""
        if not self.silent:
            self.send(self.payload, self._frame())
        self.stamp = self.stamp + SAMPLES & 0xFFFF_FFFF

    def send(self, payload: int, data: bytes, mark: bool = False) -> None:
        header = struct.pack(
            "!BBHII", 0x80, payload | mark << 7, self.seq & 0xFFFF, self.stamp & 0xFFFF_FFFF, self.ssrc
        )
        self.port.send(header + data, self.far)
        self.seq += 1
        self.sent += 1

    def key(self, digit: str) -> None:
        """A whole key press by RFC 4733, in one go: begin, three times its end."""
        event = "0123456789*#".index(digit)
        for number, (end, samples) in enumerate([(0, SAMPLES), *[(0x80, KEY_SAMPLES)] * 3]):
            self.send(KEYS, struct.pack("!BBH", event, end | 10, samples), mark=number == 0)

    def _frame(self) -> bytes:
        if self.once:
            frame, self.once = self.once[:SAMPLES], self.once[SAMPLES:]
            return frame.ljust(SAMPLES, b"\xff")
        if not self.sound:
            return b"\xff" * SAMPLES
        start = self._at % len(self.sound)
        self._at += SAMPLES
        return (self.sound[start : start + SAMPLES] + self.sound)[:SAMPLES]


@dataclass
class RawCall:
    """`async with RawCall(domain) as call`: one call of a phone that does what it is told and nothing else."""

    domain: str
    user: str = "0612345678"
    host: str = _HOST  # any address of loopback: a stranger of its own
    formats: str = f"{PCMU} {COMFORT_NOISE} {KEYS}"  # offered; keys are always agreed
    late: bool = False  # its SDP comes with the ACK, and answers ours
    sip: Datagrams = field(init=False)
    rtp: Datagrams = field(init=False)
    stream: RtpStream = field(init=False)
    _id: str = field(default_factory=lambda: os.urandom(8).hex())
    _to: str = ""
    _seq: int = 1
    _sending: asyncio.Task[None] | None = None
    _media: tuple[str, int] | None = None
    answers: list[str] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self.sip, self.rtp = [await Datagrams.open(free_port(), self.host) for _ in range(2)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sending is not None:
            self._sending.cancel()
        if self._to:
            self.hang_up()
        self.sip.close()
        self.rtp.close()

    @property
    def far(self) -> tuple[str, int]:
        host, port = self.domain.split(":")
        return host, int(port)

    @property
    def far_media(self) -> tuple[str, int]:
        """Where Asterisk listens to this call."""
        assert self._media is not None, self.answers
        return self._media

    async def invite(self, number: str = "100", limit_s: float = 30.0) -> int:
        """The final status, unacknowledged yet; audio goes out from an answer on, or when `send` is asked to."""
        self.sip.send(self._invite(number), self.far)
        async with asyncio.timeout(limit_s):
            return await self._final("INVITE")

    async def call(self, number: str = "100", sound: bytes = b"") -> int:
        """INVITE and ACK; answered, audio begins."""
        code = await self.invite(number)
        self.acknowledge(number)
        if code == 200:
            self.speak(sound)
        return code

    def acknowledge(self, number: str = "100") -> None:
        self.sip.send(self._with_sdp("ACK", number) if self.late else self._request("ACK", number), self.far)

    def speak(self, sound: bytes = b"") -> None:
        """Begin to send audio."""
        self.stream = RtpStream(self.rtp, self.far_media, sound)
        self._sending = asyncio.create_task(self.stream.run())

    def hang_up(self, number: str = "100") -> None:
        self._seq += 1
        self.sip.send(self._request("BYE", number), self.far)
        self._to = ""

    def requests(self, method: str) -> Sequence[bytes]:
        """What the line has asked of this phone."""
        return [data for data in self.sip.came if data.startswith(method.encode())]

    async def _final(self, method: str) -> int:
        seen = 0
        while True:
            for data in self.sip.came[seen:]:
                if data.startswith(b"SIP/2.0 ") and f" {method}\r\n".encode() in data:
                    self._take(data.decode(errors="replace"))
                    if (code := int(data[8:11])) >= 200:
                        return code
            seen = len(self.sip.came)
            await self.sip.more()

    def _take(self, answer: str) -> None:
        self.answers.append(answer)
        if found := re.search(r"\r\nTo:[^\r]*;tag=([^;\r]+)", answer):
            self._to = f";tag={found[1]}" if answer[8:11] == "200" else ""
        if found := re.search(r"\r\nm=audio (\d+) ", answer):
            self._media = (_HOST, int(found[1]))

    def _invite(self, number: str) -> bytes:
        return self._request("INVITE", number) if self.late else self._with_sdp("INVITE", number)

    def _with_sdp(self, method: str, number: str) -> bytes:
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {self.host}\r\ns=-\r\nc=IN IP4 {self.host}\r\nt=0 0\r\n"
            f"m=audio {self.rtp.number} RTP/AVP {self.formats}\r\n"
            f"a=rtpmap:{KEYS} telephone-event/8000\r\n"
        )
        return self._request(method, number, "Content-Type: application/sdp\r\n", sdp)

    def _request(self, method: str, number: str, headers: str = "", body: str = "") -> bytes:
        here, there = f"{self.host}:{self.sip.number}", f"sip:{number}@{self.domain}"
        return (
            f"{method} {there} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here};rport;branch=z9hG4bK{self._id}{self._seq}{method == 'ACK'}\r\n"
            f"From: <sip:{self.user}@{self.host}>;tag={self._id}\r\nTo: <{there}>{self._to}\r\n"
            f"Call-ID: {self._id}\r\nCSeq: {self._seq} {method}\r\nContact: <sip:{self.user}@{here}>\r\n"
            f"Max-Forwards: 70\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
