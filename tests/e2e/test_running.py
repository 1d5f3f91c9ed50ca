"""One command: it starts, comes back, stops without a trace, and lives beside others."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.credentials import load
from runtime.privacy import open_to_others
from telephony.instance import inside
from telephony.recordings import RATE_HZ, heard, tone_share
from testcall.desk_client import AgentAtDesk, Desk
from tests.conftest import mounted, wait_until
from tests.e2e.line import PROJECT, RunningLine, until
from tests.e2e.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
HUNG_S = 10.0
AGENT_HZ = 600


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLine]:
    async with RunningLine(tmp_path_factory.mktemp("line")) as opened:
        yield opened


def ended(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def family(pid: int) -> set[int]:
    """A process and all that descends from it."""
    try:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        children = {int(word) for task in tasks for word in task.read_text().split()}
    except FileNotFoundError:
        return set()
    return {pid}.union(*(family(child) for child in children))


def listening(ports: Mapping[str, int]) -> list[str]:
    """Those of a line's TCP ports that somebody listens on."""
    busy = []
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                busy.append(name)
    return busy


def onenumber(line: RunningLine, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of the line's installation, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments], cwd=PROJECT, env={**line.environment, **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


async def test_the_plain_output_ends_with_what_to_dial_and_tells_no_password(line: RunningLine) -> None:
    said = (line.folder / "run.log").read_text()
    assert said.rstrip().splitlines()[-1].startswith(f"ready: dial {line.state()['dial']}, desk at ")
    assert line.password("anna") not in said
    assert "onenumber password show" in said
    assert onenumber(line, "password", "show", "anna").stdout.strip() == line.password("anna")


async def test_no_part_has_a_secret_of_another_in_its_environment(line: RunningLine) -> None:
    secrets = load(line.folder / "var/secrets.env")
    for name, pid in line.state()["pids"].items():
        for process in family(pid):
            told = Path(f"/proc/{process}/environ").read_bytes().decode(errors="replace")
            assert not [secret for secret in secrets.values() if secret in told], name
            assert name in ("controller", "web") or "ONENUMBER_" not in told


async def test_nobody_else_reads_what_a_running_line_keeps(line: RunningLine) -> None:
    assert open_to_others(line.settings.paths, line.settings.database) == []
    database = line.folder / "var/onenumber.db"
    assert {oct(path.stat().st_mode & 0o777) for path in database.parent.glob("onenumber.db*")} == {"0o600"}


async def test_another_start_in_the_same_folder_is_refused(line: RunningLine) -> None:
    done = onenumber(line, "run")
    assert done.returncode == 1
    assert "running already" in done.stderr
    assert line.state()["ready"]


async def test_a_taken_port_is_one_sentence_and_a_non_zero_exit(line: RunningLine, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = {"ONENUMBER_WEB__PORT": str(port), "ONENUMBER_WEB__TLS_PORT": "0"}
        done = onenumber(line, "keep", "web", ONENUMBER_DATA_DIR=str(tmp_path), **chosen)
    assert done.returncode == 1
    (sentence,) = done.stderr.strip().splitlines()
    assert sentence.startswith(f"onenumber: Port {port}/tcp for the desk is taken by ")
    assert "ONENUMBER_WEB__PORT" in sentence


async def test_a_killed_controller_comes_back(line: RunningLine) -> None:
    before = line.state()["pids"]
    line.signal_part("controller", signal.SIGKILL)

    async def back() -> bool:
        now = line.state()
        return bool(now["ready"] and now["pids"]["controller"] != before["controller"])

    await until("the controller to be ready again", back, 120)
    assert {name: pid for name, pid in line.state()["pids"].items() if name != "controller"} == {
        name: pid for name, pid in before.items() if name != "controller"
    }


async def test_a_hung_controller_is_killed_and_replaced(line: RunningLine) -> None:
    hung = line.state()["pids"]["controller"]
    os.kill(hung, signal.SIGSTOP)
    stopped_at = time.monotonic()

    async def replaced() -> bool:
        return bool(line.state()["pids"]["controller"] not in (hung, None))

    await until("another controller", replaced, HUNG_S + 10)
    assert HUNG_S - 1 <= time.monotonic() - stopped_at
    assert ended(hung)

    async def ready() -> bool:
        return bool(line.state()["ready"])

    await until("the controller to be ready again", ready, 120)


async def test_a_second_line_runs_beside_it(line: RunningLine, tmp_path: Path) -> None:
    async with RunningLine(tmp_path) as other:
        assert set(other.state()["ports"].values()).isdisjoint(line.state()["ports"].values())
        assert line.state()["ready"]
    assert line.state()["ready"]


async def test_ctrl_c_leaves_nothing_and_the_second_start_has_nothing_to_make(line: RunningLine) -> None:
    ports_owner = line.state()
    assert len(listening(ports_owner["ports"])) == len(ports_owner["ports"])
    assert line.process
    everyone = family(line.process.pid)
    assert len(everyone) >= 5
    line.stop()
    assert line.process.returncode == 0
    wait_until(lambda: all(map(ended, everyone)), "a process stayed behind")
    assert not line.state()
    assert not mounted(inside(line.folder).parent, line.folder)
    told = len((line.folder / "run.log").read_text())
    line.start()
    await line.ready()
    again = (line.folder / "run.log").read_text()[told:]
    assert "ready: dial" in again
    assert not [making for making in ("prompts: ", "learns", "certificate") if making in again]
    assert line.state()["ports"] == ports_owner["ports"]


async def test_a_hung_part_is_killed_and_replaced(line: RunningLine) -> None:
    """Each by what it answers, not by whether its kernel accepts connections for it."""
    hung = {name: pid for name, pid in line.state()["pids"].items() if name != "controller"}
    for pid in hung.values():
        os.killpg(pid, signal.SIGSTOP)

    async def replaced() -> bool:
        now = line.state()
        return bool(now["ready"]) and all(now["pids"][name] not in (pid, None) for name, pid in hung.items())

    await until("other parts than those that hang", replaced, 120)
    assert all(map(ended, hung.values()))


async def talk(line: RunningLine, stack: AsyncExitStack, folder: Path) -> Scene:
    """A caller, `talks`, who talks with an agent."""
    agent = await stack.enter_async_context(line.phone("agent1"))
    agent.tone(AGENT_HZ)
    agent.answer_after(300)
    desk = await stack.enter_async_context(Desk(line.desk, "anna", line.password("anna")))
    await stack.enter_async_context(AgentAtDesk(desk))
    scene = Scene(line, folder, stack)
    await scene.open()
    caller = await scene.caller("talks", "204")
    await caller.keys("0")
    await scene.event("talks", "agent.answered")
    return scene


async def test_a_talk_outlives_the_supervisor_and_the_next_one_takes_all_over(
    line: RunningLine, tmp_path: Path
) -> None:
    assert line.process
    before = line.state()["pids"]
    async with AsyncExitStack() as stack:
        scene = await talk(line, stack, tmp_path)
        line.process.kill()
        line.process.wait()
        line.start()
        await line.ready()
        assert line.state()["pids"] == before
        assert line.state()["restarts"] == dict.fromkeys(before, 0)
        until_s = scene.heard_s("talks") + 3

        async def heard_more() -> bool:
            return scene.heard_s("talks") > until_s

        await until("more of the talk", heard_more)
    assert tone_share(heard(tmp_path / "talks.wav")[-2 * RATE_HZ :], AGENT_HZ) > 0.4
    everyone = family_of(before)
    line.stop()
    wait_until(lambda: all(map(ended, everyone)), "a part that was taken over outlived the line")
    line.start()
    await line.ready()


async def test_what_a_killed_supervisor_left_is_stopped_on_demand(line: RunningLine) -> None:
    assert line.process
    everyone, ports = family(line.process.pid), line.state()["ports"]
    line.process.kill()
    line.process.wait()
    done = onenumber(line, "stop")
    assert (done.returncode, done.stdout.strip()) == (0, "stopped")
    wait_until(lambda: all(map(ended, everyone)), "a process outlived the line")
    assert (listening(ports), line.state()) == ([], {})


def family_of(pids: Mapping[str, int]) -> set[int]:
    return set().union(*map(family, pids.values()))
