"""Phrases that a recogniser wrote wrong, known by how they sound in their language (`Locale.sound`)."""

from collections.abc import Callable, Iterable, Sequence

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

Sound = Callable[[str], str]
ALIKE = 0.795  # by sound
ALIKE_TOGETHER = 1.515  # by sound and by letters, added; chosen on 4,000 harmless sentences
FEWEST_SOUNDS = 6


class Soundalikes:
    """Phrases that may be recognised by how they sound."""

    def __init__(self, phrases: Iterable[str], sound: Sound) -> None:
        self._sound = sound
        self._phrases = [phrase for phrase in phrases if len(sound(phrase)) >= FEWEST_SOUNDS]
        self._sounds = [sound(phrase) for phrase in self._phrases]
        self.longest = max((len(phrase.split()) for phrase in self._phrases), default=0) + 1

    def find(self, heard: Sequence[str]) -> dict[str, tuple[float, str]]:
        """For each of the heard phrases that sounds like one of ours: how alike (0..2), and which."""
        if not heard or not self._phrases:
            return {}
        sounds = [self._sound(words) for words in heard]
        alike = cdist(sounds, self._sounds, scorer=Levenshtein.normalized_similarity, score_cutoff=ALIKE)
        found: dict[str, tuple[float, str]] = {}
        for i, j in zip(*alike.nonzero(), strict=True):
            letters = Levenshtein.normalized_similarity(heard[i].replace(" ", ""), self._phrases[j].replace(" ", ""))
            together = float(alike[i, j]) + letters
            if together >= ALIKE_TOGETHER:
                found[heard[i]] = max((together, self._phrases[j]), found.get(heard[i], (0.0, "")))
        return found
