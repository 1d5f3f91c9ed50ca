"""A bounded, supervised pool of recognition worker processes.

A worker that dies is replaced; what it was working on fails at once. A full queue refuses at once.
A worker that exceeds its time is killed. Nobody ever waits without a limit.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from ivr.ports import FRAME_BYTES, FRAME_MS, RecognitionDown
from stt.wire import Garbled, Head, pack, receive_from

PROJECT = Path(__file__).resolve().parent.parent
# RuntimeError is uvloop's word for a closed pipe, where asyncio says nothing.
BROKEN = (asyncio.IncompleteReadError, OSError, RuntimeError, Garbled, ValueError)
NOT_STARTED = (OSError, RuntimeError)  # no descriptors, no memory, no process, no thread to watch it: it may pass
GENTLY = ("nice", "-n", "5")  # the sound of all callers comes before the words of one
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")  # no secrets

log = structlog.get_logger()


@dataclass(frozen=True)
class Limits:
    workers: int = 1
    queue: int = 8  # requests waiting for a worker
    answer_s: float = 8.0  # one request, once a worker has it
    wait_s: float = 6.0  # one request, waiting and working
    sound_s: float = 0.5  # more of either for each second of sound: long speech takes longer to read
    start_s: float = 60.0  # loading a model
    settled_s: float = 10.0  # a worker that lived longer is replaced at once
    retry_s: float = 0.5  # doubled up to …
    retry_most_s: float = 30.0

    def longer_s(self, pcm: bytes) -> float:
        """By how much a request about that sound may take longer than one about none."""
        return self.sound_s * len(pcm) / FRAME_BYTES * FRAME_MS / 1_000


class Worker:
    """One process; its requests take turns."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits) -> None:
        self.process = process
        self.outstanding = 0  # requests of turns, waiting or under way
        self.spare: asyncio.Task[dict[str, Any]] | None = None  # a request that nobody's turn waits for
        self._limits = limits
        self._turn = asyncio.Lock()

    @property
    def load(self) -> int:
        return self.outstanding + (self.spare is not None)

    @property
    def idle(self) -> bool:
        """Nothing is under way, not even what nobody wants any more."""
        return not self.load and not self._turn.locked()

    async def ask(self, head: Head, pcm: bytes) -> dict[str, Any]:
        """Raises: RecognitionDown."""
        self.outstanding += 1
        try:
            return await self._in_turn(head, pcm)
        finally:
            self.outstanding -= 1

    def ask_spare(self, head: Head, pcm: bytes) -> asyncio.Task[dict[str, Any]]:
        """A request that counts as no load of a turn's; only where the worker is idle."""
        self.spare = asyncio.create_task(self._in_turn(head, pcm))
        self.spare.add_done_callback(self._spare_done)
        return self.spare

    async def _in_turn(self, head: Head, pcm: bytes) -> dict[str, Any]:
        await self._turn.acquire()
        exchange = asyncio.create_task(self._exchange(head, pcm))
        exchange.add_done_callback(self._done)
        return await asyncio.shield(exchange)  # an answer nobody wants any more must still be read

    def _spare_done(self, asked: asyncio.Task[dict[str, Any]]) -> None:
        self.spare = None
        if not asked.cancelled():
            asked.exception()  # seen, even where the asker has left

    async def ready(self, start_s: float) -> bool:
        """Wait until the model is loaded."""
        try:
            async with asyncio.timeout(start_s):
                return bool((await self._receive()).get("ready"))
        except (TimeoutError, *BROKEN):
            self.kill()
            return False

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()

    def _done(self, exchange: asyncio.Task[dict[str, Any]]) -> None:
        self._turn.release()
        if not exchange.cancelled():
            exchange.exception()  # seen, even where the asker has left

    async def _exchange(self, head: Head, pcm: bytes) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._limits.answer_s + self._limits.longer_s(pcm)):
                assert self.process.stdin is not None
                self.process.stdin.write(pack(head, pcm))
                await self.process.stdin.drain()
                return await self._receive()
        except (TimeoutError, *BROKEN) as broken:
            self.kill()
            raise RecognitionDown("the recognition worker died or did not answer") from broken

    async def _receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return await receive_from(self.process.stdout)


class Workers:
    """`start` before use, `close` afterwards; both from the same event loop."""

    def __init__(
        self, arguments: Sequence[str], limits: Limits | None = None, *, threads: int = 1, program: str = "stt.worker"
    ) -> None:
        self._arguments = tuple(arguments)  # of the program: engine, model, threads
        self._program, self._threads = program, threads
        self._limits = limits or Limits()
        self._workers: list[Worker] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._asked_s: list[float] = []  # when each request under way was made
        self.refused = 0  # requests that were not answered in time, or not taken at all, since the start

    @property
    def longest_s(self) -> float:
        """How long the oldest request has been waiting, or worked on, by now."""
        return asyncio.get_running_loop().time() - min(self._asked_s) if self._asked_s else 0.0

    @property
    def ready(self) -> bool:
        return bool(self._workers)

    @property
    def pids(self) -> list[int]:
        return [worker.process.pid for worker in self._workers]

    @property
    def idle(self) -> bool:
        """Would a turn's request be worked on at once, or after one spare request at most?"""
        return any(not worker.outstanding for worker in self._workers)

    @property
    def resting(self) -> bool:
        """Has some worker nothing at all to do?"""
        return any(worker.idle for worker in self._workers)

    async def start(self, wait_s: float = 0.0) -> bool:
        """Start the workers; wait up to `wait_s` for the first to have loaded its model."""
        if not self._keepers:
            self._keepers = [asyncio.create_task(self._keep()) for _ in range(self._limits.workers)]
        try:
            async with asyncio.timeout(wait_s):
                while not self.ready:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.ready

    async def close(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers.clear()

    def choose(self) -> Worker:
        """The least busy worker.

        Raises: RecognitionDown.
        """
        if not self._workers:
            raise RecognitionDown("no recognition worker is alive")
        if sum(max(0, worker.outstanding - 1) for worker in self._workers) >= self._limits.queue:
            self.refused += 1
            raise RecognitionDown("the recognition queue is full")
        return min(self._workers, key=lambda worker: worker.load)

    def spare(self, head: Head, pcm: bytes) -> asyncio.Task[dict[str, Any]] | None:
        """A request worth making only where a worker has nothing else to do; None where none is idle.

        It never waits in a queue. A turn that ends meanwhile waits for the rest of this one request at most.
        """
        worker = next((worker for worker in self._workers if worker.idle), None)
        return worker.ask_spare(head, pcm) if worker else None

    async def ask(self, head: Head, pcm: bytes = b"", worker: Worker | None = None) -> dict[str, Any]:
        """One request to `worker`, or to the least busy one.

        Raises: RecognitionDown.
        """
        chosen = worker or self.choose()
        if chosen not in self._workers:
            raise RecognitionDown("the recognition worker died")
        asked_s = asyncio.get_running_loop().time()
        self._asked_s.append(asked_s)
        try:
            async with asyncio.timeout(self._limits.wait_s + self._limits.longer_s(pcm)):
                return await chosen.ask(head, pcm)
        except TimeoutError as late:
            self.refused += 1
            raise RecognitionDown("recognition took too long") from late
        finally:
            self._asked_s.remove(asked_s)

    async def _keep(self) -> None:
        """Keep one worker alive."""
        loop, pause_s = asyncio.get_running_loop(), self._limits.retry_s
        while True:
            since = loop.time()
            try:
                await self._live()
            except NOT_STARTED as error:
                log.error("recognition worker not started", engine=self._arguments[0], error=str(error))
            settled = loop.time() - since > self._limits.settled_s
            pause_s = self._limits.retry_s if settled else min(pause_s * 2, self._limits.retry_most_s)
            await asyncio.sleep(0 if settled else pause_s)

    async def _live(self) -> None:
        """One worker's life."""
        process = await self._spawn()
        worker = Worker(process, self._limits)
        try:
            if await worker.ready(self._limits.start_s):
                log.info("recognition worker ready", engine=self._arguments[0], pid=process.pid)
                self._workers.append(worker)
                self._changed.set()
            status = await process.wait()
            log.warning("recognition worker died", engine=self._arguments[0], pid=process.pid, status=status)
        finally:
            if worker in self._workers:
                self._workers.remove(worker)
            worker.kill()
            await process.wait()

    async def _spawn(self) -> asyncio.subprocess.Process:
        environment = {key: os.environ[key] for key in KEPT_ENVIRONMENT if key in os.environ}
        environment |= {"PYTHONPATH": str(PROJECT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(self._threads)}
        return await asyncio.create_subprocess_exec(
            *GENTLY, sys.executable, "-W", "ignore", "-m", self._program, *self._arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment,
        )  # fmt: skip
