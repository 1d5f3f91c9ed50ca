"""Who speaks the spoken set: two natural voices, one held out, and robots. All repeat themselves exactly."""

import re
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from config.settings import Settings
from ivr.pcm import Samples
from tts.audio import read_wav
from tts.voices import piper_models

Sound = tuple[Samples, int]
Speaker = Callable[[Sequence[str]], Iterator[Sound]]

BRITISH_SOUNDS = str.maketrans({"ɒ": "ɔ", "Q": "O", "a": "æ"})
LONG = re.compile("(.)ː")  # a long vowel, which the model says when it is written twice
DEEPER = 0.86  # pitch and formants of the held-out voice against those of the one it is made from


def joe(texts: Sequence[str]) -> Iterator[Sound]:
    """Piper's American man; without its noise he says a sentence the same way each time."""
    voices = Settings().voices
    with tempfile.TemporaryDirectory() as folder:
        command = (str(voices.home / "bin/piper"), "-m", str(piper_models(voices)["en"]), "-d", folder,
                   "--noise-scale", "0", "--noise-w-scale", "0")  # fmt: skip
        done = subprocess.run(command, input="\n".join(texts), text=True, capture_output=True, check=True)
        yield from (read_wav(Path(path)) for path in re.findall(r"Wrote (/.+\.wav)$", done.stderr, re.MULTILINE))


def heart(texts: Sequence[str]) -> Iterator[Sound]:
    """Hibari's American woman."""
    from hibari import Hibari

    speaker = Hibari()
    yield from ((speaker(text, seed=seed_of(text)), speaker.sample_rate) for text in texts)


def briton(texts: Sequence[str]) -> Iterator[Sound]:
    """Held out: British pronunciation, in sounds the American model knows; lower, and with a longer vocal tract."""
    from hibari import Hibari
    from hibari.g2p import G2P

    speaker = Hibari(g2p=G2P(british=True))
    for text in texts:
        phonemes = [LONG.sub(r"\1\1", each).translate(BRITISH_SOUNDS) for each in speaker.phonemize(text)]
        spoken = [speaker.from_phonemes(each, speed=1 / DEEPER, seed=seed_of(text)) for each in phonemes]
        yield np.concatenate(spoken), int(speaker.sample_rate * DEEPER)


def flite(voice: str) -> Speaker:
    def speak(texts: Sequence[str]) -> Iterator[Sound]:
        for text in texts:
            with tempfile.NamedTemporaryFile(suffix=".wav") as file:
                subprocess.run(("flite", "-voice", voice, "-t", text, "-o", file.name), check=True)
                yield read_wav(Path(file.name))

    return speak


def espeak(texts: Sequence[str]) -> Iterator[Sound]:
    for text in texts:
        command = ("espeak-ng", "-v", "en-gb", "-s", "150", "--stdin", "--stdout")
        yield read_wav(subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout)


NATURAL: dict[str, Speaker] = {"joe": joe, "heart": heart}
HELD_OUT: dict[str, Speaker] = {"briton": briton}
ROBOTS: dict[str, Speaker] = {"slt": flite("slt"), "rms": flite("rms"), "espeak": espeak}
SPEAKERS = NATURAL | HELD_OUT | ROBOTS


def seed_of(text: str) -> int:
    return zlib.crc32(text.encode())
