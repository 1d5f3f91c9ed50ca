"""Where the desk listens by https; what keeps that away keeps nothing else away."""

import asyncio
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sse_starlette.sse import AppStatus

from config.settings import Settings, Web
from desk.listening import https_listener, serve
from runtime import certificate
from tests.conftest import free_port

ANSWER_S = 1.0  # within what the desk waits for at its end


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, web=Web(tls_host="127.0.0.1", tls_port=free_port()))


async def test_what_is_asked_by_https_is_answered_before_a_signal_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AppStatus, "should_exit", False)  # a signal ends all streams of a process, for good
    chosen = settings(tmp_path)
    chosen.web.port = free_port()
    certificate.made(chosen)
    told = asyncio.Event()  # the signal, after the desk is over
    before = signal.signal(signal.SIGTERM, lambda *_: told.set())
    app = FastAPI()

    @app.get("/")
    async def slow() -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await told.wait()
        return told.is_set()

    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(serve(app, chosen))
            answer = both.create_task(asked(f"https://127.0.0.1:{chosen.web.tls_port}/"))
        assert answer.result() is False
    finally:
        signal.signal(signal.SIGTERM, before)


async def asked(url: str) -> object:
    """As soon as it is there."""
    async with httpx.AsyncClient(verify=False) as client:
        while True:
            with suppress(httpx.ConnectError):
                return (await client.get(url, timeout=20)).json()
            await asyncio.sleep(0.05)


def test_with_a_certificate_there_is_a_listener(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    certificate.made(chosen)
    listener = https_listener(chosen)
    assert listener
    files, bound = listener
    assert files.certificate == chosen.paths.certificate
    with bound, socket.create_connection(("127.0.0.1", chosen.web.tls_port)):
        pass


def test_without_a_certificate_its_port_or_the_wish_there_is_none_and_no_error(tmp_path: Path) -> None:
    assert https_listener(settings(tmp_path / "bare")) is None
    crowded = settings(tmp_path)
    certificate.made(crowded)
    with socket.create_server(("127.0.0.1", crowded.web.tls_port)):
        assert https_listener(crowded) is None
    crowded.web.tls_port = 0
    assert https_listener(crowded) is None
