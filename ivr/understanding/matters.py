"""Several matters in one utterance: "the drain on ward four, and the printer on ward five".

An utterance is taken apart where a joint ("and also") or a pause may begin another matter, and put together again:
a clause is a matter of its own where it is surely about a topic, and about another one than the clauses before it or
at another place. "The drain and the sink on ward four" and "a black and white printer" are one matter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.documents import OUT_OF_SCOPE, LanguagePack
from ivr.locales.registry import locale
from ivr.ports import Understanding
from ivr.understanding.patterns import Patterns, Span
from ivr.understanding.words import TokenizedText

SURE = 0.7  # that a clause is about its topic
MIXED = 0.05  # what the utterance as a whole gives a topic that is one of several
MIXED_NAMED = 0.003  # the same for one told with a place or thing of its own
SURE_APART = 0.85  # after a break a clause needs no share in the whole, when it is as sure as this
FEWEST_WORDS = 2
MOST = 3  # matters; what more there is stays with the last, for a person to read

Understand = Callable[[int, int], Understanding]  # the words [start, end) by themselves


@dataclass(frozen=True)
class WholeUtterance:
    """The utterance as one matter, and what in it must not be taken apart."""

    said: TokenizedText
    understood: Understanding
    names: Sequence[tuple[int, int]]  # stretches of the text
    places_apart: bool  # several places are several matters: none is only where something comes from, or is not

    def share(self, topic: str) -> float:
        """How much of the whole is about a topic, 0..1."""
        intent = self.understood.intent
        known = dict(intent.alternatives)
        return intent.confidence if topic == intent.topic else known.get(topic, 0.0)

    def in_name(self, at: int) -> bool:
        """Whether the word there and the one before are of one name."""
        before, here = self.said.tokens[at - 1].start, self.said.tokens[at].start
        return any(start <= before and here < end for start, end in self.names)


@dataclass(frozen=True)
class MatterPart:
    """One matter: its words [start, end), and what they mean."""

    span: Span
    understood: Understanding
    apart: bool = False  # told after a break


class MatterSplitter:
    """Finds the matters in utterances of one language."""

    def __init__(self, pack: LanguagePack) -> None:
        self._locale = locale(pack.language)
        self._joints = Patterns([*pack.matter_joints, *pack.matter_breaks], pack.sets)
        self._breaks = Patterns(pack.matter_breaks, pack.sets)
        self._same = Patterns(pack.matter_same, pack.sets)

    def breaks(self, said: TokenizedText) -> frozenset[int]:
        """Before which words another matter very likely begins, whatever it is about."""
        ends = (at for at in said.pauses if at < len(said.words) and self._ends_sentence(said, at))
        return frozenset((*ends, *(end for _, end in self._breaks.spans(said)))) - {len(said.words)}

    def _ends_sentence(self, said: TokenizedText, at: int) -> bool:
        return self._locale.ends_sentence(said.text[said.tokens[at - 1].end : said.tokens[at].start])

    def split(self, whole: WholeUtterance, understand: Understand) -> list[Understanding]:
        """The matters told, each as understood by itself, at most MOST."""
        parts: list[MatterPart] = []
        breaks = self.breaks(whole.said)
        for span in self._clauses(whole):
            clause = MatterPart(span, understand(*span), span[0] in breaks)
            if not parts or (len(parts) < MOST and self._another(whole, clause, parts)):
                parts.append(clause)
            else:
                parts[-1] = _joined(parts[-1], clause, whole, understand)
        return [understand(*each.span) for each in parts] if len(parts) > 1 else []

    def _clauses(self, whole: WholeUtterance) -> list[Span]:
        """What stands between joints and pauses."""
        said, size = whole.said, len(whole.said.words)
        joints = {start: end for start, end in sorted(self._joints.spans(said))}  # the longest of each start
        clauses, start, at = [], 0, 1
        while at < size:
            end = max(joints.get(at, at), at)
            if (end > at or at in said.pauses) and end < size and not whole.in_name(at):
                clauses.append((start, at))
                start = end
            at = max(end, at + 1)
        return [span for span in (*clauses, (start, size)) if span[0] < span[1]]

    def _another(self, whole: WholeUtterance, clause: MatterPart, parts: Sequence[MatterPart]) -> bool:
        if not (_stands(parts[-1], whole, clause.apart) and _stands(clause, whole, clause.apart)):
            return False
        if self._goes_on(whole.said, clause.span[0]):
            return False
        return all(_differ(clause.understood, each.understood, whole.places_apart) for each in parts)

    def _goes_on(self, said: TokenizedText, start: int) -> bool:
        """What begins there speaks of the matter before it."""
        rest = TokenizedText(said.text, said.tokens[start:], said.words[start:], frozenset())
        return any(begin == 0 for begin, _ in self._same.spans(rest))


def _joined(before: MatterPart, clause: MatterPart, whole: WholeUtterance, understand: Understand) -> MatterPart:
    span = (before.span[0], clause.span[1])
    stands = _stands(before, whole, before.apart)
    return MatterPart(span, before.understood if stands else understand(*span), before.apart)


def _stands(clause: MatterPart, whole: WholeUtterance, apart: bool) -> bool:
    """Surely a matter by itself, of which the whole knows as well."""
    part = clause.understood
    topic, named = part.intent.topic, part.place or part.asset
    if topic == OUT_OF_SCOPE or clause.span[1] - clause.span[0] < FEWEST_WORDS:
        return False
    share = whole.share(topic) >= (MIXED_NAMED if named else MIXED)
    return part.intent.confidence >= (SURE if share else SURE_APART) and (share or apart)


def _differ(one: Understanding, other: Understanding, places_apart: bool) -> bool:
    if one.intent.topic != other.intent.topic:
        return True
    return places_apart and one.place is not None and other.place is not None and one.place.id != other.place.id
