"""The two clocks that a service goes by."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clocks:
    """Aware datetimes in UTC."""

    now: Clock = utc_now  # what waiting is measured with
    wall: Clock = utc_now  # what people are told by
