"""Requests inside a call to which Asterisk gives no answer at all, and the answers that they get from us.

Asterisk 22 takes every request inside a call for its own and answers the methods that a module knows; others (NOTIFY,
SUBSCRIBE, PUBLISH, an INFO of another kind) time out, on which proxies end calls. RFC 3261, 8.2.1: every request is
answered; RFC 6665 and 6086 name the codes. Over UDP alone: an answer belongs to its request by its branch (17.1.3),
whichever port it comes from.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass

from telephony.hep import Packet

WAITING_LIMIT = 500
OWN = frozenset(
    {b"INVITE", b"ACK", b"BYE", b"CANCEL", b"OPTIONS", b"UPDATE", b"PRACK", b"REFER", b"MESSAGE", b"REGISTER"}
)
ANSWERS = {
    b"NOTIFY": b"489 Bad Event",
    b"SUBSCRIBE": b"489 Bad Event",
    b"PUBLISH": b"489 Bad Event",
    b"INFO": b"415 Unsupported Media Type",
}
OTHERWISE = b"501 Not Implemented"
ALLOW = b"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO, REFER, MESSAGE, REGISTER"
_VIA = re.compile(rb"SIP/2\.0/UDP .*?;branch=([^;,\s]+)", re.IGNORECASE)


@dataclass(frozen=True)
class SipReply:
    to: str  # host:port
    payload: bytes


class UnansweredRequests:
    """Feed it every message; what Asterisk has not answered by the time that you ask is answered by us."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[bytes, Packet] = OrderedDict()

    def take(self, packet: Packet) -> bytes | None:
        """The key of a request that may stay without an answer; ask for `answer` a moment later."""
        first, lines = _head(packet.payload)
        vias = _values(lines, b"via", b"v")
        found = _VIA.match(vias[0]) if vias else None
        method = first.partition(b" ")[0]
        if first.startswith(b"SIP/2.0 "):
            method = b"".join(_values(lines, b"cseq")[:1]).partition(b" ")[2].strip()
        if found is None or method in OWN:
            return None
        key = found[1] + b" " + method
        if first.startswith(b"SIP/2.0 "):
            self._waiting.pop(key, None)
            return None
        if b";tag=" not in b"".join(_values(lines, b"to", b"t")[:1]):
            return None
        self._waiting[key] = packet
        if len(self._waiting) > WAITING_LIMIT:
            self._waiting.popitem(last=False)
        return key

    def answer(self, key: bytes) -> SipReply | None:
        """None where Asterisk has answered meanwhile."""
        packet = self._waiting.pop(key, None)
        return SipReply(packet.source, _answer(packet)) if packet else None


def _answer(packet: Packet) -> bytes:
    first, lines = _head(packet.payload)
    host, _, port = packet.source.rpartition(":")
    topmost, *vias = _values(lines, b"via", b"v")
    topmost = re.sub(rb";rport(?![=\w])", b";rport=" + port.encode(), topmost, count=1)
    status = ANSWERS.get(first.partition(b" ")[0], OTHERWISE)
    return b"\r\n".join([
        b"SIP/2.0 " + status,
        b"Via: " + topmost + b";received=" + host.encode(),
        *(b"Via: " + via for via in vias),
        *(name.title() + b": " + value for name in (b"from", b"to") for value in _values(lines, name, name[:1])[:1]),
        *(b"Call-ID: " + value for value in _values(lines, b"call-id", b"i")[:1]),
        *(b"CSeq: " + value for value in _values(lines, b"cseq")[:1]),
        ALLOW,
        b"Content-Length: 0",
        b"",
        b"",
    ])  # fmt: skip


def _head(payload: bytes) -> tuple[bytes, list[bytes]]:
    first, *lines = payload.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return first, lines


def _values(lines: list[bytes], *names: bytes) -> list[bytes]:
    parted = (line.partition(b":") for line in lines)
    return [value.strip() for name, _, value in parted if name.strip().lower() in names]
