"""What an utterance does rather than what it is about: ask for a person, say yes, correct a word."""

from config.documents import LanguagePack
from ivr.understanding.patterns import Patterns
from ivr.understanding.words import TokenizedText

ORDER = ("repeat", "person", "status", "callback", "no", "yes")  # "no that's right" is told by its patterns


class Acts:
    """The acts of one language, each a list of patterns."""

    def __init__(self, pack: LanguagePack) -> None:
        self._patterns = {name: Patterns(getattr(pack, name), pack.sets) for name in ORDER}
        self._corrections = Patterns(pack.correction, pack.sets)
        self._not_acts = Patterns(pack.not_acts, pack.sets)

    def find(self, said: TokenizedText) -> str | None:
        """The first act of ORDER whose words were said, or None."""
        return next((name for name in ORDER if self._said(name, said)), None)

    def begins_with_yes(self, said: TokenizedText) -> bool:
        """Its first word by itself is a yes; what follows may say what about."""
        first = said.tokens[:1]
        alone = TokenizedText(said.text, first, said.words[:1], frozenset())
        return bool(first) and self._patterns["yes"].found(alone)

    def _said(self, name: str, said: TokenizedText) -> bool:
        if name in ("yes", "no"):
            return self._patterns[name].found(said)
        masked = {at for start, end in self._not_acts.spans(said) for at in range(start, end)}
        return any(not masked.issuperset(range(*span)) for span in self._patterns[name].spans(said))

    def corrects(self, said: TokenizedText) -> bool:
        """The words announce that something heard before was wrong."""
        return self._corrections.found(said)
