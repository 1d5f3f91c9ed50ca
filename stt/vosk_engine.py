"""Vosk inside a worker process: many streams over one model, a partial text after each piece of sound."""

import json
from pathlib import Path
from typing import Any

from ivr.ports import SAMPLE_RATE

NO_WORD = ("[", "<")  # [unk], <noise> and the like
MOST_STREAMS = 64  # listenings that were never closed are forgotten, oldest first


class VoskEngine:
    def __init__(self, model: Path) -> None:
        import vosk

        vosk.SetLogLevel(-1)
        self._vosk = vosk
        self._model = vosk.Model(str(model))
        self._streams: dict[str, Stream] = {}
        warm = {"stream": "warm-up", "phrases": []}
        self.answer({**warm, "do": "hear"}, bytes(8_000))
        self.answer({**warm, "do": "finish"}, b"")

    def answer(self, head: dict[str, Any], pcm: bytes) -> dict[str, Any]:
        """`head`: {"do": hear|finish|drop, "stream": …, "phrases": […]}; 8 kHz PCM."""
        stream = head["stream"]
        if head["do"] == "drop":
            self._streams.pop(stream, None)
            return {}
        opened = self._streams.get(stream) or self._open(stream, head["phrases"])
        if head["do"] == "hear":
            return {"partial": opened.hear(pcm)}
        self._streams.pop(stream, None)
        return opened.finish(pcm)

    def _open(self, stream: str, phrases: list[str]) -> "Stream":
        while len(self._streams) >= MOST_STREAMS:
            self._streams.pop(next(iter(self._streams)))
        grammar = [json.dumps([*phrases, "[unk]"], ensure_ascii=False)] if phrases else []
        recogniser = self._vosk.KaldiRecognizer(self._model, SAMPLE_RATE, *grammar)
        recogniser.SetWords(True)
        self._streams[stream] = Stream(recogniser)
        return self._streams[stream]


class Stream:
    """One listening. Vosk ends sentences by its own rules; ours decide, so its sentences are joined."""

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser
        self._words: list[dict[str, Any]] = []

    def hear(self, pcm: bytes) -> str:
        if self._recogniser.AcceptWaveform(pcm):
            self._words += json.loads(self._recogniser.Result()).get("result", ())
            return self._text()
        partial: str = json.loads(self._recogniser.PartialResult()).get("partial", "")
        return f"{self._text()} {partial}".strip()

    def finish(self, pcm: bytes) -> dict[str, Any]:
        self.hear(pcm)
        self._words += json.loads(self._recogniser.FinalResult()).get("result", ())
        return _transcript(self._words)

    def _text(self) -> str:
        return " ".join(word["word"] for word in self._words if not word["word"].startswith(NO_WORD))


def _transcript(found: list[dict[str, Any]]) -> dict[str, Any]:
    words = [
        [word["word"], round(word["conf"], 3), int(word["start"] * 1_000), int(word["end"] * 1_000)]
        for word in found
        if not word["word"].startswith(NO_WORD)
    ]
    mean = sum(word[1] for word in words) / len(words) if words else 0.0
    return {"text": " ".join(word[0] for word in words), "confidence": round(mean, 3), "words": words}
