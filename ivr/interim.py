"""What the caller's words mean before the caller has finished: help does not wait for a pause. Pure.

An interim reading ends anywhere: "it is not an emerg", "there is a fire" of "there is a fire door". So a wish counts
once enough words follow it, or once it still stands in a later reading.
"""

from collections.abc import Awaitable, Callable

from ivr.ports import Understanding

SETTLED_WORDS = 5  # that many further words neither denied it nor made it a name
REPEATED_MS = 1_000  # between two readings in which it stands
SHORT_WORDS = 6  # in more, a number may be any number
TOPIC_GUESS = 0.5
WHILE_WAITING = ("person", "callback", "repeat")  # what music is interrupted for


class Interim:
    """The interim readings of one utterance, in order."""

    def __init__(self, understand: Callable[[str], Awaitable[Understanding]]) -> None:
        self._understand = understand
        self._stood: str | None = None  # the wish of the last reading …
        self._stood_ms = 0  # … and since when it has stood
        self.last: Understanding | None = None

    async def urgent(self, text: str, at_ms: int) -> Understanding | None:
        """The meaning of the words so far when they hold an emergency or the wish for a person, and that is certain."""
        self.last = await self._understand(text)
        wish = wish_of(self.last)
        if wish != self._stood:
            self._stood, self._stood_ms = wish, at_ms
        if wish is None:
            return None
        repeated = at_ms - self._stood_ms >= REPEATED_MS
        return self.last if repeated or await self._is_settled(text, wish) else None

    async def _is_settled(self, text: str, wish: str) -> bool:
        before = " ".join(text.split()[:-SETTLED_WORDS])
        return bool(before) and wish_of(await self._understand(before)) == wish


def wish_of(understanding: Understanding) -> str | None:
    """What is obeyed at any moment."""
    if is_alarming(understanding):  # one that is doubted is asked about at once, too
        return "emergency"
    return "person" if understanding.act == "person" else None


def is_meant_while_waiting(understanding: Understanding) -> bool:
    """Whether words are for the line although it plays music: talk in the room is no reason to interrupt that."""
    wanted = understanding.act in WHILE_WAITING
    return wanted or is_alarming(understanding) or understanding.correction


def is_alarming(understanding: Understanding) -> bool:
    """An emergency for whoever cannot be asked: where the rule heard one, though it is doubted."""
    danger = understanding.danger
    return understanding.emergency is not None or (danger is not None and danger.by_rule)


def is_meant(understanding: Understanding) -> bool:
    """Whether words are for the line: they name a matter, a place, a wish, or answer a question."""
    short = len(understanding.text.split()) <= SHORT_WORDS
    intent = understanding.intent
    return bool(
        understanding.emergency or understanding.danger or understanding.act
        or understanding.place or understanding.asset or understanding.correction or understanding.either
        or (understanding.digits and short)
        or (intent.topic != "oos" and intent.confidence >= TOPIC_GUESS)
    )  # fmt: skip
