"""The better understanding of this machine's languages: used where it is, and done without where it is not."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import structlog

from config.settings import Settings
from ivr.understanding import onnx_encoder, tuned
from ivr.understanding.features import Sense
from ivr.understanding.onnx_encoder import EncoderRefused, OnnxEncoder
from ivr.understanding.tuned import TunedModel

log = structlog.get_logger()


def senses(settings: Settings) -> Mapping[str, Sense]:
    """By language, what sentences mean beside what comes with the line; languages without anything are missing."""
    found: dict[str, Sense] = {}
    for language in sorted(onnx_encoder.MODELS.keys() | tuned.languages()):
        further = _encoder(settings, language)
        weighs = _tuned(language)
        if further or weighs:
            found[language] = Sense(further, weighs)
    return found


def _encoder(settings: Settings, language: str) -> OnnxEncoder | None:
    """The one that set-up made."""
    try:
        return _loaded(settings.understanding.encoders, language, settings.paths.understanding)
    except EncoderRefused as reason:
        log.info("understanding goes on without its better encoder", language=language, reason=str(reason))
    except Exception as reason:  # its runtime cannot load it: callers are served all the same
        log.error("the better encoder cannot be loaded", language=language, reason=str(reason))
    return None


@cache
def _tuned(language: str) -> TunedModel | None:
    """The model of the shipped topics, loaded now, not while the first caller waits."""
    try:
        model = tuned.shipped(language)
        if model is not None:
            model.likelihoods(["ready"])
        return model
    except Exception as reason:
        log.error("the model of the shipped topics cannot be used", language=language, reason=str(reason))
    return None


@cache
def _loaded(folder: Path, language: str, kept: Path) -> OnnxEncoder:
    """Loaded now, not while the first caller waits; one for all editions of a process.

    Raises: EncoderRefused, and whatever its runtime raises.
    """
    encoder = onnx_encoder.installed(folder, language, kept)
    encoder.encode(["ready"])
    return encoder
