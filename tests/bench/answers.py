"""How long a caller waits for the line's answer: from the end of what was said to the next prompt.

`python -m tests.bench.answers [SENTENCES]` calls a whole line, says a sentence in answer to its greeting, and
prints one JSON object; the floor is the silence by which the line knows that the caller has finished.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ivr.ports import ListenSpec
from telephony.recordings import RATE_HZ, SILENT
from tests.e2e.line import RunningLine
from tests.spoken.render import rendered, sentences

SPEAKER = "joe"
GREETING_PAUSE_S = 0.8  # quiet for so long: the greeting is over
ANSWER_LIMIT_S = 15.0


def without_tail(pcm: bytes) -> bytes:
    """Up to the last frame that is louder than the line's hiss."""
    frames = np.frombuffer(pcm, "<i2")[: len(pcm) // 320 * 160].reshape(-1, 160)
    loud = np.flatnonzero(np.abs(frames.astype(np.float64)).mean(axis=1) > 3 * SILENT)
    return frames[: loud[-1] + 1].tobytes()


def write(pcm: bytes, path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm)
    return path


async def answered_after_ms(line: RunningLine, said: Path) -> int:
    """One call: milliseconds from the end of the sentence to the first sound of the answer."""
    async with line.caller("0687000001") as phone:
        phone.call("100")
        await phone.wait("sound", 30)
        await phone.quiet(GREETING_PAUSE_S, 30)
        phone.play(said)
        ended = await phone.wait("played", 30)
        answer = await phone.wait("sound", ANSWER_LIMIT_S, after=phone.events.index(ended))
        phone.hang_up()
        await phone.wait("ended", 10)
    return answer.at_ms - ended.at_ms


async def measure(count: int) -> dict[str, object]:
    chosen = [sentence for sentence in sentences() if sentence.topic == "plumbing"][:count]
    with tempfile.TemporaryDirectory(prefix="onenumber-answers-") as name:
        folder = Path(name)
        wavs = [write(without_tail(pcm), folder / f"{n}.wav") for n, (_, pcm) in enumerate(rendered(chosen, SPEAKER))]
        async with RunningLine(folder) as line:
            await answered_after_ms(line, wavs[0])  # what is loaded once is not a caller's wait
            waits = [await answered_after_ms(line, wav) for wav in wavs]
    return figures(waits, ListenSpec().silence_ms)


def figures(waits_ms: Sequence[int], silence_ms: int) -> dict[str, object]:
    median = statistics.median(waits_ms)
    return {
        "configured_silence_ms": silence_ms,
        "answer_ms": {"median": median, "least": min(waits_ms), "most": max(waits_ms)},
        "answer_over_silence": round(median / silence_ms, 2),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)), indent=2))
