"""Real servers for the tests: PostgreSQL and Redis of their own, on free ports, gone afterwards."""

import fcntl
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

# none that the system takes for connections of its own, or the tests for the audio of calls
_ports = random.SystemRandom().sample(range(23_000, 30_000), 7_000)
PORTS = Path("/tmp/onenumber-test-ports")  # one for all, wherever else a process keeps its files
_reserved = list[int]()  # descriptors: what holds a port against other test processes, as long as we live


def mounted(*folders: Path) -> list[str]:
    """What this process sees mounted there, or below."""
    points = [Path(line.split()[1]) for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [str(point) for point in points if any(point.is_relative_to(folder) for folder in folders)]


def free_port() -> int:
    """A port on loopback, for TCP and UDP, that nobody uses just now; never the same twice, in no process of ours."""
    while True:
        port = _ports.pop()
        with suppress(OSError), socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            _reserve(port)
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port


def _reserve(port: int) -> None:
    """Raises: OSError where another test process has it, though it may not listen there yet."""
    PORTS.mkdir(exist_ok=True)
    descriptor = os.open(PORTS / str(port), os.O_CREAT | os.O_RDWR)
    _reserved.append(descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def wait_until(ready: Callable[[], bool], what: str, limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)


class PostgresServer:
    """A throw-away cluster; PostgreSQL refuses root, so root hands it to the `postgres` user."""

    def __init__(self, folder: Path) -> None:
        self.bin = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.folder = folder
        self.port = free_port()
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            os.chown(folder, pwd.getpwnam(self.user).pw_uid, -1)

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        subprocess.run(command, check=True, user=self.user, cwd=self.folder, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        self.run("initdb", "-D", "data", "-U", "onenumber", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def create(self, template: str = "template1") -> str:
        """A fresh database; answers its URL."""
        name = f"test_{uuid.uuid4().hex}"
        connection = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "onenumber"]
        self.run("createdb", *connection, "-T", template, name)
        return f"postgresql+asyncpg://onenumber@127.0.0.1:{self.port}/{name}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="onenumber-postgres-"))
    server = PostgresServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """An empty database on a real PostgreSQL."""
    return postgres_server.create()


class RedisServer:
    """A throw-away Redis that keeps nothing on disk."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self._answers, "Redis did not start")

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


@pytest.fixture(scope="session")
def redis_session() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(redis_session: RedisServer) -> Iterator[RedisServer]:
    """A real, empty Redis which the test may flush, stop and start."""
    if redis_session._process is None:
        redis_session.start()
    redis_session.flush()
    yield redis_session
    if redis_session._process is None:
        redis_session.start()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url
