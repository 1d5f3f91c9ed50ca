"""A real Asterisk with our configuration, phones to call it, and ears for what they recorded."""

import asyncio
import re
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from config.documents import Edition, Site, load_edition
from config.settings import PROJECT, Settings
from telephony.asterisk_config import STANDALONE_PROMPTS, phone_password, render
from telephony.instance import AsteriskInstance, inside
from telephony.recordings import RATE_HZ
from telephony.softphone import SoftPhone
from tests.conftest import free_port

IGNORED_S = 5.0  # no answer at all by then: the request was dropped, of which nothing else tells
FINAL_S = 30.0


@dataclass
class TestLine:
    """An Asterisk of the tests, on ports of its own."""

    __test__ = False
    settings: Settings
    edition: Edition
    folder: Path
    bare: str = ""  # a dialplan instead of ours, for measuring what ours costs
    asterisk: AsteriskInstance = field(init=False)

    def start(self) -> None:
        render(self.settings, self.edition, self.folder)
        for name, key in STANDALONE_PROMPTS.items():
            beginning = re.split("[.,]", self.edition.prompts["en"][key])[0]  # tests should not wait for the rest
            speak(beginning, self.folder / f"sounds/en/{name}.wav")
        if self.bare:
            sound = f"{inside(self.folder)}/sounds/hold/music"
            plan = self.bare.format(number=self.settings.line.number, sound=sound)
            (self.folder / "etc/extensions.conf").write_text(plan)
        self.asterisk = AsteriskInstance(self.settings.asterisk.root, self.folder)
        self.asterisk.start()

    def stop(self) -> None:
        self.asterisk.stop()

    @property
    def domain(self) -> str:
        return f"{self.settings.asterisk.host}:{self.settings.asterisk.sip_port}"

    @property
    def spool(self) -> Path:
        return self.folder / "spool/messages"

    def phone(self, name: str) -> SoftPhone:
        """A registered phone of ours."""
        return SoftPhone(self.domain, name, phone_password(self.settings, name), register=True)

    def caller(self, number: str = "0612345678", name: str = "") -> SoftPhone:
        """Somebody's phone, unknown to the line."""
        return SoftPhone(self.domain, number, name=name)

    def channels(self) -> int:
        return int(self.asterisk.cli("core show channels count").split()[0])

    def await_no_channels(self, limit_s: float = 30) -> None:
        deadline = time.monotonic() + limit_s
        while self.channels():
            assert time.monotonic() < deadline, self.asterisk.cli("core show channels verbose")
            time.sleep(0.1)

    def log(self) -> str:
        return (self.folder / "log/messages.log").read_text(errors="replace")


@contextmanager
def running(line: TestLine) -> Iterator[TestLine]:
    """It runs, and is gone afterwards."""
    line.start()
    try:
        yield line
    finally:
        line.stop()


# All callers of the tests are strangers from one address.
EVERYBODY = {"outside_percent": 100, "strangers_percent": 100, "of_address": 10_000}


@contextmanager
def configured_line(
    folder: Path, rtp_start: int, edition: Edition | None = None, local: str = "",
    admission: Mapping[str, int] = EVERYBODY, **asterisk: Any,
) -> Iterator[TestLine]:  # fmt: skip
    """A real Asterisk with our whole configuration; `local` is what an admin would add to it for SIP."""
    settings = line_settings(rtp_start, admission, **asterisk)
    if not (settings.asterisk.root / "usr/sbin/asterisk").exists():
        pytest.skip(f"no Asterisk in {settings.asterisk.root}")
    settings.data_dir = folder  # nothing of a test lies elsewhere
    if local:
        (folder / "local").mkdir()
        (folder / "local/pjsip.conf").write_text(local)
    with running(TestLine(settings, edition or quick_edition(), folder)) as line:
        yield line


def line_settings(rtp_start: int, admission: Mapping[str, int] = EVERYBODY, **asterisk: Any) -> Settings:
    """Settings of a line on loopback, on ports of its own; each that may run beside others has RTP ports of its own."""
    ami, agi, audio, sip_port, ws_port = (free_port() for _ in range(5))
    return Settings(
        ami_secret="a-secret-of-the-tests",
        agi_secret="yet-another-secret-of-the-tests",
        phone_secret="another-secret-of-the-tests",
        trunk_secret="one-more-secret-of-the-tests",
        browser_secret="a-browser-secret-of-the-tests",
        admission=dict(admission),
        asterisk={
            "root": Settings().asterisk.root, "sip_bind": "127.0.0.1", "sip_port": sip_port, "ami_port": ami,
            "ws_port": ws_port, **{"rtp_start": rtp_start, "rtp_end": rtp_start + 199, **asterisk},
        },
        controller={"agi_port": agi, "audiosocket_port": audio},
    )  # fmt: skip


def quick_edition(**changed: Mapping[str, Any]) -> Edition:
    """The demo site with waits short enough for tests; `changed` is merged into its parts."""
    edition = load_edition(PROJECT / "config")
    site = edition.site.model_dump()
    for part, values in {"waiting": {"ring_s": 2}, "emergency": {"ring_s": 2}, **changed}.items():
        site[part] |= values
    return edition.model_copy(update={"site": Site.model_validate(site)})


def speak(text: str, wav: Path) -> Path:
    """A sentence at telephone quality, by espeak-ng."""
    wav.parent.mkdir(parents=True, exist_ok=True)
    spoken = subprocess.run(["espeak-ng", "--stdout", text], check=True, capture_output=True).stdout
    subprocess.run(["sox", "-t", "wav", "-", "-r", "8000", "-b", "16", "-c", "1", str(wav)], input=spoken, check=True)
    return wav


async def recorded(wav: Path, seconds: float, limit_s: float = 60.0) -> None:
    """Until a phone's recording has grown by so much sound: on a busy machine it comes late, but it comes."""
    wanted = (wav.stat().st_size if wav.exists() else 0) + int(2 * RATE_HZ * seconds)
    async with asyncio.timeout(limit_s):
        while not wav.exists() or wav.stat().st_size < wanted:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)


class RawCaller:
    """Sends the INVITE it is given, byte for byte: what a hostile phone may do and ours refuses to."""

    def __init__(self, domain: str, address: str = "127.0.0.1") -> None:
        host, port = domain.split(":")
        self.far = (host, int(port))
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]

    def invite(self, number: str, sender: bytes, headers: bytes = b"") -> bytes:
        """An INVITE from `sender` (the whole From value without its tag)."""
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
        ).encode()
        request = self._request(b"INVITE", number, sender, b"", 1)
        return request + headers + b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(sdp) + sdp

    def call(self, number: str, sender: bytes, headers: bytes = b"", stay_s: float = 0.3) -> list[int]:
        """Call; once answered stay for so long, then hang up. Answers the SIP codes seen: none if it was ignored."""
        self._id = struct.pack("<d", time.time()).hex().encode()
        self.socket.sendto(self.invite(number, sender, headers), self.far)
        codes = list[int]()
        deadline = time.monotonic() + IGNORED_S
        while time.monotonic() < deadline and not any(code >= 200 for code in codes):
            if answer := self._answer():
                codes.append(int(answer[8:11]))
                deadline = time.monotonic() + FINAL_S
        if codes and codes[-1] >= 200:
            to_tag = answer.split(b"\r\nTo:", 1)[1].split(b"\r\n", 1)[0].partition(b"tag=")[2]
            self._finish(b"ACK", number, sender, to_tag, 1)
            if codes[-1] == 200:
                time.sleep(stay_s)
                self._finish(b"BYE", number, sender, to_tag, 2)
        return codes

    def _answer(self) -> bytes:
        """The next answer to this INVITE; audio and what belongs to earlier calls is passed over."""
        with suppress(TimeoutError):
            answer = self.socket.recv(65536)
            if answer.startswith(b"SIP/2.0 ") and self._id in answer and b" INVITE\r\n" in answer:
                return answer
        return b""

    def close(self) -> None:
        self.socket.close()

    def _finish(self, method: bytes, number: str, sender: bytes, to_tag: bytes, seq: int) -> None:
        request = self._request(method, number, sender, b";tag=" + to_tag if to_tag else b"", seq)
        self.socket.sendto(request + b"Content-Length: 0\r\n\r\n", self.far)

    def _request(self, method: bytes, number: str, sender: bytes, to_tag: bytes, seq: int) -> bytes:
        host = b"127.0.0.1:%d" % self.port
        to = b"sip:%s@%s:%d" % (number.encode(), self.far[0].encode(), self.far[1])
        return b"\r\n".join([
            method + b" " + to + b" SIP/2.0",
            b"Via: SIP/2.0/UDP " + host + b";rport;branch=z9hG4bK" + self._id + (b"i" if method != b"BYE" else b"b"),
            b"From: " + sender + b";tag=" + self._id,
            b"To: <" + to + b">" + to_tag,
            b"Call-ID: " + self._id,
            b"CSeq: %d " % seq + method,
            b"Contact: <sip:x@" + host + b">",
            b"Max-Forwards: 70",
            b"",
        ])  # fmt: skip
