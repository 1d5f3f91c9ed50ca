"""The pool of recognition workers, over real processes: supervised, bounded, nobody waits for ever."""

import asyncio
import os
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.ports import RecognitionDown
from stt.workers import Limits, Workers

PROGRAM = "tests.processes.fake_worker"
PATIENT = Limits(queue=2, answer_s=60.0, wait_s=60.0, start_s=60.0, settled_s=0.0, retry_s=0.05)
AT_ONCE_S = 20.0  # on a busy machine; far below the limits of a patient pool


@asynccontextmanager
async def running(limits: Limits) -> AsyncIterator[Workers]:
    pool = Workers(("serve",), limits, program=PROGRAM)
    try:
        assert await pool.start(60.0)
        yield pool
    finally:
        await pool.close()


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running(PATIENT) as pool:
        yield pool


@contextmanager
def no_more_files() -> Iterator[None]:
    """Nothing can be opened in this process, and so nothing started."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_request_is_answered(workers: Workers) -> None:
    answer = await workers.ask({"say": "hello"}, bytes(320_000))
    assert answer["echo"] == "hello"
    assert answer["bytes"] == 320_000


async def test_a_worker_sees_no_secrets(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONENUMBER_AMI_SECRET", "hidden")
    assert not [name for name in (await workers.ask({}))["environment"] if name.startswith("ONENUMBER")]


async def test_killing_a_worker_fails_what_it_was_doing_at_once_and_it_is_replaced(workers: Workers) -> None:
    asked = asyncio.create_task(workers.ask({"sleep_s": 600}))
    assert await _eventually(lambda: not workers.idle)
    first = workers.pids[0]
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(AT_ONCE_S):
        with pytest.raises(RecognitionDown):
            await asked
    assert await _eventually(lambda: workers.ready and workers.pids[0] != first)
    assert (await workers.ask({"say": "again"}))["echo"] == "again"


async def test_without_a_worker_the_answer_is_at_once_that_nobody_listens() -> None:
    async with running(replace(PATIENT, settled_s=600.0, retry_s=60.0)) as workers:  # the next worker is far away
        os.kill(workers.pids[0], signal.SIGKILL)
        assert await _eventually(lambda: not workers.ready)
        async with asyncio.timeout(AT_ONCE_S):
            with pytest.raises(RecognitionDown):
                await workers.ask({})


async def test_a_full_queue_refuses_at_once(workers: Workers) -> None:
    asked = [asyncio.create_task(workers.ask({"sleep_s": 0.3})) for _ in range(3)]  # one at work, two waiting
    await asyncio.sleep(0)
    with pytest.raises(RecognitionDown, match="full"):
        await workers.ask({})
    assert not any(each.done() for each in asked)
    assert workers.refused == 1
    assert len(await asyncio.gather(*asked)) == 3


async def test_how_long_a_request_has_been_waiting_is_known(workers: Workers) -> None:
    assert workers.longest_s == 0
    asked = [asyncio.create_task(workers.ask({"sleep_s": 0.2})) for _ in range(2)]
    await asked[0]
    assert workers.longest_s >= 0.2  # the second has been there as long
    await asked[1]
    assert workers.longest_s == 0


async def test_a_hung_worker_is_killed_and_replaced() -> None:
    async with running(replace(PATIENT, answer_s=1.0)) as workers:
        first = workers.pids[0]
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(RecognitionDown):
            await workers.ask({})
        assert await _eventually(lambda: workers.ready and workers.pids[0] != first)


async def test_long_speech_may_take_longer() -> None:
    async with running(replace(PATIENT, answer_s=0.2, wait_s=0.2, sound_s=3.0)) as workers:
        ten_s = bytes(10 * 16_000)
        assert (await workers.ask({"say": "all of it", "sleep_s": 0.5}, ten_s))["echo"] == "all of it"
        with pytest.raises(RecognitionDown):
            await workers.ask({"sleep_s": 0.5})


async def test_a_worker_that_answers_nonsense_is_replaced(workers: Workers) -> None:
    first = workers.pids[0]
    with pytest.raises(RecognitionDown):
        await workers.ask({"babble": True})
    assert await _eventually(lambda: workers.ready and workers.pids[0] != first)


async def test_an_answer_nobody_waits_for_any_more_does_not_reach_the_next_asker(workers: Workers) -> None:
    given_up = asyncio.create_task(workers.ask({"say": "old", "sleep_s": 0.2}))
    assert await _eventually(lambda: not workers.idle)
    given_up.cancel()
    assert (await workers.ask({"say": "new"}))["echo"] == "new"


async def test_a_request_given_up_while_waiting_is_never_sent(workers: Workers) -> None:
    first = asyncio.create_task(workers.ask({"sleep_s": 0.5}))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(workers.ask({"die": True}))
    await asyncio.sleep(0)
    waiting.cancel()
    await first
    assert (await workers.ask({"say": "alive"}))["echo"] == "alive"


async def test_a_worker_that_cannot_start_is_tried_again_ever_more_rarely() -> None:
    pool = Workers(("broken",), Limits(retry_s=0.05, settled_s=9.0), program=PROGRAM)
    assert not await pool.start(0.5)
    with pytest.raises(RecognitionDown):
        await pool.ask({})
    await pool.close()


async def test_a_machine_that_can_start_nothing_just_now_is_tried_again(workers: Workers) -> None:
    with capture_logs() as said, no_more_files():
        os.kill(workers.pids[0], signal.SIGKILL)
        assert await _eventually(lambda: any("not started" in entry["event"] for entry in said))
    assert await _eventually(lambda: workers.ready)
    assert (await workers.ask({"say": "back"}))["echo"] == "back"


class Unwatched(Workers):
    """The first process finds no thread that would watch it."""

    starts = 0

    async def _spawn(self) -> asyncio.subprocess.Process:
        self.starts += 1
        if self.starts == 1:
            raise RuntimeError("can't start new thread")
        return await super()._spawn()


async def test_a_machine_without_a_thread_to_spare_is_tried_again() -> None:
    pool = Unwatched(("serve",), PATIENT, program=PROGRAM)
    assert await pool.start(60.0)
    await pool.close()


async def test_closing_leaves_no_process(workers: Workers) -> None:
    (pid,) = workers.pids
    await workers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not workers.ready


async def test_closing_while_a_model_loads_leaves_no_process() -> None:
    pool = Workers(("slow-start",), PATIENT, program=PROGRAM)
    await pool.start(0.3)
    async with asyncio.timeout(AT_ONCE_S):
        await pool.close()


async def test_a_killed_controller_leaves_no_worker_behind() -> None:
    controller = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.processes.orphan", stdout=asyncio.subprocess.PIPE
    )
    assert controller.stdout is not None
    while not (line := await controller.stdout.readline()).strip().isdigit():
        assert line
    controller.kill()
    await controller.wait()
    assert await _eventually(lambda: not Path(f"/proc/{int(line)}").exists())


async def _eventually(condition: Callable[[], bool], within_s: float = 60.0) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if condition():
            return True
        await asyncio.sleep(0.01)
    return False


async def test_a_spare_request_is_made_only_where_nothing_else_is_to_do(workers: Workers) -> None:
    first = workers.spare({"say": "early", "sleep_s": 0.2}, b"")
    assert first is not None
    assert workers.spare({}, b"") is None  # it is under way
    assert workers.idle  # for a turn it counts as nothing
    assert (await workers.ask({"say": "turn"}))["echo"] == "turn"
    assert (await first)["echo"] == "early"


async def test_a_spare_request_that_nobody_wants_any_more_leaves_the_worker_free(workers: Workers) -> None:
    asked = workers.spare({"sleep_s": 0.2}, b"")
    assert asked is not None
    asked.cancel()
    assert (await workers.ask({"say": "turn"}))["echo"] == "turn"
    assert await _eventually(lambda: workers.resting)


async def test_no_spare_request_is_made_while_a_turn_waits(workers: Workers) -> None:
    turn = asyncio.create_task(workers.ask({"sleep_s": 0.2}))
    await asyncio.sleep(0)
    assert workers.spare({}, b"") is None
    await turn
