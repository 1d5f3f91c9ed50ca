"""The floor at one moment: who waits for which crew and how long, what is due, who could help. Pure.

The board, the floor, the wall, the API and the metrics all have these numbers from here, and whoever waits is told by
them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from config.documents import Site, WaitingRules
from routing import policy
from routing.contacts import Contact
from routing.day_figures import DayFigures, ServiceRules, day_figures, day_so_far, same_day_last_week
from routing.emergencies import Emergency
from routing.model import Agent, AgentState, Call, NewEvent, OutboundCall, OutboundCallState, QueueEntry


@dataclass(frozen=True)
class Waiter:
    """Somebody who waits, and since when they have waited this time."""

    entry: QueueEntry
    since: datetime


def here_since(entry: QueueEntry, call: Call | None) -> datetime:
    """Since when they wait in this call: a callback's place, which a call may have taken over, is older."""
    return max(entry.since, call.started_at) if call else entry.since


@dataclass(frozen=True)
class Waiting:
    """How many wait, and since when the one who has waited longest."""

    live: int  # on the line
    callbacks: int  # to be called back
    live_since: datetime | None
    callbacks_since: datetime | None

    @property
    def longest_since(self) -> datetime | None:
        known = [since for since in (self.live_since, self.callbacks_since) if since]
        return min(known, default=None)


NOBODY_WAITS = Waiting(0, 0, None, None)


def waiting_of(those: Iterable[Waiter]) -> Waiting:
    live, callbacks = list[datetime](), list[datetime]()
    for each in those:
        (live if each.entry.call_id else callbacks).append(each.since)
    return Waiting(len(live), len(callbacks), min(live, default=None), min(callbacks, default=None))


@dataclass(frozen=True)
class CrewQueue:
    """Who waits for a crew, and who of it is there."""

    crew: str
    waiting: Waiting
    free: int  # could be offered a call now
    there: int  # not "not ready", and with a page that lives

    @property
    def unstaffed(self) -> bool:
        """Somebody waits, and nobody is there."""
        return self.there == 0 and self.waiting.live + self.waiting.callbacks > 0


def crew_queues(
    crews: Sequence[str], those: Collection[Waiter], agents: Collection[Agent], now: datetime, rules: WaitingRules
) -> list[CrewQueue]:
    """Each of the site's crews in its order, and any other for whom somebody waits."""
    others = sorted({each.entry.crew for each in those} - set(crews))
    return [
        CrewQueue(
            crew, waiting_of(each for each in those if each.entry.crew == crew),
            free=sum(crew in agent.crews and policy.offerable(agent, now, rules) for agent in agents),
            there=sum(crew in agent.crews and is_there(agent, now, rules) for agent in agents),
        )
        for crew in (*crews, *others)
    ]  # fmt: skip


def is_there(agent: Agent, now: datetime, rules: WaitingRules) -> bool:
    """Whether the agent is at work, be it in a call."""
    return agent.state is not AgentState.NOT_READY and policy.page_alive(agent, now, rules)


@dataclass(frozen=True)
class DuePromise:
    """A promise that has neither been kept nor broken by an answer yet."""

    ticket_id: str
    by: datetime


@dataclass(frozen=True)
class PromisesDue:
    overdue: int
    soon: int
    first: tuple[DuePromise, ...]  # those that are due first


def promises_due(open_ones: Sequence[DuePromise], now: datetime, shown: int) -> PromisesDue:
    """`open_ones` are those due within the time that counts as soon, the first of them first."""
    overdue = sum(each.by < now for each in open_ones)
    return PromisesDue(overdue, len(open_ones) - overdue, tuple(open_ones[:shown]))


@dataclass(frozen=True)
class CallbacksDue:
    due: int  # to be rung now, and not under way
    under_way: int
    later: int  # at a time of their own
    due_since: datetime | None


def callbacks_due(open_ones: Iterable[OutboundCall], now: datetime) -> CallbacksDue:
    """Of those that an agent is to talk to."""
    pending, under_way = list[OutboundCall](), 0
    for each in open_ones:
        if not each.rule.for_agent:
            continue
        if each.state is OutboundCallState.PENDING:
            pending.append(each)
        else:
            under_way += 1
    due = [max(each.since, each.due) for each in pending if each.due <= now]
    return CallbacksDue(len(due), under_way, len(pending) - len(due), min(due, default=None))


@dataclass(frozen=True)
class EmergenciesOpen:
    untaken: int
    taken: int
    untaken_since: datetime | None


def emergencies_open(live: Iterable[Emergency]) -> EmergenciesOpen:
    untaken, taken = list[datetime](), 0
    for each in live:
        if each.taken:
            taken += 1
        else:
            untaken.append(each.raised_at)
    return EmergenciesOpen(len(untaken), taken, min(untaken, default=None))


def soon(now: datetime, minutes: int) -> datetime:
    """Until when a promise counts as due soon."""
    return now + timedelta(minutes=minutes)


@dataclass(frozen=True)
class FloorFacts:
    """What the records and the event log say just now."""

    waiters: Collection[Waiter]
    agents: Collection[Agent]
    promises: Sequence[DuePromise]  # open ones, due within what counts as soon, the first of them first
    outbound_calls: Collection[OutboundCall]  # open ones
    emergencies: Collection[Emergency]  # that have not ended
    contacts: Sequence[Contact]  # of today
    contacts_before: Sequence[Contact]  # of the same weekday of last week


@dataclass(frozen=True)
class FloorFigures:
    """All of the floor's numbers; ages count on from the times in it."""

    waiting: Waiting
    queues: tuple[CrewQueue, ...]
    promises: PromisesDue
    callbacks: CallbacksDue
    emergencies: EmergenciesOpen
    today: DayFigures
    last_week: DayFigures  # up to the same time of the day


PROMISES_SHOWN = 8


def floor_figures(facts: FloorFacts, site: Site, now: datetime) -> FloorFigures:
    zone, rules = ZoneInfo(site.zone), ServiceRules.of(site)
    those = facts.waiters
    today, before = day_so_far(now, zone), same_day_last_week(now, zone)
    return FloorFigures(
        waiting=waiting_of(those),
        queues=tuple(crew_queues([crew.id for crew in site.crews], those, facts.agents, now, site.waiting)),
        promises=promises_due(facts.promises, now, PROMISES_SHOWN),
        callbacks=callbacks_due(facts.outbound_calls, now),
        emergencies=emergencies_open(facts.emergencies),
        today=day_figures(today.of(facts.contacts), rules, now),
        last_week=day_figures(before.of(facts.contacts_before), rules, before.end),
    )  # fmt: skip


class FigureRecords(Protocol):
    """What figures are made from and no list has."""

    async def contact_events(self, start: datetime, end: datetime) -> Sequence[NewEvent]:
        """Events of inbound calls, of the types `CONTACT_EVENTS`, from `start` on and before `end`; nothing private."""

    async def promises(self, until: datetime) -> Sequence[DuePromise]:
        """Those not settled and due before `until`, the first of them first."""
