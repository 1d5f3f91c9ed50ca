"""The spoken set from sound to meaning: what the line's own ears and understanding make of each speaker.

`python -m tests.spoken.measure --json` hears every sentence by the natural speakers and the one held out, writes what
was heard to `heard/` and the figures to `results/`, and prints them. `--kept` understands again what was heard last
time. Exits 1 when a target is missed by a natural speaker or the one held out.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from config.documents import load_edition
from config.settings import Settings
from ivr.ports import Understander
from stt import choose
from tests.learned import learned
from tests.spoken import hearing
from tests.spoken.render import Sentence, rendered, sentences
from tests.spoken.scoring import Heard, Score, outcome, score
from tests.spoken.speakers import HELD_OUT, NATURAL, SPEAKERS

RESULTS = Path(__file__).with_name("results")
LANGUAGE = "en"
START_S = 120.0


def understander(settings: Settings) -> Understander:
    return learned(load_edition(settings.line.config_dir))


async def listen(settings: Settings, spoken: Sequence[Sentence], speaker: str, folder: Path = hearing.FOLDER) -> None:
    """Hear sentences with the line's recogniser and keep what it writes."""
    ears = choose.build(settings.speech, LANGUAGE)
    if ears is None or not await ears.start(START_S):
        raise SystemExit("no recogniser is installed")
    try:
        async for sentence, final in hearing.hear(ears, rendered(spoken, speaker)):
            hearing.keep(speaker, sentence, final, folder)
    finally:
        await ears.close()


def understood(mind: Understander, spoken: Sequence[Sentence], heard: Mapping[str, Heard]) -> Score:
    found = [(sentence, heard[sentence.id]) for sentence in spoken if sentence.id in heard]
    return score([outcome(s, words, mind.understand(words.text, LANGUAGE, words.confidence)) for s, words in found])


def measure(speakers: Sequence[str], again: bool) -> dict[str, Any]:
    """Figures of each speaker, as written to `results/`."""
    settings, spoken = Settings(), sentences()
    mind = understander(settings)
    figures: dict[str, Any] = {"sentences": len(spoken), "speakers": {}}
    for speaker in speakers:
        if again:
            hearing.forget(speaker)
        if missing := [sentence for sentence in spoken if sentence.id not in hearing.kept(speaker)]:
            asyncio.run(listen(settings, missing, speaker))
        result = understood(mind, spoken, hearing.kept(speaker))
        figures["speakers"][speaker] = {"reached": result.reached(), **asdict(result)}
        print(summary(speaker, result), file=sys.stderr)
    return figures


def summary(speaker: str, result: Score) -> str:
    return (
        f"{speaker:7} topic {result.topic_accuracy:.1%}  place {result.place_accuracy:.1%}  "
        f"emergencies missed {result.emergencies_missed} of 40, "
        f"asked about {result.emergencies_asked}, false {result.false_emergencies} of 40 near misses"
        f" (+{result.false_emergencies_elsewhere} elsewhere)  out of scope not forced {result.not_forced:.1%}"
    )


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the figures alone go to stdout
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--kept", action="store_true", help="do not listen again where something was heard before")
    parser.add_argument("--speaker", choices=SPEAKERS, action="append", help="default: the natural and held-out ones")
    options = parser.parse_args()
    figures = measure(options.speaker or [*NATURAL, *HELD_OUT], again=not options.kept)
    RESULTS.mkdir(exist_ok=True)
    for speaker, result in figures["speakers"].items():
        text = json.dumps(result, indent=1, ensure_ascii=False)
        (RESULTS / f"{speaker}.json").write_text(text + "\n", encoding="utf-8")
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))
    judged = [
        figures["speakers"][speaker]["reached"] for speaker in (*NATURAL, *HELD_OUT) if speaker in figures["speakers"]
    ]
    sys.exit(0 if all(all(reached.values()) for reached in judged) else 1)


if __name__ == "__main__":
    main()
