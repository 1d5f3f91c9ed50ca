"""Sentences put together from parts that were rendered ahead, for when nothing can be rendered."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from config.documents import Language, Prompts
from ivr import speaking, spoken_times

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLOCK_WORDS = ("by", "at", "past", "to", "the", "of", "half past", "a quarter past", "a quarter to", "noon", "midnight",
               "by noon", "by midnight", "tomorrow", "tomorrow by", "tomorrow by noon", "minutes", "and", "or",
               "an hour and")  # fmt: skip
TRIMMED = " ,.;:!?"
LINK = "at"


def parts(template: str, variables: Mapping[str, str], known: Collection[str]) -> list[str]:
    """A sentence as parts of `known`, in speaking order: the fixed pieces of the template whole, variables by words.

    A word of a variable that no part says is left out; the rest of the sentence is still heard.
    """
    by_word = {_key(part): part for part in known}
    pieces = speaking.VARIABLE.split(template)
    said: list[str] = []
    for piece, variable in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        fixed, value = piece.strip(TRIMMED), variables.get(variable, "")
        if (linked := _key(f"{LINK} {value}")) in by_word and _linking(fixed) is not None:
            fixed, value = _linking(fixed) or "", linked
        said += [fixed] if fixed else []
        said += _words(value, by_word)
    return said


def linked_names(names: Iterable[str]) -> Iterable[str]:
    """Places with the word before them: said alone, their first sound is easily lost."""
    return (f"{LINK} {name}" for name in names)


def fixed_pieces(prompts: Prompts) -> Iterable[str]:
    """What stands around the variables of each prompt, also without the word that goes with a place."""
    for template in prompts.values():
        for piece in speaking.VARIABLE.split(template)[::2] if speaking.variables_of(template) else ():
            stripped = piece.strip(TRIMMED)
            yield from (text for text in (stripped, _linking(stripped)) if text)


def _linking(piece: str) -> str | None:
    """The piece without its last word, when that is the linking one."""
    words = piece.split()
    return " ".join(words[:-1]).strip(TRIMMED) if words[-1:] == [LINK] else None


@cache
def vocabulary(language: Language) -> tuple[str, ...]:
    """The words of which numbers, times and places in the queue are made; English where a language has none."""
    language = language if language in speaking.COMPLETE else speaking.FALLBACK
    numbers = (speaking.spoken_number(number, language) for number in (*range(13), 20, 25))  # digits and the clock
    ordinals = (speaking.spoken_ordinal(number, language) for number in range(1, 32))
    durations = (f"within {spoken_times.spoken_duration(minutes)}" for minutes in range(5, 125, 5))
    days = (*spoken_times.WEEKDAYS, *(f"by {day}" for day in spoken_times.WEEKDAYS), *spoken_times.MONTHS)
    day_parts = (*spoken_times.TODAY.values(), *spoken_times.ANOTHER_DAY.values())
    words = (*numbers, *ordinals, *durations, *days, *day_parts, *CLOCK_WORDS, spoken_times.SOON, *LETTERS)
    return tuple(dict.fromkeys((*words, *speaking.SIGNS.values())))


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
