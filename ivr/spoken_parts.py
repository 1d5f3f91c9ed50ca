"""Sentences put together from parts that were rendered ahead, for when nothing can be rendered."""

import re
from collections.abc import Collection, Iterable, Mapping

from config.documents import Language, Prompts
from ivr import speaking
from ivr.locales.registry import locale

TRIMMED = " ,.;:!?"


def parts(template: str, variables: Mapping[str, str], known: Collection[str], language: Language) -> list[str]:
    """A sentence as parts of `known`, in speaking order: the fixed pieces of the template whole, variables by words.

    A word of a variable that no part says is left out; the rest of the sentence is still heard.
    """
    by_word = {_key(part): part for part in known}
    pieces = speaking.VARIABLE.split(template)
    said: list[str] = []
    for piece, variable in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        fixed, value = piece.strip(TRIMMED), variables.get(variable, "")
        unlinked = _without_link(fixed, language)
        if (linked := _key(f"{locale(language).LINK} {value}")) in by_word and unlinked is not None:
            fixed, value = unlinked, linked
        said += [fixed] if fixed else []
        said += _words(value, by_word)
    return said


def linked_names(names: Iterable[str], language: Language) -> Iterable[str]:
    """Places with the word before them: said alone, their first sound is easily lost."""
    return (f"{locale(language).LINK} {name}" for name in names)


def fixed_pieces(prompts: Prompts, language: Language) -> Iterable[str]:
    """What stands around the variables of each prompt, also without the word that goes with a place."""
    for template in prompts.values():
        for piece in speaking.VARIABLE.split(template)[::2] if speaking.variables_of(template) else ():
            stripped = piece.strip(TRIMMED)
            yield from (text for text in (stripped, _without_link(stripped, language)) if text)


def _without_link(piece: str, language: Language) -> str | None:
    """The piece without its last word, when that is the linking one."""
    words = piece.split()
    return " ".join(words[:-1]).strip(TRIMMED) if words[-1:] == [locale(language).LINK] else None


def _words(value: str, by_word: Mapping[str, str]) -> Iterable[str]:
    """The longest known parts, from left to right."""
    longest = max((key.count(" ") + 1 for key in by_word), default=0)
    words = _key(value).split()
    while words:
        size = next((n for n in range(min(longest, len(words)), 0, -1) if " ".join(words[:n]) in by_word), 0)
        if size:
            yield by_word[" ".join(words[:size])]
        del words[: size or 1]


def _key(part: str) -> str:
    return " ".join(re.findall(r"[\w'+.]+", part.lower().replace("-", " ")))
