"""Where Asterisk copies its SIP messages to (HEP over UDP on loopback): what it leaves undone is seen here."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import structlog

from telephony.hep import parse
from telephony.loopback import refuse_unless_loopback
from telephony.sip_trace import InfoKey, RefusedCall, SipTrace
from telephony.sip_unanswered import UnansweredRequests

UNANSWERED_S = 0.3  # Asterisk answers in milliseconds; a request is sent again after half a second
LOGGED_EVERY_S = 60.0  # one caller refused again and again is one line so often
SOURCES_LIMIT = 1_000

log = structlog.get_logger()


class SipWatch(asyncio.DatagramProtocol):
    """Counts and logs the calls that Asterisk refused, tells keys by INFO, and answers what Asterisk does not."""

    def __init__(self, host: str, port: int) -> None:
        refuse_unless_loopback(host)
        self.host, self.port = host, port
        self.refused: Counter[int] = Counter()
        self._trace = SipTrace()
        self._listeners = dict[str, Callable[[str], None]]()
        self._logged_s = dict[tuple[str, int], float]()
        self._unanswered = UnansweredRequests()
        self._transport: asyncio.DatagramTransport | None = None
        self._outside: asyncio.DatagramTransport | None = None  # not bound to loopback: to wherever callers are

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (self.host, self.port))
            self._outside, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("0.0.0.0", 0))
        except OSError as error:  # calls do not depend on it
            log.warning("refused calls will leave no trace", port=self.port, why=str(error))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in (self._transport, self._outside):
            if transport:
                transport.close()

    @contextmanager
    def info_keys(self, call_id: str, on_key: Callable[[str], None]) -> Iterator[None]:
        """While inside, the keys that a call's phone tells by INFO."""
        self._listeners[call_id] = on_key
        try:
            yield
        finally:
            self._listeners.pop(call_id, None)

    def datagram_received(self, data: bytes, addr: object) -> None:
        packet = parse(data)
        if packet and (request := self._unanswered.take(packet)):
            asyncio.get_running_loop().call_later(UNANSWERED_S, self._answer, request)
        match packet and self._trace.take(packet):
            case RefusedCall() as refused:
                self.refused[refused.code] += 1
                self._tell(refused)
            case InfoKey(call_id, key) if call_id in self._listeners:
                self._listeners[call_id](key)

    def _answer(self, request: bytes) -> None:
        answer = self._unanswered.answer(request)
        if answer and self._outside and not self._outside.is_closing():
            host, _, port = answer.to.rpartition(":")
            with suppress(OSError, ValueError):  # such as no way there by IPv4
                self._outside.sendto(answer.payload, (host, int(port)))

    def _tell(self, refused: RefusedCall) -> None:
        now_s = asyncio.get_running_loop().time()
        who = (refused.source.rpartition(":")[0], refused.code)
        if now_s - self._logged_s.get(who, -LOGGED_EVERY_S) < LOGGED_EVERY_S:
            return
        if len(self._logged_s) >= SOURCES_LIMIT:
            self._logged_s.clear()
        self._logged_s[who] = now_s
        log.warning(
            "a call was refused", code=refused.code, reason=refused.reason, source=refused.source,
            media=list(refused.media), called=refused.called, pii_from=refused.sender,
        )  # fmt: skip
