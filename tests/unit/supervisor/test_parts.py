"""Real processes: they answer, they end with all their children, and none outlives us."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from supervisor.parts import PartFailed, ProcessPart, await_answer, greets, http_ok, start_redis
from tests.conftest import free_port, wait_until

WITH_CHILD = "import subprocess, time; subprocess.Popen(['sleep', '600']); print('up', flush=True); time.sleep(600)"


def gone(pid: int) -> bool:
    """Ended; a zombie that nobody has collected yet has ended too."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_redis_answers_keeps_nothing_on_disk_and_leaves_no_port(tmp_path: Path) -> None:
    port = free_port()
    part = start_redis(tmp_path, port)
    with redis.Redis(port=port) as client:
        client.set("news", "1")
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
    part.stop()
    assert not greets("127.0.0.1", port, "+PONG", b"PING\r\n")
    assert [path.name for path in tmp_path.iterdir()] == ["redis.log"]


def test_stopping_a_part_ends_its_children_too(tmp_path: Path) -> None:
    part = ProcessPart("parent", [sys.executable, "-c", WITH_CHILD], tmp_path / "log", lambda: True)
    part.start()
    wait_until(lambda: "up" in (tmp_path / "log").read_text(), "the parent did not start")
    assert part.pid
    (child,) = children(part.pid)
    part.stop()
    wait_until(lambda: gone(child), "the child was left behind")


def test_a_stopped_process_can_be_ended(tmp_path: Path) -> None:
    part = ProcessPart("sleeper", ["sleep", "600"], tmp_path / "log", lambda: True, stop_s=60.0)
    part.start()
    pid = part.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    part.stop()
    assert gone(pid)
    assert time.monotonic() - started < 30  # it was not waited out


def test_a_part_that_ends_at_once_is_said(tmp_path: Path) -> None:
    part = ProcessPart("short", ["false"], tmp_path / "log", lambda: False)
    part.start()
    with pytest.raises(PartFailed, match="short ended at once"):
        await_answer(part, 5)
    part.stop()


def test_a_missing_program_is_said(tmp_path: Path) -> None:
    with pytest.raises(PartFailed, match="no-such-program"):
        ProcessPart("x", ["no-such-program"], tmp_path / "log", lambda: True).start()


def test_redis_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    port = free_port()
    script = (
        "import os, signal, sys; from pathlib import Path; from supervisor.parts import start_redis; "
        "print(start_redis(Path(sys.argv[1]), int(sys.argv[2])).pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path), str(port)], stdout=subprocess.PIPE, check=False)
    assert done.returncode == -signal.SIGKILL
    wait_until(lambda: gone(int(done.stdout)), "Redis outlived its supervisor")


def test_nobody_listening_is_no_answer() -> None:
    port = free_port()
    assert not http_ok(f"http://127.0.0.1:{port}/healthz")
    assert not greets("127.0.0.1", port, "+PONG", b"PING\r\n")
