"""How often somebody may get a password wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class LoginRate:
    """Tries per key (login and address, or address alone) within a window; those being checked count as wrong."""

    limit: int = 6
    window_s: int = 300

    def since(self, at: datetime) -> datetime:
        return at - timedelta(seconds=self.window_s)

    def wait_s(self, others: Sequence[datetime], at: datetime) -> int:
        """Seconds until this key may try again, given its other tries in the window, oldest first; 0 = now."""
        if len(others) < self.limit:
            return 0
        return max(1, int(self.window_s - (at - others[-self.limit]).total_seconds()))


@dataclass
class AuditedWaits:
    """Which waits the audit knows of: a flood of guesses is no flood of records. The oldest are forgotten first."""

    keys: int = 10_000
    _until: dict[str, datetime] = field(default_factory=dict)

    def is_new(self, key: str, at: datetime, wait_s: int) -> bool:
        """Whether this key's wait was not told yet."""
        known = self._until.pop(key, None)
        self._until[key] = known if known is not None and known > at else at + timedelta(seconds=wait_s)
        while len(self._until) > self.keys:
            self._until.pop(next(iter(self._until)))
        return known is None or known <= at
