"""Which languages there are; one that has no module here is said and heard with the grammar of English."""

from collections.abc import Mapping

from config.documents import Language
from ivr.locales import en, nl
from ivr.locales.port import Locale

FALLBACK: Language = en.CODE
LOCALES: Mapping[Language, Locale] = {en.CODE: en, nl.CODE: nl}


def locale(language: Language) -> Locale:
    """That of the language, else the fallback's; its `CODE` tells which."""
    return LOCALES.get(language, LOCALES[FALLBACK])
