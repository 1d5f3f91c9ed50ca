"""What a caller's phone may offer, and the trace that a refused call leaves."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator

import pytest

from telephony.hep import parse
from telephony.sip_trace import RefusedCall, SipTrace
from tests.phones import RawCaller, TestLine

pytestmark = pytest.mark.wire
SENDER = b"<sip:0612345678@example.org>"
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"
FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
DTLS = f"{FINGERPRINT}\r\na=setup:actpass\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=rtcp-mux\r\n"


class Offer(RawCaller):
    """An INVITE with the media that it is given."""

    def offer(self, profile: str, payload: int, codec: str, more: str = "") -> tuple[int, str]:
        """The final code, and the answer's media; a call that is answered is ended."""
        self._id = b"%x" % time.time_ns()
        body = (
            f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.port} {profile} {payload}\r\na=rtpmap:{payload} {codec}\r\n{more}"
        ).encode()
        request = self._request(b"INVITE", "100", SENDER, b"", 1)
        kind = b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.socket.sendto(request + kind + body, self.far)
        while (answer := self._answer())[8:9] in (b"", b"1"):
            pass
        to_tag = answer.split(b"\r\nTo:", 1)[1].split(b"\r\n", 1)[0].partition(b"tag=")[2]
        self._finish(b"ACK", "100", SENDER, to_tag, 1)
        if answer[8:11] == b"200":
            self._finish(b"BYE", "100", SENDER, to_tag, 2)
        media = [text for text in answer.decode().split("\r\n") if text.startswith("m=")]
        return int(answer[8:11]), media[0] if media else ""


TAKEN = [
    ("RTP/AVP", 9, "G722/8000", ""),
    ("RTP/AVP", 111, "opus/48000/2", ""),
    ("RTP/AVP", 3, "GSM/8000", ""),
    ("RTP/SAVP", 8, "PCMA/8000", CRYPTO),
    ("RTP/AVP", 8, "PCMA/8000", CRYPTO),
]
REFUSED = [
    ("RTP/AVP", 18, "G729/8000", ""),
    ("UDP/TLS/RTP/SAVPF", 111, "opus/48000/2", DTLS),
    ("RTP/SAVPF", 0, "PCMU/8000", CRYPTO),
]


@pytest.mark.parametrize(("profile", "payload", "codec", "more"), TAKEN)
async def test_an_offer_of_what_asterisk_has_is_answered(
    line: TestLine, profile: str, payload: int, codec: str, more: str
) -> None:
    caller = Offer(line.domain)
    code, media = await asyncio.to_thread(caller.offer, profile, payload, codec, more)
    caller.close()
    assert (code, media.split(" ")[2:]) == (200, [profile, str(payload)])


class Watch(asyncio.DatagramProtocol):
    """Where Asterisk copies its SIP messages to."""

    def __init__(self) -> None:
        self.trace = SipTrace()
        self.refused: asyncio.Queue[RefusedCall] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        packet = parse(data)
        if packet and isinstance(told := self.trace.take(packet), RefusedCall):
            self.refused.put_nowait(told)


@pytest.fixture
async def watch(line: TestLine) -> AsyncIterator[Watch]:
    made = Watch()
    where = (line.settings.controller.host, line.settings.controller.agi_port)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, where)
    yield made
    transport.close()


@pytest.mark.parametrize(("profile", "payload", "codec", "more"), REFUSED)
async def test_a_refused_call_leaves_a_trace(
    line: TestLine, watch: Watch, profile: str, payload: int, codec: str, more: str
) -> None:
    caller = Offer(line.domain)
    code, _ = await asyncio.to_thread(caller.offer, profile, payload, codec, more)
    caller.close()
    refused = await asyncio.wait_for(watch.refused.get(), 30)
    assert (code, refused.code, refused.media) == (488, 488, (profile, codec))
    assert refused.source == f"127.0.0.1:{caller.port}"
    assert "0612345678" in refused.sender


async def test_a_number_that_does_not_exist_leaves_one_too(line: TestLine, watch: Watch) -> None:
    caller = RawCaller(line.domain)
    assert (await asyncio.to_thread(caller.call, "999", SENDER))[-1] == 404
    caller.close()
    refused = await asyncio.wait_for(watch.refused.get(), 30)
    assert (refused.code, refused.called.startswith("sip:999@")) == (404, True)


async def test_sip_over_tls_is_answered(line: TestLine) -> None:
    trust = ssl.create_default_context(cafile=str(line.settings.asterisk.tls_certificate))
    trust.check_hostname = False
    reader, writer = await asyncio.open_connection("127.0.0.1", line.settings.asterisk.tls_port, ssl=trust)
    local = f"127.0.0.1:{writer.get_extra_info('sockname')[1]}"
    writer.write(
        f"OPTIONS sips:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS {local};branch=z9hG4bKtls\r\n"
        f"From: <sips:x@h>;tag=1\r\nTo: <sips:100@127.0.0.1>\r\nCall-ID: tls\r\nCSeq: 1 OPTIONS\r\n"
        f"Contact: <sips:x@{local}>\r\nMax-Forwards: 9\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert (await asyncio.wait_for(reader.readline(), 30)).startswith(b"SIP/2.0 200")
    writer.transport.abort()  # Asterisk answers no closing of TLS, for which an orderly end would wait 30 s
