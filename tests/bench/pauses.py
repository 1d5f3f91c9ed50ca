"""Where a turn ends: callers who pause to think, by silence alone and by what they have said so far.

`python -m tests.bench.pauses [VOICE…]` prints one JSON object. Each request is said in two parts with a pause of 0.3 to
1.5 s inside it, at telephone quality, four callers at a time in real time, through the line's own ears. `cut_off` is
the share of pauses taken for the end; of these, `amiss` are such that the first part alone means something else than
the whole. `dead_air_ms` runs from the last word to the words being read and understood, of those not cut off.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any, cast

import numpy as np

from config.documents import load_edition
from config.settings import PROJECT, Settings
from ivr.flow import Flow
from ivr.patience import patience_ms
from ivr.ports import FRAME_BYTES, Final, ListenSpec, Recognizer, Understander
from ivr.script import Script
from ivr.understanding.apart import UnderstandingThread
from runtime.encoders import senses
from stt import choose
from tests import learned
from tests.spoken import scenes

VOICES = ("heart", "joe")
PAUSES_S = (0.3, 0.5, 0.7, 0.9, 1.2, 1.5)
AT_ONCE = 4
RATE = 8_000
FIXED_MS = (300, 600, 700)  # silences of rules that know nothing of words
REQUESTS = (
    ("The sink in the", "treatment room on ward five is leaking."),
    ("I need somebody to look at the", "printer on ward four."),
    ("Good morning, I am calling because", "our heating does not work on ward seven."),
    ("The bed on ward four,", "it will not go down any more."),
    ("My password", "does not work any more."),
    ("Can you tell me when I can visit", "my mother on ward five?"),
    ("I would like to", "cancel my appointment on Thursday."),
    ("We are out of", "gloves and aprons on ward four."),
    ("There is a patient who has to go to", "X-ray from ward seven."),
    ("The computer at the desk on ward five", "will not start."),
    ("I have a question about", "a bill that you sent me."),
    ("The lift by the main entrance", "is stuck on the second floor."),
    ("Could I speak to", "a real person please?"),
    ("Somebody has spilled", "coffee all over the corridor on ward four."),
    ("The light above bed three, it", "keeps flickering on ward seven."),
    ("I want to complain about", "how we were treated yesterday."),
    ("Where can I", "park my car when I come to see you?"),
    ("The drain on ward four is blocked", "and water is coming up."),
    ("The infusion pump on ward five", "gives an error all the time."),
    ("Er, we have no", "lunch for two patients on ward seven."),
    ("My phone on the desk", "has no dial tone on ward four."),
    ("Hello, this is Maria from", "ward five, the toilet is blocked."),
    ("I have to move my appointment to", "another day next week."),
    ("The oxygen outlet next to bed two", "is hissing on ward seven."),
)


@dataclass(frozen=True)
class Recording:
    """A request of two parts; times in ms from its beginning."""

    first: str
    whole: str
    pcm: bytes
    second_ms: float
    end_ms: float


@dataclass(frozen=True)
class Turn:
    """How one recording was heard."""

    recording: Recording
    ended_ms: float  # when the words were there, by the caller's clock
    spoken_ms: float  # where the speech that was heard ends in the recording
    text: str

    @property
    def cut_off(self) -> bool:
        return self.spoken_ms < self.recording.second_ms


def recordings(voice: str) -> Iterator[Recording]:
    texts = [part for request in REQUESTS for part in request]
    sounds = iter(scenes.said(voice, *texts))
    for (first, second), pause_s in zip(REQUESTS, cycle(PAUSES_S), strict=False):
        begun, rest = next(sounds), next(sounds)
        silence = scenes.hiss(pause_s)
        second_ms = (len(begun) + len(silence)) / RATE * 1_000
        whole = np.concatenate([scenes.hiss(0.4), begun, silence, rest])
        pcm = whole.astype("<i2").tobytes()
        yield Recording(first, f"{first} {second}", pcm, 400 + second_ms, 400 + second_ms + len(rest) / RATE * 1_000)


async def in_real_time(recording: Recording, began_s: float) -> AsyncIterator[bytes]:
    """Frames when they are due, then the hiss of a line that is silent."""
    after = scenes.hiss(8.0).astype("<i2").tobytes()
    sound = recording.pcm + after
    for at in range(0, len(sound) - FRAME_BYTES, FRAME_BYTES):
        due_s = began_s + at / FRAME_BYTES * 0.02
        if (wait_s := due_s - time.monotonic()) > 0:
            await asyncio.sleep(wait_s)
        yield sound[at : at + FRAME_BYTES]


async def heard(ears: Recognizer, recording: Recording, spec: ListenSpec, meaning: Callable[[str], object]) -> Turn:
    began_s = time.monotonic()
    events = ears.listen(in_real_time(recording, began_s), spec)
    async with aclosing(cast("Any", events)):
        async for event in events:
            if isinstance(event, Final) and event.text:
                meaning(event.text)
                return Turn(recording, (time.monotonic() - began_s) * 1_000, event.at_ms, event.text)
    return Turn(recording, (time.monotonic() - began_s) * 1_000, recording.end_ms, "")


async def all_heard(
    ears: Recognizer, calls: Sequence[Recording], spec: ListenSpec, meaning: Callable[[str], object]
) -> list[Turn]:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(recording: Recording) -> Turn:
        async with free:
            return await heard(ears, recording, spec, meaning)

    return list(await asyncio.gather(*map(one, calls)))


def figures(turns: Sequence[Turn], meaning: Callable[[str], object]) -> dict[str, Any]:
    cut = [turn for turn in turns if turn.cut_off]
    amiss = [turn for turn in cut if meaning(turn.text) != meaning(turn.recording.whole)]
    air = sorted(turn.ended_ms - turn.recording.end_ms for turn in turns if not turn.cut_off)
    return {
        "turns": len(turns),
        "cut_off": round(len(cut) / len(turns), 3),
        "amiss": round(len(amiss) / len(turns), 3),
        "dead_air_ms": {"median": round(statistics.median(air)), "p95": round(air[round(0.95 * len(air)) - 1])}
        if air
        else None,
    }


async def measure(voices: Sequence[str]) -> dict[str, Any]:
    edition = load_edition(PROJECT / "config")
    understander: Understander = learned.learned(edition, senses(Settings(data_dir=PROJECT / "var")))
    understand = UnderstandingThread(understander).understand
    script = Script(Flow.model_validate(edition.flows["main"]), edition)
    ears = choose.build(Settings().speech, "en")
    assert ears
    assert await ears.start(60)

    def meaning(text: str) -> object:
        said = understander.understand(text, "en")
        return said.intent.topic, said.place and said.place.id, said.act

    async def weighed(text: str, confidence: float) -> int:
        return patience_ms(script, "en", await understand(text, "en", confidence))

    calls = [recording for voice in voices for recording in recordings(voice)]
    spec = ListenSpec(names=script.names("en"))
    rules = {f"silence {ms} ms": replace(spec, silence_ms=ms) for ms in FIXED_MS} | {
        "by meaning": replace(spec, patience=weighed)
    }
    found = {name: figures(await all_heard(ears, calls, rule, meaning), meaning) for name, rule in rules.items()}
    await ears.close()
    return {"voices": list(voices), "callers at once": AT_ONCE, **found}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1:] or VOICES)), indent=2))
