"""Why somebody is next, or where they are: what a person at the desk is told of the order. Pure."""

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
    positions: dict[str, int] = {}
    first: dict[tuple[str, int], str] = {}  # of those of a crew and level who may be offered, who has waited longest
    told = []
    for entry in sorted(waiting, key=place):
        ready = due(entry, now)
        if ready:
            first.setdefault((entry.crew, level(entry)), entry.id)
        positions[entry.crew] = positions.get(entry.crew, 0) + ready
        crews = reach(entry, now, rules)
        longest = first.get((entry.crew, level(entry))) == entry.id
        position = positions[entry.crew] if ready else 0
        told.append(Turn(entry, position, _why(entry, ready, longest, len(crews) > 1), crews))
    return told


def _why(entry: QueueEntry, ready: bool, longest: bool, overflowed: bool) -> tuple[Why, ...]:
    if not ready:
        return (Why.NOT_YET,)
    given = {
        Why.CRITICAL: entry.urgency == "critical",
        Why.HIGH: entry.urgency == "high",
        Why.LOW: entry.urgency == "low",
        Why.PRESSING: entry.pressing,
        Why.REPEATED: entry.contacts > 0,
        Why.LONGEST: longest,
        Why.BEHIND: not longest,
        Why.OVERFLOW: overflowed,
        Why.KNOWN: entry.last_agent is not None,
    }
    return tuple(why for why, holds in given.items() if holds)
