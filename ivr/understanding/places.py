"""Which of the names in an utterance is the one that is meant."""

from collections.abc import Mapping, Sequence

from config.documents import LanguagePack
from ivr.ports import PlaceHeard
from ivr.understanding.gazetteer import Gazetteer, Mention
from ivr.understanding.patterns import Patterns
from ivr.understanding.words import TokenizedText

RANKS = 100  # a room says more than a ward, a ward more than a name: see gazetteer


class Names:
    """Finds the one place, or thing, that an utterance is about."""

    def __init__(self, names: Mapping[str, Sequence[str]], pack: LanguagePack) -> None:
        """`names`: id → ways to say it, the spoken name first."""
        self._spoken = {name_id: ways[0] for name_id, ways in names.items() if ways}
        self._gazetteer = Gazetteer([(name_id, way) for name_id, ways in names.items() for way in ways], pack)
        self._roles = {
            role: Patterns(lines, pack.sets)
            for role, lines in (
                ("not", pack.place_not), ("aside", pack.place_aside), ("from", pack.place_from), ("to", pack.place_to),
            )
        }  # fmt: skip

    def find(self, said: TokenizedText) -> tuple[PlaceHeard | None, list[Mention]]:
        """The name meant, if there is just one; and every mention."""
        mentions = self._gazetteer.mentions(said)
        meant = self._meant(mentions, said)
        if meant is None:
            return None, mentions
        words = said.heard(meant.start, meant.end)
        return PlaceHeard(meant.id, self._spoken[meant.id], words, round(meant.confidence, 2)), mentions

    def rejected(self, mentions: Sequence[Mention], said: TokenizedText) -> list[Mention]:
        """Those the caller says it is not."""
        ends = self._roles["not"].ending_at(said)
        return [mention for mention in mentions if mention.start in ends]

    def plain(self, mentions: Sequence[Mention], said: TokenizedText) -> bool:
        """Whether each is named as where something is, and none only as where it goes to, comes from, or is not."""
        return not any(mention.start in roles.ending_at(said) for roles in self._roles.values() for mention in mentions)

    def _meant(self, mentions: Sequence[Mention], said: TokenizedText) -> Mention | None:
        left = [mention for mention in mentions if mention not in self.rejected(mentions, said)]
        at = {role: patterns.ending_at(said) for role, patterns in self._roles.items()}
        came_from = [mention for mention in left if mention.start in at["from"]]
        if came_from:
            return _only(came_from)
        for role in ("aside", "to"):
            rest = [mention for mention in left if mention.start not in at[role]]
            left = rest or left
        most = max((mention.rank // RANKS for mention in left), default=0)
        return _only([mention for mention in left if mention.rank // RANKS == most])


def _only(mentions: Sequence[Mention]) -> Mention | None:
    """The mention, if all mean the same; the longest way it was said."""
    if len({mention.id for mention in mentions}) != 1:
        return None
    return max(mentions, key=lambda mention: (mention.confidence, mention.end - mention.start))
