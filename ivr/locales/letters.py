"""What languages written in letters have in common: words between spaces, numbers read out in groups, spelling."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

SPELT = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_MARKS = re.compile(r"[^0-9A-Za-z+#*]+")
_WORD = re.compile(r"\d+(?:[.:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|&|\+(?=\d)")
_PAUSE = re.compile(r"[,;:!?.…–—]")
_SENTENCE_END = re.compile(r"[.!?;…]")
_TWICE = re.compile(r"(.)\1+")


def words(text: str) -> Iterator[tuple[int, int]]:
    """Letters with their apostrophes, and numbers with their points."""
    return (found.span() for found in _WORD.finditer(text))


def pauses(between: str) -> bool:
    return _PAUSE.search(between) is not None


def ends_sentence(between: str) -> bool:
    return _SENTENCE_END.search(between) is not None


def in_groups(text: str, mark: Callable[[str], str]) -> str:
    """Each character said by `mark`, in groups; those that the writer made are kept while they are short."""
    groups = (group for run in _MARKS.split(text) for group in _groups(run))
    return ", ".join(" ".join(map(mark, group)) for group in groups)


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


class Spelling:
    """From letters to classes of sounds, by replacements in order."""

    def __init__(self, *rules: tuple[str, str]) -> None:
        self._rules = [(re.compile(letters), sound) for letters, sound in rules]
        self._of_word = lru_cache(maxsize=20_000)(self._word)

    def sound(self, words: str) -> str:
        """Of words run together; no sound stands twice in a row."""
        return _TWICE.sub(r"\1", "".join(map(self._of_word, words.split())))

    def _word(self, word: str) -> str:
        heard = word.casefold()
        for letters, sound in self._rules:
            heard = letters.sub(sound, heard)
        return heard
