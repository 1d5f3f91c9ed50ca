"""What only SIP messages tell: calls that Asterisk refused, of which no channel, dialplan or record hears, and the keys
that came as INFO, which Asterisk hands on like any other.

A pure reader of messages; INVITEs are matched with their final answers.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass

from telephony.hep import Packet

INFOS_LIMIT = 500  # by which a repeated one is known
PENDING_LIMIT = 2_000  # INVITEs without a final answer; the oldest go first
ORDINARY = frozenset({401, 407, 482, 487})  # a password is asked for, the same call again, the caller gave up
_TEXT_LIMIT = 120
_CONTROL = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True)
class RefusedCall:
    code: int
    reason: str
    source: str  # host:port of who called
    sender: str  # From, cut; private
    called: str  # the Request-URI
    media: tuple[str, ...] = ()  # profile and codecs offered: `RTP/SAVPF 111 opus/48000/2`


@dataclass(frozen=True)
class InfoKey:
    """A key told by SIP INFO (application/dtmf-relay, application/dtmf)."""

    call_id: str
    key: str


class SipTrace:
    """Feed it every message."""

    def __init__(self) -> None:
        self._pending: OrderedDict[tuple[str, str, str], Packet] = OrderedDict()
        self._infos: OrderedDict[tuple[str, str], None] = OrderedDict()

    def take(self, packet: Packet) -> RefusedCall | InfoKey | None:
        """The call that this message refuses, or the key that it tells of."""
        head, _, body = packet.payload.decode(errors="replace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers = _headers(lines)
        number, _, method = headers.get("cseq", "").partition(" ")
        if method.strip() == "INFO" and first.startswith("INFO "):
            return self._info(headers.get("call-id", ""), number, headers.get("content-type", ""), body)
        if method.strip() != "INVITE":
            return None
        key = (headers.get("call-id", ""), number, _branch(headers.get("via", "")))
        if not first.startswith("SIP/2.0 "):
            self._asked(key, headers, packet)
            return None
        return self._answered(key, first)

    def _info(self, call_id: str, number: str, kind: str, body: str) -> InfoKey | None:
        if (call_id, number) in self._infos:
            return None  # sent again
        self._infos[call_id, number] = None
        if len(self._infos) > INFOS_LIMIT:
            self._infos.popitem(last=False)
        key = _key(kind.partition(";")[0].strip().lower(), body)
        return InfoKey(call_id, key) if key else None

    def _asked(self, key: tuple[str, str, str], headers: dict[str, str], packet: Packet) -> None:
        if ";tag=" in headers.get("to", ""):
            return  # of a call that goes on
        self._pending[key] = packet
        if len(self._pending) > PENDING_LIMIT:
            self._pending.popitem(last=False)

    def _answered(self, key: tuple[str, str, str], first: str) -> RefusedCall | None:
        code = int(first[8:11]) if first[8:11].isdecimal() else 0
        if code < 200:
            return None
        asked = self._pending.pop(key, None)
        if asked is None or code < 300 or code in ORDINARY:
            return None
        return _refused(code, first[12:], asked)


def _refused(code: int, reason: str, asked: Packet) -> RefusedCall:
    head, _, body = asked.payload.decode(errors="replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    called = first.split(" ")[1] if " " in first else ""
    sender = _headers(lines).get("from", "")
    return RefusedCall(code, _plain(reason), asked.source, _plain(sender), _plain(called), _media(body))


def _media(body: str) -> tuple[str, ...]:
    """Of each audio stream its profile, then the names of what was offered."""
    profiles = re.findall(r"^m=audio \S+ (\S+)", body, re.MULTILINE)
    codecs = re.findall(r"^a=rtpmap:\d+ (\S+)", body, re.MULTILINE)
    return tuple(_plain(word) for word in [*profiles, *dict.fromkeys(codecs)][:20])


def _key(kind: str, body: str) -> str:
    found = re.search(r"^\s*signal\s*=\s*([0-9]{1,2}|[*#])", body, re.IGNORECASE | re.MULTILINE)
    if kind == "application/dtmf":
        found = re.match(r"\s*([0-9]{1,2}|[*#])\s*$", body)
    elif kind != "application/dtmf-relay":
        return ""
    return {"10": "*", "11": "#"}.get(found[1], found[1][:1]) if found else ""


_COMPACT = {"i": "call-id", "v": "via", "f": "from", "t": "to", "c": "content-type"}


def _headers(lines: list[str]) -> dict[str, str]:
    """The topmost of each name."""
    found = dict[str, str]()
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        found.setdefault(_COMPACT.get(name, name), value.strip())
    return found


def _branch(via: str) -> str:
    found = re.search(r";\s*branch=([^;,\s]+)", via)
    return found[1] if found else ""


def _plain(text: str) -> str:
    return _CONTROL.sub("", text)[:_TEXT_LIMIT]
