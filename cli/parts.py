"""The processes of a line: Redis, Asterisk, controller, desk; each started, asked and stopped alike."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from telephony.instance import AsteriskDown, AsteriskInstance, as_unprivileged

ANSWER_LIMIT_S = 2.0


class PartFailed(Exception):
    """A part did not start."""


class Part(Protocol):
    """One process that the supervisor keeps up."""

    name: str

    @property
    def pid(self) -> int | None: ...

    def start(self) -> None:
        """Raises: PartFailed."""

    def alive(self) -> bool: ...

    def answers(self) -> bool:
        """Whether it does its work now; takes at most `ANSWER_LIMIT_S`."""

    def kill(self) -> None:
        """End it at once, with all it started."""

    def stop(self) -> None:
        """End it in order; kill it when it takes too long."""


class ProcessPart:
    """A program in a process group of its own, which the kernel ends if we die."""

    def __init__(
        self, name: str, command: list[str], log: Path, check: Callable[[], bool],
        environment: Mapping[str, str] | None = None, stop_s: float = 8.0,
    ) -> None:  # fmt: skip
        self.name = name
        self._command = command
        self._log = log
        self._check = check
        self._environment = environment
        self._stop_s = stop_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    env=self._environment, start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise PartFailed(f"{self.name}: {error}") from error

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def answers(self) -> bool:
        return self.alive() and self._check()

    def kill(self) -> None:
        self._end(signal.SIGKILL, 5.0)

    def stop(self) -> None:
        self._end(signal.SIGTERM, self._stop_s)

    def _end(self, how: signal.Signals, grace_s: float) -> None:
        """Signal the group, wait for its leader, then kill what the leader left behind."""
        if self._process is None:
            return
        self._signal(how)
        self._signal(signal.SIGCONT)  # a stopped process would not hear SIGTERM
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _signal(self, how: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, how)


class AsteriskPart:
    """Asterisk, with its configuration already rendered."""

    name = "Asterisk"

    def __init__(self, instance: AsteriskInstance, ami: tuple[str, int]) -> None:
        self.instance = instance
        self._ami = ami

    @property
    def pid(self) -> int | None:
        return self.instance.process.pid if self.instance.process else None

    def start(self) -> None:
        try:
            self.instance.start()
        except (AsteriskDown, OSError) as error:
            raise PartFailed(str(error)) from error

    def alive(self) -> bool:
        return self.instance.alive()

    def answers(self) -> bool:
        return self.alive() and greets(*self._ami, "Asterisk Call Manager")

    def kill(self) -> None:
        self.instance.kill()

    def stop(self) -> None:
        self.instance.stop()


def redis(folder: Path, port: int, log: Path) -> ProcessPart:
    """A Redis of our own on loopback that keeps nothing: what it holds may be lost at any moment."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        *as_unprivileged(), "redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "",
        "--appendonly", "no", "--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru",
    ]  # fmt: skip
    return ProcessPart("Redis", command, log, lambda: greets("127.0.0.1", port, "+PONG", b"PING\r\n"))


def start_redis(folder: Path, port: int, ready_s: float = 10.0) -> ProcessPart:
    """A running Redis, for tests too. Raises: PartFailed."""
    part = redis(folder, port, folder / "redis.log")
    part.start()
    await_answer(part, ready_s)
    return part


def serve(what: str, health: str, log: Path) -> ProcessPart:
    """`onenumber serve WHAT`, asked over HTTP whether it is well."""
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "cli.serve", what]
    return ProcessPart(what, command, log, lambda: http_ok(health))


def demo_phones(state: Path, log: Path) -> ProcessPart:
    """`onenumber serve demo-phones`, which notes its process id when its phones are there."""
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "cli.serve", "demo-phones"]
    part = ProcessPart("demo phones", command, log, lambda: state.exists() and state.read_text() == str(part.pid))
    return part


def await_answer(part: Part, limit_s: float) -> None:
    """Until the part answers. Raises: PartFailed when it ends or takes too long."""
    deadline = time.monotonic() + limit_s
    while not part.answers():
        if not part.alive():
            raise PartFailed(f"{part.name} ended at once")
        if time.monotonic() > deadline:
            raise PartFailed(f"{part.name} did not answer within {limit_s:.0f} s")
        time.sleep(0.05)


def greets(host: str, port: int, expected: str, request: bytes = b"") -> bool:
    """Whether what listens there answers with the expected text."""
    return greeting(host, port, request).startswith(expected)


def greeting(host: str, port: int, request: bytes = b"") -> str:
    """The first that a listener says, empty when nobody answers."""
    try:
        with socket.create_connection((host, port), ANSWER_LIMIT_S) as connection:
            connection.sendall(request)
            return connection.recv(200).decode(errors="replace")
    except OSError:
        return ""


def http_ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_LIMIT_S) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError, urllib.error.URLError):
        return False
