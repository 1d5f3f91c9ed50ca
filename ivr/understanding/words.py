"""An utterance as words: folded, with contractions undone, each pointing back at what was heard."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LONGEST = 2_000  # characters; nobody says more in one breath, and a hostile text may be endless

_WORD = re.compile(r"\d+(?:[.:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|&|\+(?=\d)")
_PAUSE = re.compile(r"[,;:!?.…–—]")


@dataclass(frozen=True)
class Token:
    text: str
    start: int
    end: int
    pause: bool = False  # punctuation, so probably a breath, follows


@dataclass(frozen=True)
class Utterance:
    """What was said, and its words."""

    text: str
    tokens: tuple[Token, ...]
    words: tuple[str, ...]
    pauses: frozenset[int]  # a pause comes before the word with this index

    def heard(self, start: int, end: int) -> str:
        """The words from `start` up to `end` as they were heard."""
        if start >= end:
            return ""
        begin, stop = self.span(start, end)
        return self.text[begin:stop]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the words from `start` up to `end`, at least one, are in the text."""
        return self.tokens[start].start, self.tokens[end - 1].end

    def collapsed(self, start: int, end: int, word: str) -> "Utterance":
        """The same with the words from `start` up to `end` as one word."""
        last = self.tokens[end - 1]
        token = Token(word, self.tokens[start].start, last.end, last.pause)
        tokens = (*self.tokens[:start], token, *self.tokens[end:])
        return Utterance(self.text, tokens, tuple(each.text for each in tokens), _after_pauses(tokens))


def utterance(text: str, expansions: Mapping[str, str] | None = None, apostrophes: bool = True) -> Utterance:
    """Fold, split and expand `text`; without `apostrophes`, "kid's ward" is "kids ward", as names want it."""
    clean = unicodedata.normalize("NFKC", text[:LONGEST]).replace("’", "'").replace("`", "'")
    tokens: list[Token] = []
    for found in _WORD.finditer(clean):
        gap = clean[tokens[-1].end : found.start()] if tokens else ""
        if tokens and _is_pause(gap, tokens[-1].text):
            tokens[-1] = Token(tokens[-1].text, tokens[-1].start, tokens[-1].end, pause=True)
        heard = found.group().casefold()
        for word in _expand(heard if apostrophes else heard.replace("'", ""), expansions or {}):
            tokens.append(Token(word, found.start(), found.end()))
    words = tuple(token.text for token in tokens)
    return Utterance(clean, tuple(tokens), words, _after_pauses(tokens))


def _after_pauses(tokens: Sequence[Token]) -> frozenset[int]:
    return frozenset(i + 1 for i, token in enumerate(tokens) if token.pause)


def _is_pause(gap: str, before: str) -> bool:
    """Punctuation, but not the dots of "I.C.U."."""
    initial = len(before) == 1 and before.isalpha() and gap.startswith(".")
    return _PAUSE.search(gap) is not None and not initial


def _expand(word: str, expansions: Mapping[str, str]) -> Sequence[str]:
    if word == "&":
        return (expansions.get("&", "and"),)
    if word in expansions:
        return expansions[word].split()
    for ending in ("n't", word[word.rfind("'") :] if "'" in word else ""):
        if ending and word.endswith(ending) and ending in expansions and len(word) > len(ending):
            return (word[: -len(ending)], *expansions[ending].split())
    return (word,)
