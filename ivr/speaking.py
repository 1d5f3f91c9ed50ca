"""From prompts and facts to sentences as people say them: numbers digit by digit, times, places in the queue.

English is complete. A sentence that a language cannot say whole is said in English, and the answer tells so.
"""

import re
from collections.abc import Iterable, Mapping

from num2words import num2words

from config.documents import Language, Prompts

COMPLETE: tuple[Language, ...] = ("en",)  # languages in which numbers and times can be said
NUMBERS: tuple[Language, ...] = ("en", "nl", "sv", "fi")  # languages in which digits can be said
FALLBACK: Language = "en"
DIGITS = frozenset({"ticket", "phone", "keyed"})  # variables that are said digit by digit
VARIABLE = re.compile(r"\{([a-z_]+)\}")
SIGNS = {"+": "plus", "#": "hash", "*": "star"}


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
    if template and (language in COMPLETE or not variables_of(template)):
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


def spoken_number(number: int, language: Language) -> str:
    """3 → "three"; 25 → "twenty five"."""
    return str(num2words(number, lang=_number_language(language))).replace("-", " ")


def spoken_ordinal(number: int, language: Language) -> str:
    """2 → "second", as in "you are second in line"."""
    return str(num2words(number, to="ordinal", lang=_number_language(language))).replace("-", " ")


def spoken_digits(text: str, language: Language) -> str:
    """A ticket or telephone number one character at a time, in groups: "4721" → "four seven, two one".

    Groups that the writer made ("020 7946 0018") are kept while they are short.
    """
    marks = (group for run in re.split(r"[^0-9A-Za-z+#*]+", text) for group in _groups(run))
    return ", ".join(" ".join(_spoken_mark(mark, language) for mark in group) for group in marks)


def _groups(run: str) -> Iterable[str]:
    """Pieces of two to four: threes, and what is left in twos."""
    sign, run = (run[0], run[1:]) if run[:1] == "+" else ("", run)
    sizes = [len(run)] if len(run) <= 3 else [3] * (len(run) // 3)
    match len(run) % 3 if len(run) > 3 else 0:
        case 1:
            sizes[-1:] = [2, 2]
        case 2:
            sizes.append(2)
    start = 0
    for size in sizes:
        if group := run[start : start + size]:
            yield (sign if start == 0 else "") + group
        start += size


def _spoken_mark(mark: str, language: Language) -> str:
    if mark.isdigit():
        return spoken_number(int(mark), language)
    return SIGNS.get(mark, mark.upper())


def _number_language(language: Language) -> Language:
    return language if language in NUMBERS else FALLBACK
