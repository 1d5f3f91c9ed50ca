"""What a person's search means: words in any order, names of topics and places, numbers as people write them.

Text is compared folded, the same way when it is stored and when it is looked for, so that no database's own
idea of letters matters: "asa" finds "Åsa".
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from routing.numbers import normalise
from routing.ticket_numbers import is_ticket_number

MOST_TERMS = 12  # of one search
PHONE = re.compile(r"\+?\(?[0-9][0-9 ()./-]{3,38}[0-9]", re.ASCII)
LEAST_PHONE_DIGITS = 5
# Letters with a stroke or a ligature are letters of their own to Unicode, and not to whoever types them without.
STROKED = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"})


def folded(text: str) -> str:
    """Without case, accents, and widths: `Åsa Ødegård` → `asa odegard`."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in apart if not unicodedata.combining(char)).translate(STROKED)


def searchable(*texts: str | None) -> str:
    """What is stored beside private texts to find them by."""
    return " ".join(folded(text) for text in texts if text)


@dataclass(frozen=True)
class Term:
    """One word or number of a search; it fits where any of these is found."""

    word: str  # folded
    numbers: tuple[str, ...] = ()  # within a telephone number, or a ticket's number
    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class SiteWords:
    """What words may mean at this site: ids by folded name, in every language the site has."""

    region: str = "ZZ"  # whose national numbers are meant
    topics: Mapping[str, str] = field(default_factory=dict)  # id → all its names, folded
    places: Mapping[str, str] = field(default_factory=dict)

    def terms(self, text: str) -> tuple[Term, ...]:
        """Every one of them has to fit."""
        numbers, words = _numbers_and_words(text, self.region)
        found = [self._number(number) for number in numbers] + [self._word(word) for word in words]
        return tuple(dict.fromkeys(found))[:MOST_TERMS]

    def _word(self, word: str) -> Term:
        key = folded(word)
        digits = (key,) if key.isascii() and key.isdigit() else ()
        return Term(key, digits, _named(self.topics, key), _named(self.places, key))

    def _number(self, text: str) -> Term:
        digits = re.sub(r"[^0-9+]", "", text)
        as_written = (digits, digits.lstrip("+"), digits.removeprefix("00"), normalise(digits, self.region))
        return Term(folded(text), tuple(dict.fromkeys(form for form in as_written if form)))


def _numbers_and_words(text: str, region: str) -> tuple[list[str], list[str]]:
    """Telephone numbers may be written with spaces; everything else is words, digits that are no number too."""
    numbers = [found for found in PHONE.findall(text) if _telephone(found, region)]
    for number in numbers:
        text = text.replace(number, " ", 1)
    return numbers, [word for word in re.split(r"[\s,;]+", text) if word]


def _telephone(text: str, region: str) -> bool:
    """Whether all of it is one number: of a telephone, or of a ticket in groups as it was said."""
    digits = re.sub(r"[^0-9]", "", text)
    whole = text[0] in "+(0" or len(digits) == len(text) or is_ticket_number(digits) or bool(normalise(text, region))
    return len(digits) >= LEAST_PHONE_DIGITS and whole


def _named(names: Mapping[str, str], word: str) -> tuple[str, ...]:
    return tuple(id for id, known in names.items() if word in known)


def fits(term: Term, text: str, numbers: Iterable[str | None], topic: str = "", place: str = "") -> bool:
    """Whether a folded text, one of the numbers, the topic or the place is what the term means."""
    return (
        term.word in text
        or any(wanted in number for wanted in term.numbers for number in numbers if number)
        or topic in term.topics
        or place in term.places
    )
