"""Names that were nearly said: by their letters, or by their sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from ivr.locales.port import Locale

SHORTEST = 7  # letters; shorter names must be said exactly
LEAST_ALIKE = 0.82  # by letters alone
SHORTEST_SOUND = 8
LEAST_SOUND = 0.88  # by sound,
LEAST_LETTERS = 0.64  # with at least this much by letters
MARGIN = 0.05  # by which the best name must beat the next


@dataclass(frozen=True)
class Alias:
    """One way to say a name that ends in no number."""

    id: str
    words: tuple[str, ...]

    @cached_property
    def letters(self) -> str:
        return "".join(self.words)


class NearlySaid:
    """Compares stretches of an utterance with every alias at once."""

    def __init__(self, aliases: Sequence[Alias], locale: Locale) -> None:
        self._locale = locale
        self._aliases = [alias for alias in aliases if len(alias.letters) >= SHORTEST]
        self._sounds = [locale.sound(" ".join(alias.words)) for alias in self._aliases]
        self._letters = [alias.letters for alias in self._aliases]

    def find(self, heard: Sequence[Sequence[str]]) -> dict[tuple[str, ...], tuple[str, float]]:
        """For each stretch that is nearly the name of just one thing: its id, and how alike (0..1)."""
        stretches = [tuple(words) for words in heard if sum(map(len, words)) >= SHORTEST - 1]
        if not stretches or not self._aliases:
            return {}
        joined = ["".join(words) for words in stretches]
        alike = cdist(joined, self._letters, scorer=Levenshtein.normalized_similarity, score_cutoff=LEAST_LETTERS)
        best: dict[tuple[str, ...], dict[str, float]] = {}
        for i, j in zip(*alike.nonzero(), strict=True):
            name_id = self._aliases[j].id
            likeness = self._likeness(stretches[i], j, float(alike[i, j]))
            of_stretch = best.setdefault(stretches[i], {})
            of_stretch[name_id] = max(likeness, of_stretch.get(name_id, 0.0))
        return {words: found for words, by_id in best.items() if (found := _clear_best(by_id))}

    def _likeness(self, heard: Sequence[str], nth: int, by_letters: float) -> float:
        alias, sound = self._aliases[nth], self._sounds[nth]
        if abs(len(heard) - len(alias.words)) > self._locale.SPLITS:
            return 0.0
        if by_letters >= LEAST_ALIKE and (heard[0][0] == alias.letters[0] or heard[-1][-1] == alias.letters[-1]):
            return by_letters
        if len(sound) < SHORTEST_SOUND:
            return 0.0
        by_sound = Levenshtein.normalized_similarity(self._locale.sound(" ".join(heard)), sound)
        return (by_letters + by_sound) / 2 if by_sound >= LEAST_SOUND else 0.0


def _clear_best(likeness_by_id: dict[str, float]) -> tuple[str, float] | None:
    (best, likeness), *others = sorted(likeness_by_id.items(), key=lambda item: -item[1])
    if likeness == 0.0 or (others and likeness - others[0][1] <= MARGIN):
        return None
    return best, likeness
