"""Where the desk listens: in clear, for this machine and a proxy on it, and by https for other machines' browsers."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from config.settings import Settings
from runtime import certificate
from runtime.certificate import Files, NoCertificate

log = structlog.get_logger()
# A phone that is gone without a word is noticed within ten seconds; no SIP message is longer.
RULES: dict[str, Any] = {
    "log_config": None, "access_log": False, "ws_ping_interval": 5.0, "ws_ping_timeout": 5.0, "ws_max_size": 65_536,
    "timeout_graceful_shutdown": 2,  # event streams never end by themselves
}  # fmt: skip


class _ByHttps(uvicorn.Server):
    """Ends with the other one, which hears the signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.over = asyncio.Event()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().serve(sockets)
        finally:
            self.over.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _InClear(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, beside: _ByHttps | None) -> None:
        super().__init__(config)
        self._beside = beside

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._beside:
            self._beside.should_exit = True
        await super().shutdown(sockets)
        if self._beside:
            await self._beside.over.wait()  # afterwards the signal ends the process


async def serve(app: FastAPI, settings: Settings) -> None:
    """Until SIGTERM or SIGINT. What keeps https away is logged, and keeps nothing else away."""
    in_clear = uvicorn.Config(app, host=settings.web.host, port=settings.web.port, **RULES)
    listener = https_listener(settings)
    if listener is None:
        return await _InClear(in_clear, None).serve()
    (certificate_file, key_file), bound = listener
    beside = _ByHttps(uvicorn.Config(app, ssl_certfile=certificate_file, ssl_keyfile=key_file, **RULES))
    async with asyncio.TaskGroup() as both:
        both.create_task(beside.serve(sockets=[bound]))
        both.create_task(_InClear(in_clear, beside).serve())


def https_listener(settings: Settings) -> tuple[Files, socket.socket] | None:
    """None where it is not wanted, or cannot be had, which is logged."""
    if not settings.web.tls_port:
        return None
    try:
        found = certificate.usable(settings)
        family = socket.AF_INET6 if ":" in settings.web.tls_host else socket.AF_INET
        return found, socket.create_server((settings.web.tls_host, settings.web.tls_port), family=family)
    except (NoCertificate, OSError) as error:
        log.error("the desk is not served by https", why=str(error))
        return None
