"""Which voices are installed: Piper where there is one for a language, espeak-ng for every language."""

import re
import shutil
from pathlib import Path
from typing import Protocol

from config.settings import VoiceSettings
from ivr.pcm import Samples
from tts.espeak import Espeak
from tts.piper import Piper

MODEL_NAME = re.compile(r"(?P<language>[a-z]{2})_[A-Z]{2}-.+\.onnx")


class SynthesisEngine(Protocol):
    """One program that turns a sentence into sound, one sentence at a time."""

    name: str  # with its version: part of what names a cached rendering

    async def render(self, text: str, language: str) -> tuple[Samples, int]:
        """Samples and their rate.

        Raises: VoiceDown. A cancelled rendering leaves the engine usable.
        """

    async def close(self) -> None: ...


def piper_models(settings: VoiceSettings) -> dict[str, Path]:
    """Language → model file; a voice that an admin put into `models` wins over a packaged one."""
    packaged = sorted(settings.home.glob("lib/python3*/site-packages/*/data/*.onnx"))
    placed = sorted(settings.models.glob("*.onnx"))
    usable = [path for path in (*packaged, *placed) if path.with_name(f"{path.name}.json").is_file()]
    return {match["language"]: path for path in usable if (match := MODEL_NAME.fullmatch(path.name))}


def engines(settings: VoiceSettings, language: str) -> tuple[SynthesisEngine, ...]:
    """What can speak a language, best first; each call makes engines of its own."""
    program = settings.home / "bin/piper"
    model = piper_models(settings).get(language)
    natural = [Piper(program, model)] if model and program.is_file() else []
    return (*natural, *([Espeak()] if shutil.which(Espeak.program) else []))
