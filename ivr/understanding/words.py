"""An utterance as words: folded, with contractions undone, each pointing back at what was heard."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from config.documents import Language, LanguagePack
from ivr.locales.port import Locale
from ivr.locales.registry import FALLBACK, locale

LONGEST = 2_000  # characters; nobody says more in one breath, and a hostile text may be endless


@dataclass(frozen=True)
class Token:
    text: str
    start: int
    end: int
    pause: bool = False  # punctuation, so probably a breath, follows


@dataclass(frozen=True)
class TokenizedText:
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

    def collapsed(self, start: int, end: int, word: str) -> "TokenizedText":
        """The same with the words from `start` up to `end` as one word."""
        last = self.tokens[end - 1]
        token = Token(word, self.tokens[start].start, last.end, last.pause)
        tokens = (*self.tokens[:start], token, *self.tokens[end:])
        return TokenizedText(self.text, tokens, tuple(each.text for each in tokens), _after_pauses(tokens))


def utterance_in(pack: LanguagePack, text: str, apostrophes: bool = True) -> TokenizedText:
    """Fold, split and expand `text`; without `apostrophes`, "kid's ward" is "kids ward", as names want it."""
    return utterance(text, pack.expansions, apostrophes, pack.language)


def utterance(
    text: str, expansions: Mapping[str, str] | None = None, apostrophes: bool = True, language: Language = FALLBACK
) -> TokenizedText:
    """The same without a pack: contractions are undone by `expansions` alone."""
    spoken = locale(language)
    clean = unicodedata.normalize("NFKC", text[:LONGEST]).replace("’", "'").replace("`", "'")
    tokens: list[Token] = []
    for start, end in spoken.words(clean):
        gap = clean[tokens[-1].end : start] if tokens else ""
        if tokens and _is_pause(gap, tokens[-1].text, spoken):
            tokens[-1] = Token(tokens[-1].text, tokens[-1].start, tokens[-1].end, pause=True)
        heard = clean[start:end].casefold()
        for word in _expand(heard if apostrophes else heard.replace("'", ""), expansions or {}, spoken):
            tokens.append(Token(word, start, end))
    words = tuple(token.text for token in tokens)
    return TokenizedText(clean, tuple(tokens), words, _after_pauses(tokens))


def _after_pauses(tokens: Sequence[Token]) -> frozenset[int]:
    return frozenset(i + 1 for i, token in enumerate(tokens) if token.pause)


def _is_pause(gap: str, before: str, spoken: Locale) -> bool:
    """Punctuation, but not the dots of "I.C.U."."""
    initial = len(before) == 1 and before.isalpha() and gap.startswith(".")
    return spoken.pauses(gap) and not initial


def _expand(word: str, expansions: Mapping[str, str], spoken: Locale) -> Sequence[str]:
    if word == "&":
        return (expansions.get("&", spoken.AND),)
    if word in expansions:
        return expansions[word].split()
    for ending in (*spoken.ENDINGS, word[word.rfind("'") :] if "'" in word else ""):
        if ending and word.endswith(ending) and ending in expansions and len(word) > len(ending):
            return (word[: -len(ending)], *expansions[ending].split())
    return (word,)
