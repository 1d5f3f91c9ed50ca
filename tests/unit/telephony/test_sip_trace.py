"""What SIP messages alone tell: refused calls, and keys by INFO."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.hep import Packet, parse
from telephony.sip_trace import InfoKey, RefusedCall, SipTrace

CALLER, OURS = "192.0.2.7:5062", "192.0.2.1:5060"
SDP = "v=0\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n"


def message(
    first: str, method: str = "INVITE", seq: int = 1, body: str = "", to: str = "<sip:100@h>", **more: str
) -> str:
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in more.items())
    return (
        f"{first}\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\nf: <sip:0612345678@h>;tag=a\r\nTo: {to}\r\n"
        f"Call-ID: c\r\nCSeq: {seq} {method}\r\n{extra}\r\n{body}"
    )


INVITE = Packet(CALLER, message("INVITE sip:100@h SIP/2.0", body=SDP).encode())


def answered(code: int, trace: SipTrace | None = None) -> RefusedCall | InfoKey | None:
    trace = trace or SipTrace()
    assert trace.take(INVITE) is None
    assert trace.take(Packet(OURS, message("SIP/2.0 100 Trying").encode())) is None
    return trace.take(Packet(OURS, message(f"SIP/2.0 {code} No", to="<sip:100@h>;tag=b").encode()))


def test_a_refused_call_tells_who_was_refused_what() -> None:
    media = ("UDP/TLS/RTP/SAVPF", "opus/48000/2", "PCMU/8000")
    assert answered(488) == RefusedCall(488, "No", CALLER, "<sip:0612345678@h>;tag=a", "sip:100@h", media)


@pytest.mark.parametrize("code", [200, 401, 407, 482, 487])
def test_an_ordinary_end_is_no_refusal(code: int) -> None:
    assert answered(code) is None


def test_a_refused_call_is_told_once() -> None:
    trace = SipTrace()
    assert answered(503, trace) is not None
    assert trace.take(Packet(OURS, message("SIP/2.0 503 No", to="<sip:100@h>;tag=b").encode())) is None


def test_a_refused_change_of_a_call_is_no_refused_call() -> None:
    trace = SipTrace()
    again = message("INVITE sip:100@h SIP/2.0", to="<sip:100@h>;tag=b")
    trace.take(Packet(CALLER, again.encode()))
    assert trace.take(Packet(OURS, message("SIP/2.0 488 No", to="<sip:100@h>;tag=b").encode())) is None


@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay; charset=x", "signal= 11\r\n", "#"),
        ("application/dtmf-relay", "Duration=1\r\nSignal=*\r\n", "*"),
        ("application/dtmf", "10", "*"),
        ("application/dtmf", "0\r\n", "0"),
    ],
)
def test_a_key_by_info_is_told_once(kind: str, body: str, key: str) -> None:
    trace = SipTrace()
    info = Packet(CALLER, message("INFO sip:100@h SIP/2.0", "INFO", 2, body, Content_Type=kind).encode())
    assert trace.take(info) == InfoKey("c", key)
    assert trace.take(info) is None  # sent again


@pytest.mark.parametrize("kind", ["text/plain", "application/media_control+xml"])
def test_another_info_is_no_key(kind: str) -> None:
    info = message("INFO sip:100@h SIP/2.0", "INFO", 2, "Signal=5", Content_Type=kind)
    assert SipTrace().take(Packet(CALLER, info.encode())) is None


def hep(payload: bytes, kind: bytes = b"\x01") -> bytes:
    chunks = [(3, bytes([192, 0, 2, 7])), (7, struct.pack("!H", 5062)), (11, kind), (15, payload)]
    body = b"".join(struct.pack("!HHH", 0, number, 6 + len(value)) + value for number, value in chunks)
    return b"HEP3" + struct.pack("!H", 6 + len(body)) + body


def test_a_datagram_is_a_message_with_its_source() -> None:
    assert parse(hep(b"INVITE")) == Packet(CALLER, b"INVITE")
    assert parse(hep(b"x", b"\x05")) is None  # RTCP


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_or_left(data: bytes) -> None:
    trace = SipTrace()
    for each in (data, b"HEP3" + data, hep(data)):
        if packet := parse(each):
            trace.take(packet)


@given(st.text(max_size=300))
def test_any_message_is_read(text: str) -> None:
    trace = SipTrace()
    trace.take(Packet(CALLER, text.encode()))
    trace.take(Packet(CALLER, message("INVITE " + text, body=text).encode()))
    trace.take(Packet(OURS, message("SIP/2.0 " + text).encode()))
