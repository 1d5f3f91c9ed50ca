"""Spoken numbers as digits: "two thirteen" 213, "two point oh five" 2.05, "two hundred and five" 205."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from config.documents import LanguagePack

_DIGITS = re.compile(r"\d+(?:[.:]\d+)*")


@dataclass(frozen=True)
class Spoken:
    """A number and the words [start, end) it was said in."""

    digits: str  # may hold a point: "2.05"
    start: int
    end: int


class Numbers:
    """The number words of one language; digits are understood in every language."""

    def __init__(self, pack: LanguagePack) -> None:
        self._values = {word: value for word, value in pack.numbers.items() if value < 100}
        self._hundreds = frozenset(word for word, value in pack.numbers.items() if value == 100)
        self._twice = {"double": 2, "triple": 3} if pack.language == "en" else {}
        self._joins = frozenset(pack.number_joins)
        self._points = frozenset(pack.number_points)

    def is_number(self, word: str) -> bool:
        return word in self._values or _DIGITS.fullmatch(word) is not None

    def at(self, words: Sequence[str], start: int) -> Spoken | None:
        """The longest number that starts at `start`, or None."""
        digits, at = self._whole(words, start)
        if not digits:
            return None
        while at + 1 < len(words) and words[at] in self._points and "." not in digits:
            fraction, end = self._whole(words, at + 1)
            if not fraction:
                break
            digits, at = f"{digits}.{fraction}", end
        return Spoken(digits, start, at)

    def all(self, words: Sequence[str]) -> list[Spoken]:
        """Every number in the utterance, left to right."""
        found, at = [], 0
        while at < len(words):
            spoken = self.at(words, at)
            if spoken:
                found.append(spoken)
            at = spoken.end if spoken else at + 1
        return found

    def _whole(self, words: Sequence[str], at: int) -> tuple[str, int]:
        """Digits of a run of number words, and where it ends."""
        digits = ""
        while at < len(words):
            group, end = self._group(words, at)
            if not group:
                break
            digits, at = digits + group, end
        return digits, at

    def _group(self, words: Sequence[str], at: int) -> tuple[str, int]:
        """One number as people say it in one go: "twenty one", "two hundred and five", "double two", "7"."""
        word = words[at]
        if _DIGITS.fullmatch(word):
            return word.replace(":", "."), at + 1
        if word in self._twice and at + 1 < len(words) and 0 <= self._values.get(words[at + 1], -1) < 10:
            return str(self._values[words[at + 1]]) * self._twice[word], at + 2
        value = self._values.get(word)
        if value is None:
            return "", at
        if at + 1 < len(words) and words[at + 1] in self._hundreds and 0 < value < 10:
            rest, end = self._below_hundred(words, at + 2 + self._joined(words, at + 2))
            return str(value * 100 + rest), end if rest else at + 2
        total, end = self._below_hundred(words, at)
        return str(total), end

    def _joined(self, words: Sequence[str], at: int) -> int:
        return 1 if at < len(words) and words[at] in self._joins else 0

    def _below_hundred(self, words: Sequence[str], at: int) -> tuple[int, int]:
        """Value of "twenty one", "thirteen" or "five" at `at`, and where it ends; 0 and `at` for none."""
        value = self._values.get(words[at]) if at < len(words) else None
        if value is None:
            return 0, at
        unit = self._values.get(words[at + 1], 0) if at + 1 < len(words) else 0
        if value >= 20 and value % 10 == 0 and 0 < unit < 10:
            return value + unit, at + 2
        return value, at + 1
