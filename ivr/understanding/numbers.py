"""Spoken numbers as digits: "two thirteen" 213, "two point oh five" 2.05, "two hundred and five" 205."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from config.documents import LanguagePack
from ivr.locales.registry import locale

_DIGITS = re.compile(r"\d+(?:[.:]\d+)*")


@dataclass(frozen=True)
class Spoken:
    """A number and the words [start, end) it was said in."""

    digits: str  # may hold a point: "2.05"
    start: int
    end: int


class Numbers:
    """The number words of one language, and those that its pack adds; digits are understood in every language."""

    def __init__(self, pack: LanguagePack) -> None:
        words = locale(pack.language).NUMBERS
        self._values = {**words.values, **{word: value for word, value in pack.numbers.items() if value < 100}}
        self._hundreds = words.hundreds | {word for word, value in pack.numbers.items() if value == 100}
        self._joins = words.joins | frozenset(pack.number_joins)
        self._points = words.points | frozenset(pack.number_points)
        self._repeats, self._units_first, self._articles = words.repeats, words.units_first, words.articles

    def is_number(self, word: str) -> bool:
        return (word in self._values and word not in self._articles) or _DIGITS.fullmatch(word) is not None

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
            if spoken and not self._is_article(words, spoken):
                found.append(spoken)
            at = spoken.end if spoken else at + 1
        return found

    def _is_article(self, words: Sequence[str], spoken: Spoken) -> bool:
        return spoken.end < len(words) and self._articles.issuperset(words[spoken.start : spoken.end])

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
        if word in self._repeats and at + 1 < len(words) and 0 <= self._values.get(words[at + 1], -1) < 10:
            return str(self._values[words[at + 1]]) * self._repeats[word], at + 2
        value = self._values.get(word)
        if value is None:
            return "", at
        if value >= 100:
            return self._and_rest(value, words, at + 1)
        if at + 1 < len(words) and words[at + 1] in self._hundreds and 0 < value < 10:
            return self._and_rest(value * 100, words, at + 2)
        total, end = self._below_hundred(words, at)
        return str(total), end

    def _and_rest(self, hundreds: int, words: Sequence[str], at: int) -> tuple[str, int]:
        """What goes on after the hundreds, where they are round."""
        rest, end = self._below_hundred(words, at + self._joined(words, at)) if hundreds % 100 == 0 else (0, at)
        return str(hundreds + rest), end if rest else at

    def _joined(self, words: Sequence[str], at: int) -> int:
        return 1 if at < len(words) and words[at] in self._joins else 0

    def _below_hundred(self, words: Sequence[str], at: int) -> tuple[int, int]:
        """Value of "twenty one", "thirteen" or "five" at `at`, and where it ends; 0 and `at` for none."""
        value = self._values.get(words[at], 100) if at < len(words) else 100
        if value >= 100:
            return 0, at
        if self._units_first:
            return self._units_before_tens(words, at, value)
        unit = self._values.get(words[at + 1], 0) if at + 1 < len(words) else 0
        if value >= 20 and value % 10 == 0 and 0 < unit < 10:
            return value + unit, at + 2
        return value, at + 1

    def _units_before_tens(self, words: Sequence[str], at: int, unit: int) -> tuple[int, int]:
        """Value of "five and twenty" said in several words, else of the first."""
        joined = at + 2 < len(words) and words[at + 1] in self._joins
        tens = self._values.get(words[at + 2], 0) if joined else 0
        return (tens + unit, at + 3) if 20 <= tens < 100 and tens % 10 == 0 and 0 < unit < 10 else (unit, at + 1)
