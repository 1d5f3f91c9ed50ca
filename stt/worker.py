"""The program of a recognition worker: one engine, one request at a time, until its input ends.

Run as `python -m stt.worker ENGINE MODEL THREADS`. It owns no secrets and opens no socket;
when the controller goes away its input ends, and so does it.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any, Protocol

from stt.wire import pack, receive


class RecognitionEngine(Protocol):
    def answer(self, head: dict[str, Any], pcm: bytes) -> dict[str, Any]:
        """Exactly one answer to each request."""
        ...


def load(engine: str, model: Path, threads: int) -> RecognitionEngine:
    """Load the model and decode something, so that the first caller does not wait for it."""
    if engine == "whisper":
        from stt.whisper_engine import WhisperEngine

        return WhisperEngine(model, threads)
    if engine == "vosk":
        from stt.vosk_engine import VoskEngine

        return VoskEngine(model)
    raise ValueError(engine)


def main(engine: str, model: str, threads: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the controller's to handle
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not reach the wire
    loaded = load(engine, Path(model), int(threads))
    answers.write(pack({"ready": True}))
    answers.flush()
    while (message := receive(requests)) is not None:
        answers.write(pack(loaded.answer(*message)))
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
