"""The better sentence encoders of this machine: used where they are, and done without where they are not."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import structlog

from config.settings import Settings
from ivr.understanding import onnx_encoder
from ivr.understanding.features import Sense
from ivr.understanding.onnx_encoder import EncoderRefused

log = structlog.get_logger()


def senses(settings: Settings) -> Mapping[str, Sense]:
    """By language, what sentences mean to an encoder that set-up made; languages without one are missing."""
    found: dict[str, Sense] = {}
    for language in onnx_encoder.MODELS:
        try:
            found[language] = _loaded(settings.understanding.encoders, language, settings.paths.understanding)
        except EncoderRefused as reason:
            log.info("understanding goes on without its better encoder", language=language, reason=str(reason))
        except Exception as reason:  # its runtime cannot load it: callers are served all the same
            log.error("the better encoder cannot be loaded", language=language, reason=str(reason))
    return found


@cache
def _loaded(folder: Path, language: str, kept: Path) -> Sense:
    """Loaded now, not while the first caller waits; one for all editions of a process.

    Raises: EncoderRefused, and whatever its runtime raises.
    """
    encoder = onnx_encoder.installed(folder, language, kept)
    encoder.encode(["ready"])
    return Sense(encoder)
