"""The processes of a line: Redis, Asterisk, controller, desk; each started, asked and stopped alike."""

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

from runtime.credentials import environment_of
from telephony.instance import AsteriskDown, AsteriskInstance, appended, as_unprivileged, environment
from telephony.processes import RunningProcess
from telephony.sip_options import sip_answers

DEMO_PHONES = "demo-phones"
ANSWER_LIMIT_S = 2.0


class PartFailed(Exception):
    """A part did not start."""


class Part(Protocol):
    """One process that the supervisor keeps up."""

    name: str
    made_of: str  # a digest of what it was started with; two that differ are not the same part

    @property
    def process(self) -> RunningProcess | None: ...

    def adopt(self, process: RunningProcess) -> None:
        """Look after a process of this part that an earlier supervisor left behind."""

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
    """A program in a process group of its own."""

    def __init__(
        self, name: str, command: list[str], log: Path, check: Callable[[], bool],
        environment: Mapping[str, str] | None = None, stop_s: float = 8.0, made_of: str = "",
    ) -> None:  # fmt: skip
        self.name = name
        self.made_of = made_of
        self._command = command
        self._log = log
        self._check = check
        self._environment = environment
        self._stop_s = stop_s
        self.process: RunningProcess | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def adopt(self, process: RunningProcess) -> None:
        self.process = process

    def start(self) -> None:
        try:
            with appended(self._log) as log:
                child = subprocess.Popen(
                    self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    env=self._environment, start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise PartFailed(f"{self.name}: {error}") from error
        self.process = RunningProcess.started(child)

    def alive(self) -> bool:
        return self.process is not None and self.process.alive()

    def answers(self) -> bool:
        return self.alive() and self._check()

    def kill(self) -> None:
        self._end(signal.SIGKILL, 5.0)

    def stop(self) -> None:
        self._end(signal.SIGTERM, self._stop_s)

    def _end(self, how: signal.Signals, grace_s: float) -> None:
        if self.process is not None:
            self.process.end(how, grace_s)
            self.process = None


class AsteriskPart:
    """Asterisk, with its configuration already rendered."""

    name = "Asterisk"
    made_of = ""  # talks are in it: whatever it was started with, it is not ended for that

    def __init__(self, instance: AsteriskInstance, ami: tuple[str, int], sip: tuple[str, str, int]) -> None:
        self.instance = instance
        self._ami = ami
        self._sip = sip  # number, host, port

    @property
    def process(self) -> RunningProcess | None:
        return self.instance.process

    def adopt(self, process: RunningProcess) -> None:
        self.instance.process = process

    def start(self) -> None:
        try:
            self.instance.start()
        except (AsteriskDown, OSError) as error:
            raise PartFailed(str(error)) from error

    def alive(self) -> bool:
        return self.instance.alive()

    def answers(self) -> bool:
        """By either of two ways: under more calls than it can take it lets OPTIONS go unanswered, and works all the
        same.
        """
        return self.alive() and (
            sip_answers(*self._sip, limit_s=ANSWER_LIMIT_S) or greets(*self._ami, "Asterisk Call Manager")
        )

    def kill(self) -> None:
        self.instance.kill()

    def stop(self) -> None:
        self.instance.stop()


def redis(port: int, log: Path, dies_with_us: bool = True) -> ProcessPart:
    """A Redis of our own on loopback that keeps nothing: what it holds may be lost at any moment."""
    command = [
        *as_unprivileged(dies_with_us), "redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "",
        "--appendonly", "no", "--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru",
    ]  # fmt: skip
    return ProcessPart("Redis", command, log, lambda: greets("127.0.0.1", port, "+PONG", b"PING\r\n"), environment())


def start_redis(folder: Path, port: int, ready_s: float = 10.0) -> ProcessPart:
    """A running Redis, for tests too. Raises: PartFailed."""
    part = redis(port, folder / "redis.log")
    part.start()
    await_answer(part, ready_s)
    return part


def serve(what: str, health: str, log: Path, made_of: str = "", dies_with_us: bool = True) -> ProcessPart:
    """`onenumber serve WHAT`, asked over HTTP whether it is well."""
    bound = ["setpriv", "--pdeathsig", "KILL"] if dies_with_us else []
    command = [*bound, sys.executable, "-m", "cli.serve", what]
    return ProcessPart(what, command, log, lambda: http_ok(health), environment_of(what), made_of=made_of)


def demo_phones(state: Path, log: Path, made_of: str = "", dies_with_us: bool = True) -> ProcessPart:
    """`onenumber serve demo-phones`, which notes its process id when its phones are there."""
    bound = ["setpriv", "--pdeathsig", "KILL"] if dies_with_us else []
    command = [*bound, sys.executable, "-m", "cli.serve", DEMO_PHONES]
    part = ProcessPart(
        "demo phones", command, log, lambda: state.exists() and state.read_text() == str(part.pid),
        environment_of(DEMO_PHONES), made_of=made_of,
    )  # fmt: skip
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
