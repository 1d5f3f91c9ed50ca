"""A model of sentences in an ONNX file: read by its tokenizer, run on one thread, loaded when first asked."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ivr.understanding.features import Floats

NEEDED = ("onnxruntime", "tokenizers")
LONGEST = 128  # tokens, as the models were made
MODEL, TOKENIZER = "model.onnx", "tokenizer.json"


class OnnxText:
    """Inputs `ids` and `mask`, as `docker/install/encoder.py` makes them."""

    def __init__(self, folder: Path, output: str) -> None:
        self._folder, self._output = folder, output

    def __call__(self, sentence: str) -> Floats:
        """(size,). One sentence at a time: what is rounded together would come out otherwise."""
        ids = np.array([self._tokenizer.encode(sentence or " ").ids], np.int64)
        (found,) = self._session.run([self._output], {"ids": ids, "mask": np.ones(ids.shape, np.float32)})
        return np.asarray(found[0], np.float32)

    @cached_property
    def _session(self) -> Any:
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return InferenceSession(self._folder / MODEL, options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / TOKENIZER))
        tokenizer.no_padding()
        tokenizer.enable_truncation(LONGEST)
        return tokenizer


def sha256_of(path: Path) -> str:
    """Raises: OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
