"""The better sentence encoders of this machine: used where they are, and done without where they are not."""

from collections.abc import Mapping

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
            kept = settings.paths.understanding
            found[language] = Sense(onnx_encoder.installed(settings.understanding.encoders, language, kept))
        except EncoderRefused as reason:
            log.info("understanding goes on without its better encoder", language=language, reason=str(reason))
    return found
