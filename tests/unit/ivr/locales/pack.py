"""A language pack without words of its own: what is understood then is the locale's."""

from config.documents import Language, LanguagePack


def bare(language: Language) -> LanguagePack:
    needed = ("emergency", "negations", "person", "status", "callback", "yes", "no", "repeat")
    return LanguagePack.model_validate({"language": language} | {field: () for field in needed})
