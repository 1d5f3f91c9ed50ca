"""Where Asterisk copies its SIP messages to (HEP over UDP on loopback): refused calls leave a trace here."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import structlog

from telephony.hep import parse
from telephony.loopback import refuse_unless_loopback
from telephony.sip_trace import InfoKey, RefusedCall, SipTrace

LOGGED_EVERY_S = 60.0  # one caller refused again and again is one line so often
SOURCES_LIMIT = 1_000

log = structlog.get_logger()


class SipWatch(asyncio.DatagramProtocol):
    """Counts the calls that Asterisk has refused, by SIP code, logs who was refused and why, and tells keys by INFO."""

    def __init__(self, host: str, port: int) -> None:
        refuse_unless_loopback(host)
        self.host, self.port = host, port
        self.refused: Counter[int] = Counter()
        self._trace = SipTrace()
        self._listeners = dict[str, Callable[[str], None]]()
        self._logged_s = dict[tuple[str, int], float]()
        self._transport: asyncio.BaseTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: self, (self.host, self.port))
        except OSError as error:  # calls do not depend on it
            log.warning("refused calls will leave no trace", port=self.port, why=str(error))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport:
            self._transport.close()

    @contextmanager
    def info_keys(self, call_id: str, told: Callable[[str], None]) -> Iterator[None]:
        """While inside, the keys that a call's phone tells by INFO."""
        self._listeners[call_id] = told
        try:
            yield
        finally:
            self._listeners.pop(call_id, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        packet = parse(data)
        match packet and self._trace.take(packet):
            case RefusedCall() as refused:
                self.refused[refused.code] += 1
                self._tell(refused)
            case InfoKey(call_id, key) if call_id in self._listeners:
                self._listeners[call_id](key)

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
