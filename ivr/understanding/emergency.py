"""Emergency words: deterministic, word-bounded, negation-aware, before and without any model.

An utterance is an emergency when one of the pack's phrases is in it and nothing takes that phrase back:
a name ("fire door"), a negation ("no fire"), or words around it that put it elsewhere ("a stroke last year").
What puts one phrase elsewhere leaves every other phrase standing, and gives way to words that say it happens now.
The same is tried once more with words that recognisers confuse put right; either finding is enough, because
a false alarm costs a minute and a missed one a life.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from config.documents import LanguagePack
from ivr.locales.registry import locale
from ivr.ports import EmergencyHeard
from ivr.understanding.cries import Cries
from ivr.understanding.patterns import Patterns, Span
from ivr.understanding.sounds import Soundalikes
from ivr.understanding.words import Token, TokenizedText, utterance_in

HIT = "*"  # in patterns of `elsewhere` and `now`: the emergency phrase they are about


class EmergencyWords:
    """The emergency rule of one language."""

    def __init__(self, pack: LanguagePack) -> None:
        denials = [line for line in pack.negations if line.isalpha()]  # "he did not collapse" has one in its gap
        self._hits = Patterns(pack.emergency, pack.sets, never_in_gap=denials)
        self._names = Patterns(pack.not_emergency, pack.sets)
        self._negations = Patterns(pack.negations, pack.sets)
        self._elsewhere = Patterns(pack.elsewhere, pack.sets, never_in_gap=pack.clauses, over_pauses=False)
        self._now = Patterns(pack.now, pack.sets)
        self._links = frozenset(pack.negation_links)
        self._things = frozenset(pack.things)
        self._respelling = Respelling(pack)
        self._cries = Cries(pack)

    def find(self, said: TokenizedText) -> EmergencyHeard | None:
        """What makes the utterance an emergency, or None."""
        words = self._standing(said) or self._standing(self._respelling.apply(said))
        if not words and self._cries.is_cry(said):
            words = [said.heard(0, len(said.words))]
        return EmergencyHeard(tuple(words)) if words else None

    def saw(self, said: TokenizedText) -> bool:
        """An emergency phrase is in the utterance as it was written, whether it stands or was taken back."""
        return self._hits.found(said)

    def _standing(self, said: TokenizedText) -> list[str]:
        """The emergency phrases of the utterance that nothing takes back."""
        hits = sorted(self._hits.spans(said), key=lambda span: (span[0], -span[1]))
        if not hits:
            return []
        named = {at for start, end in self._names.spans(said) for at in range(start, end)}
        hits = [hit for hit in hits if not named.intersection(range(*hit)) and not self._is_name(hit, said)]
        hits = self._not_denied(hits, said)
        if not self._is_now(said, named):
            hits = [hit for hit in hits if not self._is_elsewhere(hit, said)]
        return list(dict.fromkeys(said.heard(start, end) for start, end in hits))

    def _is_now(self, said: TokenizedText, named: set[int]) -> bool:
        """Something says that it is happening; "she's fine now" is a name, not a now."""
        return not all(named.issuperset(range(*span)) for span in self._now.spans(said))

    def _is_elsewhere(self, hit: Span, said: TokenizedText) -> bool:
        """Past, planned, practised or asked about, by words that stand around this very hit."""
        marked = said.collapsed(*hit, HIT)
        if any(start <= hit[0] < end for start, end in self._now.spans(marked)):
            return False
        return any(start <= hit[0] < end for start, end in self._elsewhere.spans(marked))

    def _is_name(self, hit: Span, said: TokenizedText) -> bool:
        end = hit[1]
        return end < len(said.words) and end not in said.pauses and said.words[end] in self._things

    def _not_denied(self, hits: Sequence[Span], said: TokenizedText) -> list[Span]:
        """Without those a negation leads up to; "no smoke or fire" denies both."""
        negation_ends = self._negations.ending_at(said)
        denied: set[int] = set()
        standing = []
        for start, end in hits:
            at = start
            while at > 0 and at not in negation_ends and (said.words[at - 1] in self._links or at - 1 in denied):
                at -= 1
            if at in negation_ends:
                denied.update(range(start, end))
            else:
                standing.append((start, end))
        return [hit for hit in standing if not denied.issuperset(range(*hit))]


class Respelling:
    """Puts right what recognisers write for emergency words, phrase by phrase."""

    def __init__(self, pack: LanguagePack) -> None:
        self._alternatives: dict[tuple[str, ...], tuple[str, ...]] = {}
        for meant, heard_as in pack.emergency_sounds_like.items():
            for heard in heard_as:
                self._alternatives[utterance_in(pack, heard).words] = utterance_in(pack, meant).words
        self._longest = max((len(words) for words in self._alternatives), default=0)
        self._sounds = Soundalikes(pack.emergency_by_sound, locale(pack.language).sound)
        self._denials = frozenset(line for line in pack.negations if line.isalpha())

    def apply(self, said: TokenizedText) -> TokenizedText:
        """The utterance with confused words put right; pauses and spans kept."""
        sounding = self._sounds.find(list(self._windows(said)))
        tokens: list[Token] = []
        at = 0
        while at < len(said.words):
            taken, words = self._at(said, at, sounding)
            span = said.tokens[at : at + taken]
            tokens += [Token(word, span[0].start, span[-1].end) for word in words]
            tokens[-1] = replace(tokens[-1], pause=span[-1].pause)
            at += taken
        pauses = frozenset(i + 1 for i, token in enumerate(tokens) if token.pause)
        return TokenizedText(said.text, tuple(tokens), tuple(token.text for token in tokens), pauses)

    def _windows(self, said: TokenizedText) -> Iterator[str]:
        """Every run of words that might be a phrase; a negation is never overheard, so none is in them."""
        for start in range(len(said.words)):
            for end in range(start + 1, min(start + self._sounds.longest, len(said.words)) + 1):
                if said.words[end - 1] in self._denials:
                    break
                yield " ".join(said.words[start:end])

    def _at(
        self, said: TokenizedText, at: int, sounding: Mapping[str, tuple[float, str]]
    ) -> tuple[int, tuple[str, ...]]:
        """How many words are replaced at `at`, and by what; one word by itself where nothing is."""
        for size in range(min(self._longest, len(said.words) - at), 0, -1):
            meant = self._alternatives.get(said.words[at : at + size])
            if meant:
                return size, meant
        best = (0.0, "", 1)
        for size in range(1, min(self._sounds.longest, len(said.words) - at) + 1):
            found = sounding.get(" ".join(said.words[at : at + size]))
            best = max(best, (*found, size)) if found else best
        return (best[2], tuple(best[1].split())) if best[1] else (1, (said.words[at],))
