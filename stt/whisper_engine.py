"""Whisper inside a worker process: a whole utterance in, words with confidence out.

The encoder is given the utterance and a little silence instead of Whisper's fixed 30 s, a fifth of
the work; where the result looks doubtful it reads once more with all 30 s. See docs/adr/0041.
"""

import math
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ivr.pcm import Samples, doubled, from_pcm
from stt.doubt import Decoding, better, is_doubtful, without_phantoms

WHOLE_FRAMES = 3_000  # of Whisper's spectrogram, 100 a second
LEAST_FRAMES = 1_000  # with fewer, words are repeated
TAIL_FRAMES = 300
TOKENS_PER_S = 8  # nobody speaks faster
HINT_CHARACTERS = 400
TAPS = np.arange(31) - 15
LOW_PASS = (np.sinc(TAPS / 2) * np.hamming(31)).astype(np.float32)


class WhisperEngine:
    def __init__(self, model: Path, threads: int) -> None:
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer

        self._model = WhisperModel(
            str(model), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
        multilingual = self._model.model.is_multilingual
        self._tokenizer = Tokenizer(self._model.hf_tokenizer, multilingual, "transcribe", "en")
        self.answer({}, bytes(16_000))

    def answer(self, head: dict[str, Any], pcm: bytes) -> dict[str, Any]:
        """`head`: {"phrases": […]}, hints of what may be said; "once": never read twice. 8 kHz PCM → a transcript."""
        began = time.perf_counter()
        audio = doubled(from_pcm(pcm), LOW_PASS, "same")
        hint = hint_of(head.get("phrases", ()))
        reading = self._read(audio, hint, whole=False)
        if is_doubtful(reading) and not head.get("once"):
            reading = better(reading, self._read(audio, hint, whole=True))
        kept = without_phantoms(reading)
        return {
            "text": kept.text,
            "confidence": kept.confidence,
            "words": [list(word) for word in kept.words],
            "ms": round((time.perf_counter() - began) * 1_000),
            "twice": reading.whole,
        }

    def _read(self, audio: Samples, hint: str | None, whole: bool) -> Decoding:
        mel = self._model.feature_extractor(audio)[:, : audio.size // 160]
        frames = WHOLE_FRAMES if whole else min(WHOLE_FRAMES, max(LEAST_FRAMES, mel.shape[1] + TAIL_FRAMES))
        padded = np.pad(mel[:, :frames], ((0, 0), (0, max(0, frames - mel.shape[1]))))
        encoded = self._model.encode(padded)
        prompt = self._model.get_prompt(self._tokenizer, [], without_timestamps=True, hotwords=hint)
        most = int(audio.size / 16_000 * TOKENS_PER_S) + 8
        result = self._model.model.generate(
            encoded, [prompt], beam_size=5, max_length=min(448, len(prompt) + most),
            return_scores=True, return_no_speech_prob=True,
        )[0]  # fmt: skip
        tokens = [token for token in result.sequences_ids[0] if token < self._tokenizer.eot]
        text = self._tokenizer.decode(tokens).strip()
        return Decoding(
            text=text,
            words=self._words(tokens, encoded, mel.shape[1]),
            log_probability=result.scores[0],
            no_speech=result.no_speech_prob,
            repetition=len(text.encode()) / max(1, len(zlib.compress(text.encode()))),
            duration_ms=audio.size // 16,
            whole=whole,
        )

    def _words(self, tokens: list[int], encoded: Any, frames: int) -> tuple[tuple[str, float, int, int], ...]:
        if not tokens:
            return ()
        found = self._model.find_alignment(self._tokenizer, [tokens], encoded, frames)[0]
        return tuple(
            (word["word"].strip(), _clean(word["probability"]), int(word["start"] * 1_000), int(word["end"] * 1_000))
            for word in found
            if word["word"].strip()
        )


def hint_of(phrases: Iterable[str]) -> str | None:
    """As many whole phrases as fit, ended like a sentence: a list that is cut off Whisper completes with the caller."""
    length, kept = 0, list[str]()
    for phrase in phrases:
        length += len(phrase) + 2
        if length > HINT_CHARACTERS:
            break
        kept.append(phrase)
    return ", ".join(kept) + "." if kept else None


def _clean(probability: float) -> float:
    return 0.0 if math.isnan(probability) else round(float(probability), 3)
