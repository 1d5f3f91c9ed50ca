"""Why somebody is next, or where they are: what a person at the desk is told of the order. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from config.documents import WaitingRules
from routing.model import QueueEntry
from routing.policy import due, level, place, reach


class Why(StrEnum):
    """What gives an entry its place, the weightiest first."""

    CRITICAL = "critical"
    HIGH = "high"
    LOW = "low"
    PRESSING = "pressing"  # what was promised is about to break, or is broken
    REPEATED = "repeated"  # the caller calls about this again
    LONGEST = "longest"  # of those whom nothing else tells apart, they have waited longest
    BEHIND = "behind"  # others of these have waited longer
    OVERFLOW = "overflow"  # other crews take them as well by now
    KNOWN = "known"  # somebody has talked about this matter before, and takes them where they are free
    NOT_YET = "not_yet"  # a callback that is not due, or a caller who is choosing one


@dataclass(frozen=True)
class Turn:
    """An entry's place among those who wait for its crew."""

    entry: QueueEntry
    position: int  # 1: the next; of those whose turn may come now
    why: tuple[Why, ...]
    crews: tuple[str, ...]  # that take them by now: their own, then those to which they overflowed

    @property
    def is_next(self) -> bool:
        return self.position == 1


def turns(waiting: Iterable[QueueEntry], now: datetime, rules: WaitingRules) -> list[Turn]:
    """Of everybody, in the order in which turns come."""
    order = sorted(waiting, key=place)
    alike = Counter(_kind(entry) for entry in order if due(entry, now))
    positions, seen, told = Counter[str](), Counter[tuple[str, int]](), []
    for entry in order:
        ready, crews = due(entry, now), reach(entry, now, rules)
        positions[entry.crew] += ready
        seen[_kind(entry)] += ready
        position = positions[entry.crew] if ready else 0
        longest, alone = seen[_kind(entry)] == 1, alike[_kind(entry)] == 1
        told.append(Turn(entry, position, _why(entry, longest, alone, crews) if ready else (Why.NOT_YET,), crews))
    return told


def _kind(entry: QueueEntry) -> tuple[str, int]:
    """Among these, who has waited longest is first."""
    return (entry.crew, level(entry))


def _why(entry: QueueEntry, longest: bool, alone: bool, crews: tuple[str, ...]) -> tuple[Why, ...]:
    """`alone`: nobody else is of this kind, so what makes the kind says all."""
    given = {
        Why.CRITICAL: entry.urgency == "critical",
        Why.HIGH: entry.urgency == "high",
        Why.LOW: entry.urgency == "low",
        Why.PRESSING: entry.pressing,
        Why.REPEATED: entry.contacts > 0,
    }
    kind = [why for why, holds in given.items() if holds]
    given = {
        Why.LONGEST: longest and not (alone and kind),
        Why.BEHIND: not longest,
        Why.OVERFLOW: len(crews) > 1,
        Why.KNOWN: entry.last_agent is not None,
    }
    return (*kind, *(why for why, holds in given.items() if holds))
