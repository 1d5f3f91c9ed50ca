"""What Asterisk leaves without an answer is answered, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.hep import Packet
from telephony.sip_unanswered import UnansweredRequests

CALLER = "192.0.2.7:5062"


def request(method: str, tag: str = ";tag=b", via: str = "SIP/2.0/UDP proxy;rport;branch=z9hG4bK1") -> Packet:
    lines = (
        f"{method} sip:100@h SIP/2.0", f"Via: {via}", "v: SIP/2.0/UDP phone;branch=z9hG4bK0", "f: <sip:a@h>;tag=a",
        f"To: <sip:100@h>{tag}", "i: c", f"CSeq: 7 {method}", "Event: talk", "", "",
    )  # fmt: skip
    return Packet(CALLER, "\r\n".join(lines).encode())


def asterisk_answers(method: str) -> Packet:
    text = f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP proxy;rport=5062;branch=z9hG4bK1\r\nCSeq: 7 {method}\r\n\r\n"
    return Packet("192.0.2.1:5060", text.encode())


@pytest.mark.parametrize(
    ("method", "code"), [("NOTIFY", 489), ("SUBSCRIBE", 489), ("PUBLISH", 489), ("INFO", 415), ("FOO", 501)]
)
def test_an_unanswered_request_in_a_call_is_answered_where_it_came_from(method: str, code: int) -> None:
    requests = UnansweredRequests()
    key = requests.take(request(method))
    assert key
    answer = requests.answer(key)
    assert answer
    assert answer.to == CALLER
    lines = answer.payload.decode().split("\r\n")
    assert lines[0].startswith(f"SIP/2.0 {code} ")
    assert lines[1:7] == [
        "Via: SIP/2.0/UDP proxy;rport=5062;branch=z9hG4bK1;received=192.0.2.7",
        "Via: SIP/2.0/UDP phone;branch=z9hG4bK0",
        "From: <sip:a@h>;tag=a",
        "To: <sip:100@h>;tag=b",
        "Call-ID: c",
        f"CSeq: 7 {method}",
    ]
    assert requests.answer(key) is None


def test_what_asterisk_answers_is_not_answered_again() -> None:
    requests = UnansweredRequests()
    key = requests.take(request("NOTIFY"))
    assert key
    assert requests.take(asterisk_answers("NOTIFY")) is None
    assert requests.answer(key) is None


@pytest.mark.parametrize("method", ["INVITE", "ACK", "BYE", "OPTIONS", "REFER"])
def test_what_asterisk_knows_is_left_to_it(method: str) -> None:
    assert UnansweredRequests().take(request(method)) is None


def test_what_belongs_to_no_call_or_came_by_a_connection_is_left_alone() -> None:
    assert UnansweredRequests().take(request("NOTIFY", tag="")) is None
    assert UnansweredRequests().take(request("NOTIFY", via="SIP/2.0/TLS proxy;branch=z9hG4bK1")) is None


@given(st.binary(max_size=300))
def test_any_message_is_taken(data: bytes) -> None:
    requests = UnansweredRequests()
    for payload in (data, b"NOTIFY x SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=b\r\nTo: x;tag=1\r\n" + data):
        if key := requests.take(Packet(CALLER, payload)):
            assert requests.answer(key)
