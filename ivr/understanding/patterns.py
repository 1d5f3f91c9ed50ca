"""The small language in which a language pack says what words to look for.

A pattern is a line of slots: `he|she is not breathing`, `<person> .. collapsed`, `^ no ,`, `gas leak|leaking`.
`a|b` any of these · `<set>` any word of a named set · a trailing `?` makes the whole slot optional ·
`..` up to three words · `,` a pause · `^` and `$` the ends of the utterance; these three may be choices too: `$|,|now`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivr.understanding.words import TokenizedText

GAP_WORDS = 3
_GAP = ".."
_SIGNS = frozenset({",", "^", "$"})


class PatternError(ValueError):
    """A pattern names a set that does not exist, or has no words."""


@dataclass(frozen=True)
class Slot:
    words: frozenset[str] = frozenset()
    signs: frozenset[str] = frozenset()  # of `,` `^` `$`: true between words, they take none
    gap: bool = False
    optional: bool = False


Pattern = tuple[Slot, ...]
Span = tuple[int, int]


def compile_pattern(line: str, sets: Mapping[str, Sequence[str]]) -> Pattern:
    """Raises: PatternError."""
    slots = tuple(_slot(part, sets) for part in line.casefold().split())
    if not any(slot.words for slot in slots):
        raise PatternError(f"pattern without words: {line!r}")
    return slots


def _slot(part: str, sets: Mapping[str, Sequence[str]]) -> Slot:
    if part == _GAP:
        return Slot(gap=True)
    words: set[str] = set()
    choices = set(part.rstrip("?").split("|"))
    for choice in choices - _SIGNS:
        if choice.startswith("<"):
            name = choice.strip("<>")
            if name not in sets:
                raise PatternError(f"unknown word set: {choice}")
            words.update(sets[name])
        else:
            words.add(choice)
    return Slot(frozenset(words), _SIGNS & choices, optional=part.endswith("?"))


class Patterns:
    """Many patterns, looked up by the words they can begin with."""

    def __init__(self, lines: Iterable[str], sets: Mapping[str, Sequence[str]] | None = None,
                 never_in_gap: Iterable[str] = (), over_pauses: bool = True) -> None:  # fmt: skip
        self._stops = frozenset(never_in_gap)
        self._over_pauses = over_pauses
        self._by_first: dict[str, list[Pattern]] = {}
        for line in lines:
            pattern = compile_pattern(line, sets or {})
            for word in _first_words(pattern):
                self._by_first.setdefault(word, []).append(pattern)

    def spans(self, said: TokenizedText) -> Iterator[Span]:
        """Every match, as word positions [start, end)."""
        for start, word in enumerate(said.words):
            for pattern in self._by_first.get(word, ()):
                end = self._match(pattern, said, start)
                if end is not None:
                    yield start, end

    def found(self, said: TokenizedText) -> bool:
        return next(self.spans(said), None) is not None

    def ending_at(self, said: TokenizedText) -> dict[int, int]:
        """Where matches end → where the longest of them starts."""
        ends: dict[int, int] = {}
        for start, end in self.spans(said):
            ends[end] = min(start, ends.get(end, start))
        return ends

    def _match(self, pattern: Pattern, said: TokenizedText, start: int) -> int | None:
        """The furthest end of a match that starts at `start`, or None."""
        ends = {start}
        for slot in pattern:
            ends = set(self._step(slot, said, ends))
            if not ends:
                return None
        return max(ends)

    def _step(self, slot: Slot, said: TokenizedText, ends: Iterable[int]) -> Iterator[int]:
        size = len(said.words)
        for at in ends:
            if slot.gap:
                yield from self._gap(said, at)
            if slot.optional or any(_holds(sign, said, at) for sign in slot.signs):
                yield at
            if at < size and said.words[at] in slot.words:
                yield at + 1

    def _gap(self, said: TokenizedText, at: int) -> Iterator[int]:
        for end in range(at, min(at + GAP_WORDS, len(said.words)) + 1):
            if end > at and said.words[end - 1] in self._stops:
                return
            if end in said.pauses and not self._over_pauses:
                return
            yield end


def _first_words(pattern: Pattern) -> set[str]:
    words: set[str] = set()
    for slot in pattern:
        words |= slot.words
        if slot.words and not slot.optional and not slot.signs:
            break
    return words


def _holds(sign: str, said: TokenizedText, at: int) -> bool:
    if sign == "^":
        return at == 0
    return at == len(said.words) or (sign == "," and at in said.pauses)
