"""Short cries for help: a recogniser has one syllable to go by, and writes "Health" for "Help!".

A word that only sounds like a cry is believed when nothing else was said at all; "health insurance" is an answer.
"""

from collections.abc import Sequence

from config.documents import LanguagePack
from ivr.understanding.words import TokenizedText, utterance_in


class Cries:
    """The cries of one language."""

    def __init__(self, pack: LanguagePack) -> None:
        self._cries = frozenset(utterance_in(pack, cry).words for cry in pack.cries)
        self._meant = {
            utterance_in(pack, heard).words: utterance_in(pack, meant).words
            for meant, heard_as in pack.cries_sound_like.items() for heard in heard_as
        }  # fmt: skip
        self._longest = max((len(words) for words in self._meant), default=1)
        self._fillers = frozenset(pack.fillers) - {word for cry in self._cries for word in cry}

    def is_cry(self, said: TokenizedText) -> bool:
        """Whether the whole utterance is one cry, however often."""
        meant = self._put_right([word for word in said.words if word not in self._fillers])
        return any(meant == cry * (len(meant) // len(cry)) for cry in self._cries) if meant else False

    def _put_right(self, words: Sequence[str]) -> tuple[str, ...]:
        meant: list[str] = []
        at = 0
        while at < len(words):
            sizes = range(min(self._longest, len(words) - at), 0, -1)
            size = next((size for size in sizes if tuple(words[at : at + size]) in self._meant), 0)
            meant += self._meant[tuple(words[at : at + size])] if size else [words[at]]
            at += size or 1
        return tuple(meant)
