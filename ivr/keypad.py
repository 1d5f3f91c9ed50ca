"""Keys and the questions they answer: which are too old for a question, and how long a number waits for its next digit.

Time is the leg's, in ms. What a key means depends on the keys right before it: those that follow each other quickly
are one run, and a run that began before a question could be heard answers nothing of it. A number that ended by a
pause stays open for a while: a slow hand's next digit belongs to it, and not to the question that came in between.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum

from ivr.ports import Key

DIGITS = frozenset("0123456789")
PERSON, REPEAT, HASH = "0", "*", "#"
EAR_MS = 150  # a key is told when it is released, and what we play takes its time to the ear
RUN_MS = 250  # keys closer than this were meant together
ROLL_MS = 150  # no finger goes from key to key so fast: it is a hand on the keypad, a pocket, a machine
LONG_MS = 6_000  # the number lacks digits
SHORT_MS = 4_000  # it may be complete, or may be a command
OPEN_MS = 10_000  # so long after its last digit may a number that ended by a pause go on
BEGIN_MS = 10_000  # until a number's first key: it may have to be looked up
PANIC = 3  # the emergency key so often in a row is no number


def digits_of(keys: str) -> str:
    """The digits alone: the hash ends a number, a star within one separates."""
    return "".join(key for key in keys if key in DIGITS)


def _never(digits: str) -> bool:
    return False


@dataclass(frozen=True)
class DigitMap:
    """Which numbers a question expects, as H.248 maps digits: when one is complete, and whether more may follow."""

    most: int  # digits
    codes: frozenset[str] = frozenset()  # all the numbers there are; empty: any
    complete: Callable[[str], bool] = _never  # of any number: whether it needs no further digit
    emergency: str = "9"

    def wait_ms(self, keys: str) -> int:
        """How long to wait for the key after these; 0: they are the whole answer."""
        digits = digits_of(keys)
        if keys[-1:] == HASH or len(digits) >= self.most or set(keys) == {REPEAT} or self.panics(keys):
            return 0
        if set(keys) == {self.emergency}:
            return SHORT_MS
        if set(keys) == {PERSON} and not self.extends(digits):
            return SHORT_MS if len(keys) == 1 else 0
        if self.is_complete(digits):
            return SHORT_MS if self.extends(digits) else 0
        return LONG_MS if self.extends(digits) else SHORT_MS

    def is_complete(self, digits: str) -> bool:
        return digits in self.codes or self.complete(digits)

    def extends(self, digits: str) -> bool:
        """Whether there may be a longer number that begins so."""
        return not self.codes or any(code != digits and code.startswith(digits) for code in self.codes)

    def panics(self, keys: str) -> bool:
        """The emergency key alone, again and again, where no number begins so."""
        again = PANIC if self.extends(digits_of(keys)) else 2
        return set(keys) == {self.emergency} and len(keys) >= again

    def stays_open(self, keys: str) -> bool:
        """Whether digits that come after a pause still belong to it; a telephone number may begin with a lone zero."""
        digits = digits_of(keys)
        command = set(keys) == {self.emergency} or (set(keys) == {PERSON} and bool(self.codes))
        return bool(digits) and not command and self.extends(digits) and not self.complete(digits)


class KeyRole(StrEnum):
    ANSWERS = "answers"  # what is asked now
    CONTINUES = "continues"  # the number that ended by a pause
    ENDS = "ends"  # the number before, which was over without it
    EARLY = "early"  # too old for what is asked now, and no command


@dataclass(frozen=True)
class OpenNumber:
    """A number that ended by a pause."""

    keys: str
    expected: DigitMap


class Keypad:
    """The keys of one leg: each is weighed once, in the order they came."""

    def __init__(self, emergency: str = "9") -> None:
        self.commands = frozenset({PERSON, REPEAT, emergency})
        self.open: OpenNumber | None = None
        self._number_over = False  # the last key was the last of a number without a hash
        self._last: Key | None = None
        self._gap_ms = OPEN_MS
        self._run = ""
        self._run_began_ms = 0
        self._question: Hashable = None
        self._since_ms = 0

    def asks(self, question: Hashable, at_ms: int) -> None:
        """A question begins to be spoken; what is asked once more in the same words is the same question."""
        if question is None or question != self._question:
            self._question, self._since_ms = question, at_ms

    def forget_number(self) -> None:
        """Digits from now on answer what is asked now; none goes on with a number."""
        self.open = None

    @property
    def blind(self) -> bool:
        """Whether the last key was pressed before what is asked now could be heard."""
        return self._run_began_ms < self._since_ms + EAR_MS

    def weigh(self, key: Key, ahead: bool) -> KeyRole:
        """What the first key of a turn is to it; `ahead`: keys pressed before the question began may answer it."""
        number_over, open_number = self._number_over, self.open
        self.note(key)
        self.open = None
        if key == HASH and number_over and self._gap_ms < OPEN_MS:
            return KeyRole.ENDS
        if open_number and key in DIGITS and self._gap_ms < OPEN_MS:
            self.open = open_number
            return KeyRole.CONTINUES
        timely = ahead or not self.blind
        if key in self.commands:
            timely = set(self._run) == {key} or (timely and self._gap_ms >= ROLL_MS)
        return KeyRole.ANSWERS if timely else KeyRole.EARLY

    def note(self, key: Key) -> None:
        """A key was pressed, whatever it means."""
        self._gap_ms = key.at_ms - self._last.at_ms if self._last else OPEN_MS
        if self._gap_ms >= RUN_MS:
            self._run, self._run_began_ms = "", key.at_ms
        self._run += key
        self._last, self._number_over = key, False

    def number_ended(self, keys: str, expected: DigitMap) -> None:
        """By a hash, by a pause, or because it was complete."""
        self._number_over = not keys.endswith(HASH)
        paused = self._number_over and expected.wait_ms(keys) > 0
        self.open = OpenNumber(keys, expected) if paused and expected.stays_open(keys) else None
