"""From prompts and spoken values to sentences.

A sentence that a language cannot say whole is said in the fallback's, and the result says so.
"""

import re
from collections.abc import Mapping

from config.documents import Language, Prompts
from ivr.locales.registry import FALLBACK, LOCALES

DIGITS = frozenset({"ticket", "phone", "keyed"})  # variables that are said digit by digit
VARIABLE = re.compile(r"\{([a-z_]+)\}")


class PromptMissing(KeyError):
    """No language has this prompt, or a variable of it was not given."""


def sentence(
    prompts: Mapping[Language, Prompts], key: str, variables: Mapping[str, str], language: Language
) -> tuple[str, Language]:
    """The sentence of a prompt, its variables (spoken forms) filled in, and the language it is in.

    Raises: PromptMissing.
    """
    used = language_of(prompts, key, language)
    return filled(prompts[used][key], variables), used


def language_of(prompts: Mapping[Language, Prompts], key: str, language: Language) -> Language:
    """The language in which a prompt will be heard: numbers and times for it are said in that one.

    Raises: PromptMissing.
    """
    template = prompts.get(language, {}).get(key, "").strip()
    if template and (language in LOCALES or not variables_of(template)):
        return language
    if not prompts.get(FALLBACK, {}).get(key, "").strip():
        raise PromptMissing(key)
    return FALLBACK


def variables_of(template: str) -> frozenset[str]:
    return frozenset(VARIABLE.findall(template))


def filled(template: str, variables: Mapping[str, str]) -> str:
    """Raises: PromptMissing for a variable that was not given."""
    if missing := variables_of(template) - variables.keys():
        raise PromptMissing(", ".join(sorted(missing)))
    return " ".join(VARIABLE.sub(lambda found: variables[found[1]], template).split())
