"""Names of places and things in an utterance, matched against the configured lists.

A name is believed where its words were said, or nearly said: numbers may be spoken in any of the usual ways,
recognisers split, join and misspell words. Two different names that fit equally well are no name at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from config.documents import LanguagePack
from ivr.locales.registry import locale
from ivr.understanding.likeness import Alias, NearlySaid
from ivr.understanding.numbers import Numbers, Spoken
from ivr.understanding.words import TokenizedText, utterance_in

SHORT_ANSWER = 2  # words
UNSURE = 0.8  # of a word that only sounds like the one meant


def spoken_names(text: str, pack: LanguagePack) -> TokenizedText:
    """An utterance as names are looked for in it: "kid's ward" is "kids ward", not "kid is ward"."""
    return utterance_in(pack, text, apostrophes=False)


@dataclass(frozen=True)
class Mention:
    """A name in an utterance, words [start, end)."""

    id: str
    start: int
    end: int
    confidence: float
    rank: int  # numbered names say more than named ones, long names more than short ones


class Gazetteer:
    """The names of one kind in one language."""

    def __init__(self, names: Iterable[tuple[str, str]], pack: LanguagePack) -> None:
        """`names`: (id, a way to say it) pairs."""
        self._locale = locale(pack.language)
        self._numbers = Numbers(pack)
        self._followers = frozenset(pack.number_followers)
        self._spellings = {word: str(number) for word, number in pack.number_spellings.items()}
        self._leads = frozenset(pack.place_leads)
        self._homophones = {word: digits for digits, words in pack.number_sounds_like.items() for word in words}
        self._anchors: dict[tuple[str, ...], dict[str, str]] = {}
        self._named: list[Alias] = []
        self._capitals: set[str] = set()  # "OR 2" is a place, "or two" is not
        for name_id, name in names:
            self._add(name_id, spoken_names(name, pack).words)
            self._capitals |= {word.casefold() for word in name.split() if word.isupper() and word.isalpha()}
        self._anchor_sounds = {sound: word for word, sounds in pack.places_sound_like.items() for sound in sounds}
        self._exact = {alias.words: alias for alias in self._named}
        self._longest = max((len(alias.words) for alias in self._named), default=0)
        self._nearly_said = NearlySaid(self._named, self._locale)

    def _add(self, name_id: str, words: tuple[str, ...]) -> None:
        if not self._locale.ARTICLE_LETTERS.issuperset(words[:1]):
            words = tuple(word for word in words if word not in self._locale.ARTICLES)
        for at in range(1, len(words)):
            spoken = self._numbers.at(words, at)
            if spoken and spoken.end == len(words):
                self._anchors.setdefault(words[:at], {}).setdefault(spoken.digits, name_id)
                self._anchors[words[:at]].setdefault(spoken.digits.replace(".", ""), name_id)
                return
        self._named.append(Alias(name_id, words))

    def mentions(self, said: TokenizedText) -> list[Mention]:
        """Every name in the utterance; of overlapping ones the most telling."""
        found = [*self._numbered(said), *self._by_name(said)]
        found.sort(key=lambda m: (-m.rank, -m.confidence, m.start))
        kept: list[Mention] = []
        for mention in found:
            if not any(mention.start < other.end and other.start < mention.end for other in kept):
                kept.append(mention)
        return sorted(kept, key=lambda m: m.start)

    def _numbered(self, said: TokenizedText) -> Iterable[Mention]:
        for start in range(len(said.words)):
            for anchor, ids in self._anchors.items():
                confidence = self._anchor_said(anchor, said, start)
                if confidence:
                    yield from self._number_after(said, start, start + len(anchor), ids, confidence)

    def _anchor_said(self, anchor: Sequence[str], said: TokenizedText, start: int) -> float:
        """How surely the anchor's words stand at `start`; 0 for not at all."""
        heard = said.words[start : start + len(anchor)]
        if len(heard) < len(anchor):
            return 0.0
        if len(anchor) == 1 and anchor[0] in self._capitals and not said.heard(start, start + 1).isupper():
            return 0.0
        sure = 1.0
        for word, meant in zip(heard, anchor, strict=True):
            if word != meant and self._anchor_sounds.get(word) != meant:
                return 0.0
            sure = sure if word == meant else UNSURE
        return sure if sure == 1.0 or self._leads_to(said, start) else 0.0

    def _leads_to(self, said: TokenizedText, start: int) -> bool:
        """A place may well be named here: after "on", after a pause, or as the whole of a short answer."""
        if start == 0:
            return len(said.words) <= SHORT_ANSWER
        return start in said.pauses or said.words[start - 1] in self._leads

    def _number_after(
        self, said: TokenizedText, start: int, at: int, ids: dict[str, str], confidence: float
    ) -> Iterable[Mention]:
        if at < len(said.words) and said.words[at] in self._locale.NUMBER_NOUNS:
            at += 1
        if at >= len(said.words):
            return
        spoken = self._numbers.at(said.words, at)
        if spoken:
            yield from self._longest_known(said, start, spoken, ids, confidence)
        else:
            digits, sure = self._by_homophone(said, at, confidence)
            if digits in ids:
                yield Mention(ids[digits], start, at + 1, sure, 100)

    def _longest_known(
        self, said: TokenizedText, start: int, spoken: Spoken, ids: dict[str, str], confidence: float
    ) -> Iterable[Mention]:
        """The name with the most of the number: "ward four two beds short" is ward 4, less surely, if none is 42."""
        for end in range(spoken.end, spoken.start, -1):
            part = self._numbers.at(said.words[:end], spoken.start)
            name_id = _known(part.digits, ids) if part else None
            if part and name_id:
                rank = 300 if len(part.digits.replace(".", "")) >= 3 else 100
                yield Mention(name_id, start, end, confidence * (1.0 if end == spoken.end else 0.7), rank)
                return

    def _by_homophone(self, said: TokenizedText, at: int, confidence: float) -> tuple[str, float]:
        """Digits for a word that is none: "ward iv", "ward for"; the latter only after a sure "ward"."""
        word = said.words[at]
        if word in self._spellings:
            return self._spellings[word], confidence * 0.9
        if confidence == 1.0 and self._ends_number(said, at + 1):
            return self._homophones.get(word, ""), UNSURE
        return "", 0.0

    def _ends_number(self, said: TokenizedText, at: int) -> bool:
        return at >= len(said.words) or at in said.pauses or said.words[at] in self._followers

    def _by_name(self, said: TokenizedText) -> Iterable[Mention]:
        """Exact names, then nearly said ones; longer stretches catch words that were split."""
        longest = self._longest + self._locale.SPLITS
        stretches: list[tuple[int, tuple[str, ...]]] = []
        for start in range(len(said.words)):
            for end in range(start + 1, min(start + longest, len(said.words)) + 1):
                words = said.words[start:end]
                if words in self._exact:
                    yield Mention(self._exact[words].id, start, end, 1.0, 10 * len(words) + 5)
                elif not self._locale.ARTICLES & {words[0], words[-1]}:
                    stretches.append((start, words))
        nearly = self._nearly_said.find([words for _, words in stretches])
        for start, words in stretches:
            if words in nearly:
                name_id, likeness = nearly[words]
                yield Mention(name_id, start, start + len(words), likeness * 0.95, 10 * len(words))


def _known(digits: str, ids: dict[str, str]) -> str | None:
    """The id of a number as said: "213", "2.13", and "2.5" for 2.05."""
    if digits in ids:
        return ids[digits]
    whole, point, fraction = digits.partition(".")
    if point and len(fraction) == 1:
        return ids.get(f"{whole}.0{fraction}")
    return ids.get(digits.replace(".", "")) or (ids.get(digits.lstrip("0")) if digits.startswith("0") else None)
