"""Piper as a program, played by a script that keeps its manners: a line in, a file out, its name on standard error."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.ports import VoiceDown
from tts.piper import Piper

SCRIPT = f"""#!{sys.executable}
import os, sys, time, wave
print("noise before", file=sys.stderr)
for count, line in enumerate(sys.stdin):
    if "die" in line:
        os._exit(1)
    if "hang" in line:
        time.sleep(3600)
    if "slow" in line:
        time.sleep(0.3)
    if "given up" in line:
        time.sleep(1)
    path = os.path.join(sys.argv[sys.argv.index("--output-dir") + 1], f"{{os.getpid()}}-{{count}}.wav")
    with wave.open(path, "wb") as file:
        file.setnchannels(1); file.setsampwidth(2); file.setframerate(22050)
        file.writeframes(b"\\0\\1" * len(line.strip()))
    print("INFO:__main__:Wrote", path, file=sys.stderr, flush=True)
"""


@pytest.fixture
def script(tmp_path: Path) -> tuple[Path, Path]:
    """A program and a model."""
    program, model = tmp_path / "bin/piper", tmp_path / "en_GB-script.onnx"
    program.parent.mkdir()
    program.write_text(SCRIPT)
    program.chmod(0o755)
    model.write_bytes(b"model")
    return program, model


@pytest.fixture
async def program(script: tuple[Path, Path]) -> AsyncIterator[Piper]:
    running = Piper(*script)
    yield running
    await running.close()


async def length(program: Piper, text: str) -> int:
    samples, rate = await program.render(text, "en")
    assert rate == 22_050
    return samples.size


async def test_each_sentence_gets_its_own_sound_from_one_process(program: Piper) -> None:
    assert await length(program, "four") == 4
    first = program.pid
    assert await length(program, "seventeen") == 9
    assert program.pid == first


async def test_sentences_asked_for_together_are_not_mixed_up(program: Piper) -> None:
    words = ["slow", "a", "seventeen", "two"]
    assert await asyncio.gather(*(length(program, word) for word in words)) == [len(word) for word in words]


async def test_a_killed_process_is_replaced(program: Piper) -> None:
    await length(program, "four")
    assert program.pid is not None
    os.kill(program.pid, signal.SIGKILL)
    with contextlib.suppress(VoiceDown):  # at the sentence itself, where its death is not known yet
        await length(program, "four")
    assert await length(program, "four") == 4


async def test_a_process_killed_while_idle_costs_no_sentence(program: Piper) -> None:
    await length(program, "four")
    killed = program.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    while Path(f"/proc/{killed}").exists():  # noqa: ASYNC110 - once reaped, its pipes are known to be closed
        await asyncio.sleep(0.01)
    assert await length(program, "four") == 4
    assert program.pid != killed


async def test_a_process_killed_after_a_while_is_replaced_before_anyone_asks(script: tuple[Path, Path]) -> None:
    program = Piper(*script, settled_s=0.0)
    try:
        await length(program, "four")
        killed = program.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        while program.pid in (killed, None):  # noqa: ASYNC110 - what is waited for is a process
            await asyncio.sleep(0.01)
    finally:
        await program.close()


async def test_a_process_that_dies_of_a_sentence_is_replaced(program: Piper) -> None:
    with pytest.raises(VoiceDown):
        await length(program, "die")
    assert await length(program, "four") == 4


async def test_giving_up_on_a_slow_sentence_keeps_the_process_and_the_order(program: Piper) -> None:
    await length(program, "four")
    first = program.pid
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(length(program, "given up"), 0.05)
    assert await length(program, "two") == 3
    assert program.pid == first


async def test_a_hung_process_is_ended(script: tuple[Path, Path]) -> None:
    program = Piper(*script, answer_limit_s=0.1)
    with pytest.raises(VoiceDown):
        await length(program, "hang")
    assert program.pid is None


async def test_a_program_that_is_not_there_is_voice_down(tmp_path: Path) -> None:
    model = tmp_path / "en_GB-script.onnx"
    model.write_bytes(b"model")
    with pytest.raises(VoiceDown):
        await Piper(tmp_path / "bin/piper", model).render("four", "en")


async def test_finished_files_are_not_left_behind(program: Piper, tmp_path: Path) -> None:
    await length(program, "four")
    assert program.pid is not None
    left = list(Path(os.environ.get("TMPDIR", "/tmp")).glob(f"{program.pid}-*.wav"))
    assert left == []
