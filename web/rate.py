"""How often somebody may get a password wrong."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class LoginRate:
    """Wrong passwords per key (login and address, or address alone) within a window.

    The memory is bounded: the keys longest unused are forgotten first.
    """

    limit: int = 6
    window_s: int = 300
    keys: int = 10_000
    _wrong: dict[str, deque[datetime]] = field(default_factory=dict)
    _refused: dict[str, datetime] = field(default_factory=dict)  # the wrong password that began the wait

    def wait_s(self, key: str, at: datetime) -> int:
        """Seconds until this key may try again; 0 = now."""
        wrong = self._recent(key, at)
        if len(wrong) < self.limit:
            return 0
        return max(1, int(self.window_s - (at - wrong[-self.limit]).total_seconds()))

    def first_refusal(self, key: str, at: datetime) -> bool:
        """Whether this key has to wait, and was not told so since its last wrong password."""
        if not self.wait_s(key, at):
            return False
        last_wrong = self._wrong[key][-1]
        told, self._refused[key] = self._refused.get(key), last_wrong
        return told != last_wrong

    def note_wrong(self, key: str, at: datetime) -> None:
        wrong = self._recent(key, at)
        wrong.append(at)
        self._wrong.pop(key, None)
        self._wrong[key] = wrong
        while len(self._wrong) > self.keys:
            self.forget(next(iter(self._wrong)))

    def forget(self, key: str) -> None:
        self._wrong.pop(key, None)
        self._refused.pop(key, None)

    def _recent(self, key: str, at: datetime) -> deque[datetime]:
        wrong = self._wrong.get(key, deque(maxlen=self.limit))
        while wrong and at - wrong[0] >= timedelta(seconds=self.window_s):
            wrong.popleft()
        return wrong
