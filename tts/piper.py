"""Piper, run as a separate program that stays up: one line of text in, one WAV file out.

Piper is GPL-3; its command line is the whole interface. With `--output-dir` it reports on standard error
each file that it has finished (https://github.com/OHF-Voice/piper1-gpl/blob/main/docs/CLI.md).
"""

import asyncio
import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

from ivr.pcm import Samples
from ivr.ports import VoiceDown
from tts.audio import read_wav
from tts.espeak import environment

FINISHED = re.compile(rb"Wrote (?P<path>/.+\.wav)\s*$")
FIRST_WORD = "one"  # the first sentence is slow; it is spoken to nobody
GENTLY = ("nice", "-n", "10")  # callers' sound comes first: rendering takes what it leaves
START_LIMIT_S = 120.0
SETTLED_S = 10.0  # a process that lived so long is replaced as soon as it dies, before anyone asks
# What a dead or garbled process raises; RuntimeError is uvloop's word for a closed pipe.
BROKEN = (OSError, ValueError, EOFError, TimeoutError, RuntimeError)
ANSWER_LIMIT_S = 30.0  # a process that takes longer for a sentence hangs; callers wait less, their limit is the voice's


class Piper:
    """One Piper process; started when first needed, and again after it died or was cut off."""

    def __init__(
        self, program: Path, model: Path, answer_limit_s: float = ANSWER_LIMIT_S, settled_s: float = SETTLED_S
    ) -> None:  # fmt: skip
        self.name = f"piper:{_version(program)}:{model.stem}:{model.stat().st_size}"
        self._command = (*GENTLY, str(program), "--model", str(model), "--sentence-silence", "0.25")
        self._process: asyncio.subprocess.Process | None = None
        self._sentence: asyncio.Task[tuple[Samples, int]] | None = None  # the one being rendered
        self._turn = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None
        self._answer_limit_s = answer_limit_s
        self._settled_s = settled_s

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def render(self, text: str, language: str) -> tuple[Samples, int]:
        """Samples and their rate; sentences take turns.

        Raises: VoiceDown. A caller who gives up leaves the process at its sentence, since ending it for being slow
        would make it slower; only one that hangs is ended.
        """
        await self._turn.acquire()
        self._sentence = asyncio.create_task(self._rendered(text))
        self._sentence.add_done_callback(self._spoken)
        return await asyncio.shield(self._sentence)

    async def close(self) -> None:
        if self._sentence is not None and not self._sentence.done():
            self._sentence.cancel()
            await asyncio.wait([self._sentence])
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        await self._end()

    def _spoken(self, sentence: asyncio.Task[tuple[Samples, int]]) -> None:
        self._turn.release()
        if not sentence.cancelled():
            sentence.exception()  # seen, also where nobody waits for it any more

    async def _rendered(self, text: str) -> tuple[Samples, int]:
        await self._ready()
        try:
            async with asyncio.timeout(self._answer_limit_s):
                return await self._exchange(text)
        except BROKEN as error:
            await self._end()
            raise VoiceDown(f"{self.name}: {error!r}") from error

    async def _ready(self) -> None:
        """A process that answers. Raises: VoiceDown."""
        if self._process is not None and self._process.returncode is None:
            return
        await self._end()
        try:
            await self._start()
        except BROKEN as error:
            await self._end()
            raise VoiceDown(f"{self.name} does not start: {error!r}") from error
        except asyncio.CancelledError:
            await self._end()
            raise

    async def _replace(self, process: asyncio.subprocess.Process) -> None:
        """Start another when this one dies by itself; what dies young waits for the next sentence instead."""
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        await process.wait()
        async with self._turn:
            if self._process is process and loop.time() - started_s >= self._settled_s:
                with contextlib.suppress(VoiceDown):
                    await self._ready()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, "--output-dir", tempfile.gettempdir(),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=environment(PYTHONUTF8="1"),
        )  # fmt: skip
        async with asyncio.timeout(START_LIMIT_S):
            await self._exchange(FIRST_WORD)
        if self._watch is not None and self._watch is not asyncio.current_task():
            self._watch.cancel()
        self._watch = asyncio.create_task(self._replace(self._process), name=f"watch of {self.name}")

    async def _exchange(self, text: str) -> tuple[Samples, int]:
        process = self._process
        if process is None or process.stdin is None or process.stderr is None:
            raise EOFError("not running")
        process.stdin.write(text.encode() + b"\n")
        await process.stdin.drain()
        while line := await process.stderr.readline():
            if finished := FINISHED.search(line):
                return _taken(Path(os.fsdecode(finished["path"])))
        raise EOFError("the program ended")


def _taken(path: Path) -> tuple[Samples, int]:
    """What a WAV file holds; the file is removed."""
    try:
        return read_wav(path)
    finally:
        path.unlink(missing_ok=True)


def _version(program: Path) -> str:
    found = next(program.parent.parent.glob("lib/python3*/site-packages/piper_tts-*.dist-info"), None)
    return found.name.removesuffix(".dist-info").partition("-")[2] if found else "unknown"
