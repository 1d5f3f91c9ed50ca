"""The official Vosk models for the languages of the line, as named on https://alphacephei.com/vosk/models.

Sizes are the page's, rounded; exact size and checksum come from the site's own list at installation.
"""

from dataclasses import dataclass

SITE = "https://alphacephei.com/vosk/models/"
LIST = SITE + "model-list.json"  # name, size, md5 of each archive


@dataclass(frozen=True)
class Model:
    name: str
    language: str  # ISO 639-1
    megabytes: int  # of the archive, about
    small: bool

    @property
    def url(self) -> str:
        return f"{SITE}{self.name}.zip"


MODELS = (
    Model("vosk-model-small-en-us-0.15", "en", 40, True),
    Model("vosk-model-en-us-0.22-lgraph", "en", 128, False),
    Model("vosk-model-en-us-0.22", "en", 1_800, False),
    Model("vosk-model-small-nl-0.22", "nl", 39, True),
    Model("vosk-model-nl-spraakherkenning-0.6-lgraph", "nl", 100, False),
    Model("vosk-model-nl-spraakherkenning-0.6", "nl", 860, False),
    Model("vosk-model-small-sv-rhasspy-0.15", "sv", 289, True),
    Model("vosk-model-small-cn-0.22", "zh", 42, True),
    Model("vosk-model-cn-0.22", "zh", 1_300, False),
    Model("vosk-model-small-ko-0.22", "ko", 82, True),
)
WITHOUT = {"fi": "Vosk publishes no Finnish model."}


def models_of(language: str) -> list[Model]:
    return [model for model in MODELS if model.language == language]


def named(name: str) -> Model | None:
    return next((model for model in MODELS if model.name == name), None)
