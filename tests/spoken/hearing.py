"""The spoken set through the line's own ears; what was heard is kept beside the set, to be understood again at will."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from functools import cache
from pathlib import Path

from config.documents import load_edition
from config.settings import PROJECT
from ivr.flow import Flow
from ivr.ports import FRAME_BYTES, Final, ListenSpec, RecognitionDown, Recognizer
from ivr.script import Script
from tests.spoken.render import Sentence
from tests.spoken.scoring import Heard

FOLDER = Path(__file__).with_name("heard")  # per speaker: lines of {"id", "heard", "confidence", "engine"}


async def hear(
    recognizer: Recognizer, calls: Iterable[tuple[Sentence, bytes]]
) -> AsyncIterator[tuple[Sentence, Final]]:
    """The first utterance with words of each sentence: what ends the caller's turn."""
    for sentence, pcm in calls:
        yield sentence, await _patiently(recognizer, pcm)


async def _patiently(recognizer: Recognizer, pcm: bytes) -> Final:
    """Hear it again when the recogniser is late: here it is words that count, not time.

    Raises: RecognitionDown.
    """
    for pause_s in (1, 5, 15, 30, 60, 60, 60, 60):
        try:
            return await _heard(recognizer, pcm)
        except RecognitionDown:
            await asyncio.sleep(pause_s)
    return await _heard(recognizer, pcm)


async def _heard(recognizer: Recognizer, pcm: bytes) -> Final:
    spec = ListenSpec(names=_names())
    finals = [event async for event in recognizer.listen(_frames(pcm), spec) if isinstance(event, Final)]
    return next((final for final in finals if final.text), Final("", 0.0, engine=recognizer.name))


@cache
def _names() -> tuple[str, ...]:
    """What a call of the demo hospital leans towards."""
    edition = load_edition(PROJECT / "config")
    return Script(Flow.model_validate(edition.flows["main"]), edition).names("en")


async def _frames(pcm: bytes) -> AsyncIterator[bytes]:
    """Frames of 20 ms, faster than real time, ended by a while of silence."""
    for start in range(0, len(pcm), FRAME_BYTES):
        await asyncio.sleep(0)
        yield pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")


def keep(speaker: str, sentence: Sentence, final: Final, folder: Path = FOLDER) -> None:
    """Write down what was heard; later lines win."""
    row = {"id": sentence.id, "heard": final.text, "confidence": round(final.confidence, 3), "engine": final.engine}
    folder.mkdir(exist_ok=True)
    with (folder / f"{speaker}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def forget(speaker: str) -> None:
    (FOLDER / f"{speaker}.jsonl").unlink(missing_ok=True)


def kept(speaker: str, folder: Path = FOLDER) -> dict[str, Heard]:
    """What was heard last time, by sentence id; empty when nobody listened yet."""
    path = folder / f"{speaker}.jsonl"
    if not path.is_file():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: Heard(row["heard"], row["confidence"]) for row in rows}
