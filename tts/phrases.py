"""A text as phrases rendered once for all callers: sentence by sentence, numbers digit by digit. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from ivr.locales.registry import LOCALES, locale

ABBREVIATED = r"(?<!\b[A-Z]\w\w\.)(?<!\b[A-Z]\w{3}\.)"  # "Mrs.", "Prof."
SENTENCE_END = re.compile(rf"(?:(?<=[!?])|(?<=\w\w\w\.){ABBREVIATED})\s+(?=[A-Z])")  # nor after "Dr."
AFTER_SENTENCE_MS, AFTER_COMMA_MS = 190, 100  # beside the silence that each rendering keeps at its edges
JOINTS, SENTENCE_ENDS = " ,;:", ("", ".", "!", "?")
CLOSING = "\"'’”»)]"  # may stand between a number and the end of its sentence
DIGIT_END, NUMBER_END = ",", "."  # how a digit sounds: the number goes on, or ends here


@dataclass(frozen=True)
class Phrase:
    text: str  # what is rendered
    pause_ms: int = 0  # after it


def phrases(text: str, language: str) -> tuple[Phrase, ...]:
    """What a text is put together from, in speaking order; one phrase where nothing is gained by more."""
    found = tuple(phrase for sentence in SENTENCE_END.split(text) for phrase in _sentence(sentence, language))
    return found or (Phrase(""),)


def digit_phrases(language: str) -> Iterator[str]:
    """Every phrase that a number is put together from."""
    if language in LOCALES:
        yield from (f"{locale(language).number(digit)}{end}" for end in (DIGIT_END, NUMBER_END) for digit in range(10))


def _sentence(text: str, language: str) -> Iterator[Phrase]:
    """Its numbers of two digits and more apart, the rest whole."""
    end = 0
    for found in _numbers(language).finditer(text) if language in LOCALES else ():
        if _has_words(before := text[end : found.start()].strip(JOINTS)):
            yield Phrase(before)
        end = found.end()
        yield from _number(found[0].lower(), text[end:].lstrip(CLOSING)[:1])
    rest = text[end:].lstrip(CLOSING + JOINTS) if end else text
    if _has_words(rest):
        yield Phrase(rest, AFTER_SENTENCE_MS)


def _has_words(text: str) -> bool:
    """A voice given marks alone fails, or ends."""
    return any(map(str.isalnum, text))


def _number(text: str, then: str) -> Iterator[Phrase]:
    """Digit by digit, with a pause after each group; `then`: what comes after it in the sentence."""
    *earlier, final = [group.split() for group in text.split(",")]
    for digits in earlier:
        yield from _group(digits, DIGIT_END, AFTER_COMMA_MS)
    if then in SENTENCE_ENDS:
        yield from _group(final, NUMBER_END, AFTER_SENTENCE_MS)
    else:
        yield from _group(final, DIGIT_END, AFTER_COMMA_MS if then == "," else 0)


def _group(digits: Sequence[str], end: str, pause_ms: int) -> Iterator[Phrase]:
    yield from (Phrase(f"{digit}{DIGIT_END}") for digit in digits[:-1])
    yield Phrase(f"{digits[-1]}{end}", pause_ms)


@cache
def _numbers(language: str) -> re.Pattern[str]:
    number = locale(language).number
    digit = "(?:" + "|".join(map(number, range(10))) + ")"
    tens = "".join(rf"(?<!\b{number(ten)}[ -])" for ten in range(20, 100, 10))  # "twenty four" is no digits
    return re.compile(rf"(?<![\w-]){tens}{digit}(?:,? {digit})+(?!['’-]?\w)", re.IGNORECASE)
