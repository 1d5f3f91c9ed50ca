"""From the caller's last word to the ringing of a free person's phone, and to that of the urgent group.

`python -m tests.bench.ringing [TIMES]` prints one JSON object: a whole line of its own, spoken calls, milliseconds on
one clock. The floor is what a line that only listens for the end of speech would need: its silence rule.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ivr.ports import ListenSpec
from telephony.softphone import SoftPhone
from testcall.desk_client import AgentAtDesk, Desk
from tests.e2e.line import RunningLine, until
from tests.e2e.scene import Scene
from tests.spoken import scenes

TIMES = 20
REPORTS = (
    "The drain on ward four is blocked and water is coming up.",
    "The printer on ward five does not print any more.",
    "It is far too cold in the operating theatre two.",
    "Our computer on ward seven will not start this morning.",
)
EMERGENCY = "There is a fire in the linen room on ward four."
VOICES = ("heart", "briton")
QUIET = 300  # of 16 bit: what is softer at the end of a recording is no word


def last_word_ms(pcm: np.ndarray[Any, np.dtype[np.int16]]) -> float:
    """Where speech ends in audio of 8 kHz."""
    return float(np.flatnonzero(np.abs(pcm) > QUIET)[-1] / 8)


def figures(took_ms: Sequence[float]) -> dict[str, Any]:
    """Median, 95th percentile and most, in milliseconds."""
    ordered = sorted(took_ms)
    return {
        "calls": len(ordered),
        "median": round(statistics.median(ordered)),
        "p95": round(ordered[max(0, round(0.95 * len(ordered)) - 1)]),
        "most": round(ordered[-1]),
    }


async def spoken(scene: Scene, name: str, sentence: str, voice: str) -> tuple[SoftPhone, float]:
    """A caller who lets the greeting end and says it; when their last word ended, on the phones' clock."""
    (speech,) = scenes.said(voice, sentence)
    phone = await scene.caller(name, "204")
    await phone.wait("sound", 20)
    await phone.quiet(0.6, 30)
    mark = phone.mark
    wav = scenes.write(scene.folder / f"{name}-said.wav", speech)
    phone.play(wav)
    played = await phone.wait("played", 60, after=mark)
    tail_ms = len(speech) / 8 - last_word_ms(np.asarray(speech).astype(np.int16))
    return phone, played.at_ms - tail_ms


async def report(scene: Scene, line: RunningLine, number: int) -> tuple[float, float]:
    """Of one ordinary call: last word to pop, last word to INVITE."""
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(line.phone("agent1"))
        agent.answer_after(800)
        desk = await stack.enter_async_context(Desk(line.desk, "anna", line.password("anna")))
        page = await stack.enter_async_context(AgentAtDesk(desk))
        phone, ended_ms = await spoken(
            scene, f"r{number}", REPORTS[number % len(REPORTS)], VOICES[number % len(VOICES)]
        )
        invite = await agent.wait("invite", 60)
        phone.tone(440)
        await agent.wait("sound", 30)
        phone.hang_up()
        await agent.wait("ended", 30)
        await until("after-call work", partial(_wraps_up, desk))
        return (page.seen_at_ms or 0) - ended_ms, invite.at_ms - ended_ms


async def _wraps_up(desk: Desk) -> bool:
    return bool((await desk.me())["state"] == "after_call_work")


async def emergency(scene: Scene, line: RunningLine, number: int) -> float:
    """Of one emergency: last word to the first INVITE."""
    async with line.phone("urgent1") as urgent:
        phone, ended_ms = await spoken(scene, f"e{number}", EMERGENCY, VOICES[number % len(VOICES)])
        invite = await urgent.wait("invite", 60)
        phone.hang_up()
        await phone.wait("ended", 30)
        return invite.at_ms - ended_ms


async def measure(times: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        async with RunningLine(Path(folder)) as line, AsyncExitStack() as stack:
            scene = Scene(line, Path(folder), stack)
            await scene.open()
            ordinary = [await report(scene, line, number) for number in range(times)]
            urgent = [await emergency(scene, line, number) for number in range(max(1, times // 2))]
    return {
        "silence_rule_ms": ListenSpec().silence_ms,
        "last_word_to_pop_ms": figures([pop for pop, _ in ordinary]),
        "last_word_to_invite_ms": figures([invite for _, invite in ordinary]),
        "emergency_last_word_to_invite_ms": figures(urgent),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if sys.argv[1:] else TIMES)), indent=2))
