"""A whole line of its own for a test: Redis, Asterisk, controller and desk, as `onenumber run` starts them."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from sqlalchemy import select

from config.settings import Settings
from runtime.credentials import load, login_name
from runtime.replaying import replayed
from store import open_records
from store.tables import calls
from telephony.asterisk_config import phone_password
from telephony.softphone import SoftPhone
from tests import learned
from tests.conftest import free_port
from tests.e2e import voice_cache

PROJECT = Path(__file__).parents[2]
START_LIMIT_S = 240  # on a busy machine
STOP_LIMIT_S = 30
READING_LIMIT_S = "20"  # of an utterance: several lines share the machine


class LineFailed(Exception):
    """The line did not start; the text is what it said."""


def free_ports() -> dict[str, str]:
    """Settings that keep this line off everybody else's ports."""
    rtp = 30_000 + (free_port() % 150) * 200
    names = (
        "ASTERISK__SIP_PORT", "ASTERISK__AMI_PORT", "CONTROLLER__AGI_PORT",
        "CONTROLLER__AUDIOSOCKET_PORT", "CONTROLLER__METRICS_PORT", "WEB__PORT", "WEB__TLS_PORT", "ASTERISK__WS_PORT",
    )  # fmt: skip
    ports = {f"ONENUMBER_{name}": str(free_port()) for name in names}
    return ports | {
        "ONENUMBER_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "ONENUMBER_ASTERISK__SIP_BIND": "127.0.0.1",
        "ONENUMBER_WEB__TLS_HOST": "127.0.0.1",
        "ONENUMBER_ASTERISK__RTP_START": str(rtp),
        "ONENUMBER_ASTERISK__RTP_END": str(rtp + 999),
    }


def site_folder(folder: Path, changes: Mapping[str, Mapping[str, Any]]) -> Path:
    """A copy of the demo hospital's documents with parts of `site.yaml` changed."""
    target = folder / "config"
    shutil.copytree(PROJECT / "config", target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    site = yaml.safe_load((target / "site.yaml").read_text())
    site["demo_phones"] = []  # they would answer what the tests' own phones shall answer
    for part, values in changes.items():
        site[part] = {**site[part], **values}
    (target / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True))
    return target


@dataclass
class RunningLine:
    """`async with RunningLine(folder)`: an open line."""

    folder: Path
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    flows: Mapping[str, str] = field(default_factory=dict)  # beside the demo's, as YAML
    process: subprocess.Popen[str] | None = None

    async def __aenter__(self) -> "RunningLine":
        config = site_folder(self.folder, self.changes)
        for name, flow in self.flows.items():
            (config / f"flows/{name}.yaml").write_text(flow)
        var = self.folder / "var"
        var.mkdir(exist_ok=True)
        await asyncio.to_thread(voice_cache.filled)
        for name, shared in (("voice-cache", voice_cache.VOICES), ("understanding", learned.SHELF)):
            (var / name).symlink_to(shared)
        self.environment = {
            **os.environ, **free_ports(), "ONENUMBER_DATA_DIR": str(var), "ONENUMBER_LINE__CONFIG_DIR": str(config),
            "ONENUMBER_SPEECH__LIMIT_S": READING_LIMIT_S, **self.environment,
        }  # fmt: skip
        self.start()
        try:
            await self.ready()
        except BaseException:
            self.stop()  # else it would run on beside all later tests
            raise
        return self

    async def __aexit__(self, failed: type[BaseException] | None, *error: object) -> None:
        self.stop()
        if failed is None:
            await self.run_again()

    async def run_again(self) -> None:
        """Each call that the line has had, run again out of its database, ends where it was saved last."""
        async with open_records(self.settings.database) as records:
            ids = await records.database.read(lambda connection: connection.scalars(select(calls.c.id)).all())
            elsewhere = [call_id for call_id in ids if not (await replayed(records, call_id)).same]
        assert not elsewhere, f"{len(elsewhere)} of {len(ids)} calls lead elsewhere: {elsewhere}"

    def start(self) -> None:
        with (self.folder / "run.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli", "run", "--plain"], cwd=PROJECT, env=dict(self.environment),
                stdout=log, stderr=log, text=True,
            )  # fmt: skip

    async def ready(self, limit_s: float = START_LIMIT_S) -> None:
        """Raises: LineFailed."""
        async with asyncio.timeout(limit_s):
            while not self._is_ready():
                if self.process is None or self.process.poll() is not None:
                    raise LineFailed((self.folder / "run.log").read_text()[-3_000:])
                await asyncio.sleep(0.1)

    def _is_ready(self) -> bool:
        """What a killed line left behind is not this one's word."""
        state = self.state()
        return bool(state.get("ready")) and self.process is not None and state["pid"] == self.process.pid

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(STOP_LIMIT_S)
        if self.state():  # it was killed: what it left running is ended
            command = [sys.executable, "-m", "cli", "stop"]
            subprocess.run(command, cwd=PROJECT, env=dict(self.environment), check=True, timeout=2 * STOP_LIMIT_S)

    def state(self) -> dict[str, Any]:
        """What `run.json` says: pids, ports, urls; empty before it is there."""
        path = self.folder / "var/run.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def signal_part(self, name: str, number: signal.Signals) -> None:
        """Signal one process of the line, with its children: `controller`, `web`, …"""
        os.killpg(self.state()["pids"][name], number)

    @property
    def settings(self) -> Settings:
        """The line's settings, as its own processes read them."""
        known = {name: value for name, value in self.environment.items() if name.startswith("ONENUMBER_")}
        known |= load(self.folder / "var/secrets.env")
        before = {name: os.environ.get(name) for name in known}
        os.environ.update(known)
        try:
            return Settings()
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    @property
    def desk(self) -> str:
        return str(self.state()["urls"]["desk"])

    @property
    def sip(self) -> str:
        return f"127.0.0.1:{self.environment['ONENUMBER_ASTERISK__SIP_PORT']}"

    def password(self, login: str) -> str:
        return load(self.folder / "var/secrets.env")[login_name(login)]

    def phone(self, user: str) -> SoftPhone:
        """A phone that is registered at the line."""
        return SoftPhone(self.sip, user, phone_password(self.settings, user), register=True)

    def caller(self, number: str) -> SoftPhone:
        """A phone that calls: one of the house proves its number, any other is just believed."""
        known = any(contact["number"] == number and contact.get("phone") for contact in self._site["contacts"])
        return SoftPhone(self.sip, number, phone_password(self.settings, number) if known else "")

    @property
    def _site(self) -> dict[str, Any]:
        site: dict[str, Any] = yaml.safe_load((self.folder / "config/site.yaml").read_text())
        return site

    async def api(self, login: str = "chen") -> httpx.AsyncClient:
        """A client of the API, logged in."""
        client = httpx.AsyncClient(base_url=self.desk, timeout=10)
        answer = await client.post("/api/v1/sessions", json={"login": login, "password": self.password(login)})
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client


async def until(what: str, check: Any, limit_s: float = 20.0) -> Any:
    """Ask again and again until the answer is true; the answer.

    Raises: TimeoutError.
    """
    try:
        async with asyncio.timeout(limit_s):
            while not (answer := await check()):  # noqa: ASYNC110 - what is waited for is in another process
                await asyncio.sleep(0.1)
            return answer
    except TimeoutError:
        raise TimeoutError(f"waited {limit_s} s for {what}") from None
