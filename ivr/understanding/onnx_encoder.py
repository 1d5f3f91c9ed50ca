"""A better sentence encoder, where set-up could make one: weights as data, run by onnxruntime, checked by their hash.

What a sentence means is kept on disk as well, since training asks for the same thousands of sentences each time.
"""

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ivr.sound_files import write_whole
from ivr.understanding.features import Floats
from ivr.understanding.onnx_text import MODEL, NEEDED, TOKENIZER, OnnxText, sha256_of

NEEDED_MB = 700  # of memory: the model, and the room to load it
KEPT_FROM = 200  # sentences at once: those of a training are kept, what callers say is not
MODELS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "en": (
        "all-mpnet-base-v2",
        {
            MODEL: "c62837d9f665b9b17c5b8eb160aa0488dca8994ef9748efc25359d2fc57641c8",
            TOKENIZER: "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
        },
    )
}
"""Language → its encoder, and the SHA-256 of each file that `docker/install/encoder.py` makes or takes over."""


class EncoderRefused(Exception):
    """The encoder cannot be used here; the message is one sentence for people."""


class EncoderSpoilt(EncoderRefused):
    """There is one, and it is not what set-up makes."""


class OnnxEncoder:
    """all-mpnet-base-v2 (Apache-2.0) in whole numbers of 8 bits: 13 ms and 230 MB for one thread."""

    size = 768

    def __init__(self, folder: Path, digest: str, kept: Path | None = None) -> None:
        """`kept`: folder in which vectors of examples are kept. Raises: EncoderRefused, by `check`."""
        self.digest = digest
        self._meaning = OnnxText(folder, "meaning")
        self._kept = kept / f"vectors-{digest[:32]}.npz" if kept else None

    def encode(self, sentences: Sequence[str]) -> Floats:
        """(n, 768) of unit length. One at a time: what is rounded together would come out otherwise."""
        if len(sentences) < KEPT_FROM or self._kept is None:
            return np.stack([self._one(sentence) for sentence in sentences])
        known = _read(self._kept)
        missing = {sentence for sentence in sentences if _key(sentence) not in known}
        if missing:
            known |= {_key(sentence): self._one(sentence).astype(np.float16) for sentence in missing}
            _write(self._kept, known)
        return np.stack([known[_key(sentence)] for sentence in sentences]).astype(np.float32)

    def _one(self, sentence: str) -> Floats:
        return self._meaning(sentence)


def check(folder: Path, digests: Mapping[str, str], free_mb: Callable[[], int]) -> None:
    """`digests`: SHA-256 of each of its files. Raises: EncoderRefused."""
    name = folder.name
    if not all((folder / file).is_file() for file in digests):
        raise EncoderRefused(f"{name} is not installed")
    if free_mb() < NEEDED_MB:
        raise EncoderRefused(f"{name} is left out: it needs {NEEDED_MB} MB of memory, and {free_mb()} MB are free")
    for each, digest in digests.items():
        if sha256_of(folder / each) != digest:
            says = f"{name} in {folder} is not what set-up makes ({each}: its SHA-256 differs) and is not used"
            raise EncoderSpoilt(says)


def free_memory_mb() -> int:
    """What a process may still take; plenty, where the kernel does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) // 1024
    except (OSError, StopIteration, ValueError):
        return NEEDED_MB


def installed(
    folder: Path, language: str, kept: Path | None = None, free_mb: Callable[[], int] = free_memory_mb
) -> OnnxEncoder:
    """The better encoder of a language, below `folder`. Raises: EncoderRefused."""
    if language not in MODELS:
        raise EncoderRefused(f"there is no better encoder for “{language}”")
    if absent := [each for each in NEEDED if find_spec(each) is None]:
        raise EncoderRefused(f"{absent[0]} is not installed, by which the better encoder runs")
    name, digests = MODELS[language]
    check(folder / name, digests, free_mb)
    return OnnxEncoder(folder / name, digests[MODEL], kept)


def _key(sentence: str) -> str:
    return hashlib.sha256(sentence.encode()).hexdigest()[:24]


def _read(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return dict(zip(json.loads(kept["keys"].tobytes()), kept["vectors"], strict=True))
    except (OSError, ValueError, KeyError, BadZipFile):
        return {}


def _write(path: Path, known: Mapping[str, Any]) -> None:
    content = io.BytesIO()
    keys = np.frombuffer(json.dumps(list(known)).encode(), np.uint8)
    np.savez(content, keys=keys, vectors=np.stack(list(known.values())))
    try:
        write_whole(path, content.getvalue())
    except OSError:
        return  # no room for it: worked out anew at the next training
