"""How long a caller will probably wait, from what goes on now; and what of it is worth saying. Pure.

Of the agents who could take the caller, each is free again when their talk and after-call work are over. What that
takes is known from those of late; so the next of N comes free after an Nth of what is left to one of them in the mean,
and each who is before the caller takes another Nth of a whole one. For times without memory this is exact (M/M/N,
first come, first served); of others it is an estimate, whose error is measured (`told_error`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median

from config.documents import WaitingRules
from routing.model import Agent, AgentState, QueueEntry
from routing.policy import due, page_alive, place, reach, serves
from routing.waits import Handled, ToldWait

LATELY_H = 4  # talks that ended before say little about now
SAMPLES = 50  # nor do more of them
ENOUGH = 5  # with fewer, nothing is said
AT_WORK = (AgentState.AVAILABLE, AgentState.RESERVED, AgentState.ON_CALL, AgentState.AFTER_CALL_WORK)
SOON_S = 15  # hardly worth a sentence
STEPS_MIN = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120)  # what is said: as exact as anybody can know it
OVER = 1.1  # so much of a step is still said as that step


@dataclass(frozen=True)
class LineNow:
    """What estimates are made from, at one moment."""

    agents: Sequence[Agent]
    handled: Sequence[Handled]
    now: datetime
    rules: WaitingRules


@dataclass(frozen=True)
class Told:
    """What a caller is told of their wait."""

    minutes: int | None  # one of the steps; None: longer than the last
    longer: bool = False  # than they were told before


@dataclass(frozen=True)
class LastTold:
    """What they were told before."""

    minutes: int | None
    waited_s: int  # by then


@dataclass(frozen=True)
class _Capacity:
    """Of the agents who take callers of one kind."""

    agents: int
    free: int
    left_s: float  # until one of them is free again, in the mean
    whole_s: float  # that a caller takes
    shares: Mapping[str, float]  # crew → how much of its callers these take


def expected_wait_s(entry: QueueEntry, ahead: Mapping[str, int], line: LineNow) -> float | None:
    """In seconds from now; None where nobody is at work for the caller, or too little is known.

    `ahead`: how many come before them, by crew.
    """
    capacity = _capacity(entry.crew, reach(entry, line.now, line.rules), entry.node, line)
    return _expected_s(capacity, ahead) if capacity else None


def estimates(waiting: Iterable[QueueEntry], line: LineNow) -> dict[str, float | None]:
    """Of everybody who waits, by the entry's id."""
    ahead: dict[str, int] = {}
    known: dict[tuple[object, ...], _Capacity | None] = {}  # callers of one kind are taken by the same agents
    found: dict[str, float | None] = {}
    for entry in sorted(waiting, key=place):
        kind = entry.crew, reach(entry, line.now, line.rules), entry.node
        if kind not in known:
            known[kind] = _capacity(*kind, line)
        capacity = known[kind]
        found[entry.id] = _expected_s(capacity, ahead) if capacity else None
        if entry.call_id or due(entry, line.now):
            ahead[entry.crew] = ahead.get(entry.crew, 0) + 1
    return found


def _capacity(crew: str, crews: Collection[str], node: str | None, line: LineNow) -> _Capacity | None:
    there = [each for each in line.agents if each.state in AT_WORK and page_alive(each, line.now, line.rules)]
    able = [agent for agent in there if serves(agent, crews, node)]
    times = _times_of(crew, line.handled)
    if not able or times is None:
        return None
    free = sum(agent.state is AgentState.AVAILABLE for agent in able)
    left_s = fmean(_left_s(agent, times, line.now) for agent in able)
    return _Capacity(len(able), free, left_s, _whole_s(times), _shares(there, able))


def _shares(there: Sequence[Agent], able: Sequence[Agent]) -> dict[str, float]:
    """Callers of a crew are taken by its agents alike."""
    theirs = Counter(crew for agent in there for crew in agent.crews)
    ours = Counter(crew for agent in able for crew in agent.crews)
    return {crew: ours[crew] / count for crew, count in theirs.items()}


def _expected_s(capacity: _Capacity, ahead: Mapping[str, int]) -> float:
    before = sum(count * capacity.shares.get(crew, 0.0) for crew, count in ahead.items())
    return 0.0 if before < capacity.free else (capacity.left_s + before * capacity.whole_s) / capacity.agents


def _times_of(crew: str, handled: Sequence[Handled]) -> Sequence[Handled] | None:
    """The crew's own, else everybody's."""
    own = [each for each in handled if each.crew == crew]
    times = own if len(own) >= ENOUGH else handled
    return times if len(times) >= ENOUGH else None


def _left_s(agent: Agent, times: Sequence[Handled], now: datetime) -> float:
    since_s = (now - agent.state_since).total_seconds()
    match agent.state:
        case AgentState.AVAILABLE:
            return 0.0
        case AgentState.ON_CALL:
            return _rest_s([each.talk_s + each.wrap_up_s for each in times], since_s)
        case AgentState.AFTER_CALL_WORK:
            return _rest_s([each.wrap_up_s for each in times], since_s)
    return _whole_s(times)


def _whole_s(times: Sequence[Handled]) -> float:
    return fmean(each.talk_s + each.wrap_up_s for each in times)


def _rest_s(times_s: Sequence[float], since_s: float) -> float:
    """The mean of what was left, of those that had lasted as long; beyond all of them, of a whole one."""
    rests = [each - since_s for each in times_s if each > since_s]
    return fmean(rests or times_s)


def told_minutes(wait_s: float) -> int | None:
    """Rounded up to a step, but for a trifle; None: longer than the last."""
    return next((step for step in STEPS_MIN if wait_s <= step * 60 * OVER), None)


def worth_telling(wait_s: float | None, waited_s: int, last: LastTold | None) -> Told | None:
    """What is said now; None where there is nothing to say, or nothing new.

    The same is not said again while that is what one expects. Once so much time has passed that it should be less, or
    when it has become more, it is said together with that: so it neither stands still nor pretends to shrink.
    """
    if wait_s is None or wait_s < SOON_S:
        return None
    minutes = told_minutes(wait_s)
    if last is None or _rank(minutes) < _rank(last.minutes):
        return Told(minutes)
    stands = _rank(minutes) == _rank(last.minutes)
    return None if stands and waited_s - last.waited_s < _step_s(minutes) else Told(minutes, longer=True)


def _rank(minutes: int | None) -> int:
    return len(STEPS_MIN) if minutes is None else STEPS_MIN.index(minutes)


def _step_s(minutes: int | None) -> int:
    """After so long a wait of so many minutes should have become one of the step before."""
    steps = (0, *STEPS_MIN, 2 * STEPS_MIN[-1])
    at = _rank(minutes) + 1
    return 60 * (steps[at] - steps[at - 1])


@dataclass(frozen=True)
class ToldError:
    """How right the told waits were."""

    count: int
    in_time: float | None = None  # share of those who were answered within what they were told, 0..1
    median_s: float | None = None  # real less told: below nothing, they were answered sooner
    mean_abs_s: float | None = None


def told_error(told: Sequence[ToldWait]) -> ToldError:
    if not told:
        return ToldError(0)
    errors = [each.real_s - each.told_s for each in told]
    in_time = fmean(each.real_s <= each.told_s for each in told)
    return ToldError(len(told), in_time, median(errors), fmean(map(abs, errors)))
