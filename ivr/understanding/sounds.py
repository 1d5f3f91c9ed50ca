"""How words sound, roughly, so that "cloud blue" and "car de acrest" can be heard as what they were.

Written for the spelling of English; languages in other scripts are matched by their letters alone.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

ALIKE = 0.795  # by sound
ALIKE_TOGETHER = 1.515  # by sound and by letters, added; chosen on 4,000 harmless sentences
FEWEST_SOUNDS = 6
_TWICE = re.compile(r"(.)\1+")

_SPELLINGS = tuple(
    (re.compile(spelling), sound)
    for spelling, sound in (
        ("th", "t"), (r"[^a-z ]", ""), (r"\bkn", "n"), (r"\bwr", "r"), ("tion", "jn"), (r"[sc]c?i(?=ous)", "j"),
        ("ph", "f"), (r"gh(?=t|\b)", ""), (r"c(?=[eiy])", "s"), (r"g(?=[eiy])", "j"), ("tch|[cst]h|dg", "j"),
        ("x", "ks"), ("[ckqg]", "k"), ("[bp]", "p"), ("[dt]", "t"), ("[fv]", "f"), ("[sz]", "s"), (r"e\b", ""),
        ("[aeiouyw]+", "a"), ("h", ""),
    )
)  # fmt: skip


@lru_cache(maxsize=20_000)
def _word_sound(word: str) -> str:
    heard = word.casefold()
    for spelling, letters in _SPELLINGS:
        heard = spelling.sub(letters, heard)
    return heard


def sound(words: str) -> str:
    """Consonants by class, every vowel alike, ends of words forgotten."""
    return _TWICE.sub(r"\1", "".join(map(_word_sound, words.split())))


class Soundalikes:
    """Phrases that may be recognised by how they sound."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = [phrase for phrase in phrases if len(sound(phrase)) >= FEWEST_SOUNDS]
        self._sounds = [sound(phrase) for phrase in self._phrases]
        self.longest = max((len(phrase.split()) for phrase in self._phrases), default=0) + 1

    def find(self, heard: Sequence[str]) -> dict[str, tuple[float, str]]:
        """For each of the heard phrases that sounds like one of ours: how alike (0..2), and which."""
        if not heard or not self._phrases:
            return {}
        sounds = [sound(words) for words in heard]
        alike = cdist(sounds, self._sounds, scorer=Levenshtein.normalized_similarity, score_cutoff=ALIKE)
        found: dict[str, tuple[float, str]] = {}
        for i, j in zip(*alike.nonzero(), strict=True):
            letters = Levenshtein.normalized_similarity(heard[i].replace(" ", ""), self._phrases[j].replace(" ", ""))
            together = float(alike[i, j]) + letters
            if together >= ALIKE_TOGETHER:
                found[heard[i]] = max((together, self._phrases[j]), found.get(heard[i], (0.0, "")))
        return found
