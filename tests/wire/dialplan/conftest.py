"""One Asterisk for all tests of the dialplan, and controllers that can be stopped and killed."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from config.settings import PROJECT, Settings
from telephony.ami_client import AmiClient
from telephony.softphone import SoftPhone
from tests.conftest import free_port
from tests.phones import TestLine, configured_line

DEAD_CONTROLLER_S = 3
PBX_ADDRESS = "127.0.0.7"
PBX = f"""
[pbx](trunk)
aors = pbx
[pbx]
type = aor
contact = sip:{PBX_ADDRESS}:5060
[pbx]
type = identify
endpoint = pbx
match = {PBX_ADDRESS}
"""


def certified(folder: Path) -> dict[str, Any]:
    """Settings of SIP over TLS, with a certificate made for it."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return {"tls_port": free_port(), "tls_certificate": certificate, "tls_key": key}


@pytest.fixture(scope="package")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestLine]:
    folder = tmp_path_factory.mktemp("dialplan")
    waits: dict[str, Any] = {"dead_controller_s": DEAD_CONTROLLER_S, "refused_retry_s": 1, "retries": 1}
    with configured_line(folder, 22_600, local=PBX, **waits, **certified(folder)) as line:
        yield line


@pytest.fixture(autouse=True)
def nothing_left(line: TestLine) -> Iterator[None]:
    """Every test ends without a channel, and starts with an empty spool."""
    for path in line.spool.iterdir():
        path.unlink()
    yield
    line.await_no_channels()


class ControllerProcess:
    """The fake controller, and what it has seen."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sessions: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self, mode: str, lease_s: int = DEAD_CONTROLLER_S) -> None:
        ports = (self.settings.controller.agi_port, self.settings.controller.audiosocket_port)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.wire.fake_controller", mode, *map(str, ports), str(lease_s),
            cwd=PROJECT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        await self._process.stdout.readline()
        self._reader = asyncio.create_task(self._read(self._process.stdout))

    def send(self, what: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(what)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            await self._reader

    async def saw(self, count: int, limit_s: float = 30) -> dict[str, Any]:
        """The session number `count` (from 1) that it has read."""
        async with asyncio.timeout(limit_s), self._news:
            await self._news.wait_for(lambda: len(self.sessions) >= count)
        return self.sessions[count - 1]

    async def _read(self, lines: asyncio.StreamReader) -> None:
        async for text in lines:
            async with self._news:
                self.sessions.append(json.loads(text))
                self._news.notify_all()


@pytest.fixture
async def ami(line: TestLine) -> AsyncIterator[AmiClient]:
    """The manager interface, as the line's own user."""
    settings = line.settings
    secret = settings.ami_secret.get_secret_value()
    async with AmiClient(settings.asterisk.host, settings.asterisk.ami_port, settings.ami_user, secret) as client:
        assert await client.ready(30)
        yield client


@pytest.fixture
async def controller(line: TestLine) -> AsyncIterator[ControllerProcess]:
    made = ControllerProcess(line.settings)
    yield made
    await made.kill()


@pytest.fixture
async def phones() -> AsyncIterator[AsyncExitStack]:
    """Phones entered here hang up and unregister at the end of the test."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def caller(line: TestLine, phones: AsyncExitStack, tmp_path: Path) -> SoftPhone:
    """Somebody's phone, which records what it hears into `heard.wav`."""
    phone = await phones.enter_async_context(line.caller())
    phone.record(tmp_path / "heard.wav")
    return phone
