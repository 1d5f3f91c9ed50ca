"""The spoken set as telephone audio: each sentence by each speaker, rendered once, kept by content."""

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from ivr.sound_files import write_whole
from tests.spoken.speakers import SPEAKERS, seed_of
from tests.spoken.telephone import over_the_line

SENTENCES = Path(__file__).with_name("sentences.jsonl")
RENDERING = 2  # counted up when a speaker or the line changes


@dataclass(frozen=True)
class Sentence:
    id: str
    text: str
    topic: str  # a topic id, person, status, emergency or oos
    place: str | None = None
    near_miss: bool = False  # sounds like an emergency and is none


def sentences(path: Path = SENTENCES) -> list[Sentence]:
    return [Sentence(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def rendered(spoken: Sequence[Sentence], speaker: str, cache: Path | None = None) -> Iterator[tuple[Sentence, bytes]]:
    """Each sentence with its telephone audio: 8 kHz 16-bit PCM."""
    folder = cache or Settings().data_dir / "spoken"
    paths = {sentence.text: _path(folder, speaker, sentence.text) for sentence in spoken}
    _render([text for text, path in paths.items() if not path.is_file()], speaker, folder)
    yield from ((sentence, paths[sentence.text].read_bytes()) for sentence in spoken)


def _render(texts: Sequence[str], speaker: str, folder: Path) -> None:
    if texts:
        for text, (samples, rate) in zip(texts, SPEAKERS[speaker](texts), strict=True):
            write_whole(_path(folder, speaker, text), over_the_line(samples, rate, seed_of(text)))


def _path(folder: Path, speaker: str, text: str) -> Path:
    content = json.dumps([RENDERING, speaker, text])
    return folder / speaker / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.pcm"


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speaker", choices=SPEAKERS, action="append")
    for speaker in parser.parse_args(list(arguments) if arguments is not None else None).speaker or SPEAKERS:
        seconds = sum(len(pcm) / 16_000 for _, pcm in rendered(sentences(), speaker))
        print(f"{speaker}: {seconds / 60:.1f} min")


if __name__ == "__main__":
    main()
