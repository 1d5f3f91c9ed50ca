"""Which engine hears a language: the best one measured on the spoken set among those installed."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from config.settings import SpeechSettings
from stt.activity import ActivityPool, deaf_network, silero
from stt.listening import Listener
from stt.store import installed_models
from stt.vosk import vosk
from stt.whisper import packaged_model, whisper
from stt.workers import Limits

MEASURED = Path(__file__).with_name("measured.json")


@dataclass(frozen=True)
class InstalledEngine:
    """An engine with its model, as installed here."""

    kind: str  # whisper, vosk
    model: Path
    name: str  # as in measured.json
    word_error_rate: float | None  # share of words, None where nobody measured

    @property
    def says(self) -> str:
        """For people: what it is and how well it hears."""
        figure = "not measured" if self.word_error_rate is None else f"{self.word_error_rate:.1%} of words wrong"
        return f"{self.name} ({figure} on the spoken set)"


def build(speech: SpeechSettings, language: str) -> Listener | None:
    """A recogniser, not yet started; None where no engine for the language is installed."""
    engine = best(speech, language)
    if engine is None:
        return None
    limits = Limits(speech.workers, speech.queue_limit, answer_s=speech.limit_s + 2.0, wait_s=speech.limit_s)
    if engine.kind == "whisper":
        return whisper(engine.model, shared_activity(), speech.threads, limits)
    return vosk(engine.model, shared_activity(), limits)


def best(speech: SpeechSettings, language: str) -> InstalledEngine | None:
    """The best measured, or the one the settings ask for (`whisper`, `vosk` or a model's name)."""
    wanted = speech.engine
    able = [each for each in installed(speech, language) if wanted in ("auto", each.kind, each.name)]
    return min(able, key=_rank, default=None)


def installed(speech: SpeechSettings, language: str) -> list[InstalledEngine]:
    """Every engine that could hear the language here."""
    found: list[tuple[str, Path, str]] = []
    packaged = packaged_model() if language == "en" and find_spec("faster_whisper") else None
    if packaged:
        found.append(("whisper", packaged, "whisper tiny.en"))
    if find_spec("vosk"):
        found += [("vosk", model, model.name) for model in installed_models(speech.models, language)]
    figures = measured().get(language, {})
    return [InstalledEngine(kind, model, name, figures.get(name)) for kind, model, name in found]


def measured() -> dict[str, dict[str, float]]:
    """Language → engine → word error rate, mean over the natural voices of the spoken set."""
    figures: dict[str, dict[str, float]] = json.loads(MEASURED.read_text(encoding="utf-8"))["word_error_rate"]
    return figures


@cache
def shared_activity() -> ActivityPool:
    """The voice-activity pool, shared by all languages; the gate alone where the network is not installed."""
    try:
        return ActivityPool(silero())
    except ModuleNotFoundError:
        return ActivityPool(deaf_network)


def _rank(engine: InstalledEngine) -> tuple[bool, float, bool]:
    rate = engine.word_error_rate
    return (rate is None, rate or 0.0, "small" in engine.name)
