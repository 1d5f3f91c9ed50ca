"""All that depends on a language: how it is said and how it is heard. A language is one module of this shape.

What is here is grammar and the words that grammar is made of. Sentences are prompts, keyed, in `config/prompts`;
the patterns that make things happen, and what recognisers mistake for what, are in `config/languages`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from config.documents import Language


@dataclass(frozen=True)
class Soon:
    """A promise for now, or for before."""


@dataclass(frozen=True)
class Within:
    """A promise that is near enough to be grasped as a duration."""

    minutes: int  # in steps of five, up to two hours


@dataclass(frozen=True)
class At:
    """A promise for a time of day, on the clock of the place."""

    hour: int  # 0..23
    minute: int  # in steps of five
    day: date  # as people count: the hour after midnight belongs to the day before
    today: date

    @property
    def ahead(self) -> int:
        """Days from today."""
        return (self.day - self.today).days


Due = Soon | Within | At


@dataclass(frozen=True)
class NumberWords:
    """How numbers are heard; a language pack may add words to them."""

    values: Mapping[str, int]  # said in one word, 0..999
    hundreds: frozenset[str]  # after a digit: "two hundred"
    joins: frozenset[str] = frozenset()  # "two hundred and five"
    points: frozenset[str] = frozenset()  # "two point five"
    repeats: Mapping[str, int] = field(default_factory=dict)  # "double": so often the digit that follows
    units_first: bool = False  # "five and twenty"
    articles: frozenset[str] = frozenset()  # seldom meant as a number: believed at the end of what is said


class Locale(Protocol):
    """What a language is to the line. Texts are spoken forms, in the spelling that voices read best."""

    @property
    def CODE(self) -> Language: ...

    # --- said ------------------------------------------------------------------------------------

    @property
    def LINK(self) -> str:
        """The word that prompts put before a place; said alone, a place's first sound is easily lost."""

    def number(self, number: int) -> str: ...

    def ordinal(self, number: int) -> str:
        """A place in line, from 1."""

    def mark(self, mark: str) -> str:
        """One character of a number that is read out: a digit, a letter, or one of `+#*`."""

    def digits(self, text: str) -> str:
        """A ticket's or telephone's number one character at a time, in groups."""

    def clock(self, hour: int, minute: int) -> str:
        """A time of day without its part of the day."""

    def day(self, day: date, today: date) -> str:
        """A day that is neither today nor tomorrow: its weekday, and its date when that is a week ahead."""

    def duration(self, minutes: int) -> str:
        """One minute to two hours."""

    def promise(self, due: Due) -> str:
        """By when something is promised, with its preposition: "within two hours", "by noon"."""

    def day_part(self, hour: int, day: date, today: date) -> str:
        """The part of a day, not before today, in which that hour is: "this afternoon", "Monday morning"."""

    def vocabulary(self) -> tuple[str, ...]:
        """The parts of which numbers, promises and places in line are made, for a voice that can render nothing."""

    # --- heard -----------------------------------------------------------------------------------

    @property
    def NUMBERS(self) -> NumberWords: ...

    @property
    def NUMBER_NOUNS(self) -> frozenset[str]:
        """May stand between what is numbered and its number: "ward number nine"."""

    @property
    def ARTICLES(self) -> frozenset[str]:
        """Belong to no name."""

    @property
    def ARTICLE_LETTERS(self) -> frozenset[str]:
        """Articles that a name may begin with, as a letter: "A and E"."""

    @property
    def AND(self) -> str:
        """How "&" is read."""

    @property
    def ENDINGS(self) -> tuple[str, ...]:
        """Endings of contractions that begin before their apostrophe: "n't"."""

    @property
    def SPLITS(self) -> int:
        """How often recognisers split or join the words of one name: compounds are often taken apart."""

    def words(self, text: str) -> Iterator[tuple[int, int]]:
        """Where each word of a text stands."""

    def pauses(self, between: str) -> bool:
        """Whether what stands between two words was probably a breath."""

    def ends_sentence(self, between: str) -> bool:
        """Whether what stands between two words ends a sentence: another matter may begin after it."""

    def sound(self, words: str) -> str:
        """How words sound, roughly: alike for words that ears confuse."""
