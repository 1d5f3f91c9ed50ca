"""How well and how fast the ears hear the spoken set: word error rate per speaker, decoding time, waiting time.

`python -m tests.bench.ears [--speaker joe …] [--every 3] [--write]`; `--write` keeps the mean word error rate
of the natural voices in stt/measured.json, by which the engine of a language is chosen.
"""

import argparse
import asyncio
import json
import re
import statistics
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from num2words import num2words

from config.settings import SpeechSettings
from ivr.ports import FRAME_BYTES, FRAME_MS, Final, ListenSpec
from stt.choose import MEASURED, build
from stt.listening import Listener
from tests.spoken.render import Sentence, rendered, sentences
from tests.spoken.speakers import HELD_OUT, NATURAL, SPEAKERS

SPEC = ListenSpec(silence_ms=900)  # a reader's pauses are longer than a caller's


@dataclass(frozen=True)
class Hearing:
    sentence: Sentence
    text: str
    errors: int
    words: int


def words(text: str) -> list[str]:
    """Words in one spelling: figures as words, no punctuation, British and American alike."""
    plain = text.lower().replace("-", " ").replace("’", "'").replace("%", " percent")
    plain = re.sub(r"(\d)[.:](\d)", r"\1 \2", plain)
    plain = re.sub(r"\d+(st|nd|rd|th)?", lambda found: _spoken(found.group()), plain)
    return [SPELLINGS.get(word, word) for word in re.sub(r"[^a-z' ]", " ", plain).split()]


def _spoken(figure: str) -> str:
    digits = re.sub(r"\D", "", figure)
    if len(digits) > 2:  # telephone style: rooms and numbers are said digit by digit, or by twos
        return " ".join(num2words(int(digit)) for digit in digits)
    return str(num2words(int(digits), to="cardinal" if digits == figure else "ordinal")).replace("-", " ")


SPELLINGS = {"theater": "theatre", "color": "colour", "center": "centre", "program": "programme", "ok": "okay"}


def distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words inserted, deleted or replaced."""
    row = list(range(len(heard) + 1))
    for place, word in enumerate(said, 1):
        diagonal, row[0] = row[0], place
        for at, other in enumerate(heard, 1):
            diagonal, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, diagonal + (word != other))
    return row[-1]


async def frames(pcm: bytes, real_time: bool = False) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    due = clock()
    for start in range(0, len(pcm), FRAME_BYTES):
        due += FRAME_MS / 1_000
        await asyncio.sleep(max(0.0, due - clock()) if real_time else 0)
        yield pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")


async def hear(ears: Listener, sentence: Sentence, pcm: bytes) -> Hearing:
    """Everything heard of a sentence, also where a pause in it ended an utterance."""
    texts: list[str] = []
    rest = frames(pcm)
    while events := [event async for event in ears.listen(rest, SPEC)]:
        texts += [event.text for event in events if isinstance(event, Final)]
        if not isinstance(events[-1], Final):
            break
    heard = " ".join(texts)
    said = words(sentence.text)
    return Hearing(sentence, heard, distance(said, words(heard)), len(said))


async def waits(ears: Listener, calls: Iterable[tuple[Sentence, bytes]]) -> list[float]:
    """Milliseconds from the end of the configured silence to the Final, at real-time pace."""
    found = []
    for _, pcm in calls:
        began = time.monotonic()
        async for event in ears.listen(frames(pcm + bytes(16_000), real_time=True), ListenSpec()):
            if isinstance(event, Final):
                found.append((time.monotonic() - began) * 1_000 - event.at_ms - ListenSpec().silence_ms)
    return found


async def measure(speakers: Sequence[str], every: int, write: bool) -> None:
    ears = build(SpeechSettings(limit_s=60.0), "en")
    if ears is None or not await ears.start(120.0):
        raise SystemExit("no English recogniser is installed")
    rates: dict[str, float] = {}
    chosen = sentences()[::every]
    for speaker in speakers:
        hearings = [await hear(ears, sentence, pcm) for sentence, pcm in rendered(chosen, speaker)]
        rates[speaker] = sum(h.errors for h in hearings) / sum(h.words for h in hearings)
        whole = sum(not h.errors for h in hearings) / len(hearings)
        print(f"{ears.name:20} {speaker:7} word error rate {rates[speaker]:.1%}, sentences without error {whole:.0%}")
        for hearing in hearings:
            if hearing.errors:
                print(f"    {hearing.sentence.text!r} -> {hearing.text!r}")
    late = await waits(ears, list(rendered(chosen[:8], speakers[0])))
    print(f"from the end of the silence to the words: median {statistics.median(late):.0f} ms, most {max(late):.0f} ms")
    await ears.close()
    if write:
        _keep(ears.name, rates)


def _keep(engine: str, rates: dict[str, float]) -> None:
    kept = json.loads(MEASURED.read_text(encoding="utf-8"))
    natural = [rate for speaker, rate in rates.items() if speaker in NATURAL | HELD_OUT]
    kept["word_error_rate"].setdefault("en", {})[engine] = round(statistics.mean(natural), 4)
    kept.setdefault("speakers", {})[engine] = {speaker: round(rate, 4) for speaker, rate in rates.items()}
    MEASURED.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speaker", choices=SPEAKERS, action="append")
    parser.add_argument("--every", type=int, default=1, help="only every n-th sentence")
    parser.add_argument("--write", action="store_true", help="keep the figures in stt/measured.json")
    given = parser.parse_args()
    asyncio.run(measure(given.speaker or [*NATURAL, *HELD_OUT], given.every, given.write))


if __name__ == "__main__":
    main()
