"""Who is offered to whom, and who is next: pure functions of the waiting, the agents, the rules and the time.

One order for live callers and owed callbacks: by level, then by who waits longest. A level is made of the urgency; a
caller who calls about the same matter again, and whose promise is about to break, come before their like. Nobody but
the critical comes before the critical. The records have the same order (`store.queue_order`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from config.documents import WaitingRules
from routing.model import Agent, AgentState, QueueEntry

LEVELS: Mapping[str, int] = {"critical": 0, "high": 4, "normal": 6, "low": 8}  # by urgency; the lowest is the next
REPEATED = 1  # levels that a repeat caller is lifted by: before their like, behind the more urgent
PRESSING = 2  # and one whose promise is about to break: to the urgency above
Place = tuple[int, datetime, str]
Skills = Mapping[str, Mapping[str, int]]
"""By login and crew: the lower takes its callers first; 1 where nothing is said."""
ALIKE: Skills = MappingProxyType({})


@dataclass(frozen=True)
class Route:
    """Some who wait for a crew and may be taken by somebody who is free: on the line at a node, or owed a callback."""

    crew: str
    node: str | None  # None: callbacks
    after_s: int = 0  # of an overflow: they have waited for so long


def pair(
    waiting: Sequence[QueueEntry], agents: Sequence[Agent], now: datetime, rules: WaitingRules,
    rung_for: Collection[str] = (), skills: Skills = ALIKE,
) -> list[tuple[QueueEntry, Agent]]:  # fmt: skip
    """Each in their turn, with who of the able takes them.

    `rung_for`: agents for whom a callback rings that they are not kept for any more.
    """
    free = [agent for agent in agents if offerable(agent, now, rules)]
    pairs = []
    for caller in sorted((entry for entry in waiting if due(entry, now)), key=place):
        able = free if caller.call_id else _to_ring(free, rung_for)
        agent = _chosen(caller, able, reach(caller, now, rules), skills)
        if agent is not None:
            free.remove(agent)
            pairs.append((caller, agent))
    return pairs


def _to_ring(free: Sequence[Agent], rung_for: Collection[str]) -> list[Agent]:
    """For whom another callback may ring: so that never more ring than there are agents free to talk to them."""
    theirs = [agent for agent in free if agent.id not in rung_for]
    left_alone = len(rung_for) - (len(free) - len(theirs))  # who takes the phone there talks to one of these
    return theirs if len(theirs) > left_alone else []


def place(entry: QueueEntry) -> Place:
    """What the queue is sorted by."""
    return (level(entry), entry.since, entry.id)


def level(entry: QueueEntry) -> int:
    return LEVELS[entry.urgency] - REPEATED * (entry.contacts > 0) - PRESSING * entry.pressing


def ahead(entry: QueueEntry, waiting: Iterable[QueueEntry], now: datetime) -> dict[str, int]:
    """How many come before this one, by crew. A callback that is not due yet is before nobody."""
    before: dict[str, int] = {}
    for other in waiting:
        if place(other) < place(entry) and (other.call_id or due(other, now)):
            before[other.crew] = before.get(other.crew, 0) + 1
    return before


def reach(entry: QueueEntry, now: datetime, rules: WaitingRules) -> tuple[str, ...]:
    """The crews that may take this one by now: its own, then those to which it has overflowed."""
    waited = now - entry.since
    others = rules.overflow.get(entry.crew, ())
    return (entry.crew, *(other.to for other in others if waited >= timedelta(seconds=other.after_s)))


def routes(free: Iterable[Agent], rules: WaitingRules) -> list[Route]:
    """On which somebody who is free takes callers."""
    ways = {Route(crew, node) for agent in free for crew in agent.crews for node in (None, *agent.phone_nodes)}
    over = {
        Route(crew, way.node, other.after_s)
        for crew, others in rules.overflow.items()
        for other in others
        for way in ways
        if way.crew == other.to
    }
    return sorted(ways | over, key=lambda route: (route.crew, route.node or "", route.after_s))


def heads(
    waiting: Iterable[QueueEntry], ways: Iterable[Route], now: datetime, limit: int, without: Collection[str] = ()
) -> list[QueueEntry]:
    """The first `limit` of each route, in the order of their turns; `without`: callbacks that rest.

    Where the limit is how many agents are free, these are paired as all who wait would be: before whoever is not
    among the first of a route, so many are on it, each of whom takes one of the free or leaves nobody there.
    """
    ready = [each for each in sorted(waiting, key=place) if due(each, now) and not _rests(each, without)]
    found = {entry.id: entry for way in ways for entry in [each for each in ready if _is_on(each, way, now)][:limit]}
    return sorted(found.values(), key=place)


def _rests(entry: QueueEntry, without: Collection[str]) -> bool:
    return entry.call_id is None and entry.callback_id in without


def _is_on(entry: QueueEntry, way: Route, now: datetime) -> bool:
    waited = not way.after_s or now - entry.since >= timedelta(seconds=way.after_s)
    return entry.crew == way.crew and waited and (entry.node if entry.call_id else None) == way.node


def offerable(agent: Agent, now: datetime, rules: WaitingRules) -> bool:
    """Available, with a registered phone and a page that is alive."""
    return agent.state is AgentState.AVAILABLE and agent.phone_registered and page_alive(agent, now, rules)


def serves(agent: Agent, crews: Collection[str], node: str | None) -> bool:
    """Whether the agent is of one of the crews, with a phone that the node, where there is one, can ring."""
    return not agent.crews.isdisjoint(crews) and agent.rings_at(node)


def page_alive(agent: Agent, now: datetime, rules: WaitingRules) -> bool:
    """Whether the agent's page was heard from lately."""
    return agent.page_seen_at is not None and now - agent.page_seen_at <= timedelta(seconds=rules.stale_page_s)


def due(entry: QueueEntry, now: datetime) -> bool:
    """Whether the entry may be offered now."""
    return entry.not_before is None or entry.not_before <= now


def _chosen(caller: QueueEntry, free: Iterable[Agent], crews: Sequence[str], skills: Skills) -> Agent | None:
    """Who knows the matter, else of the caller's own crew, else of the others.

    Of these the most skilled in that crew's matters, and of those who has been idle longest.

    Who did not answer this caller is passed over, until nobody else is left: then all are asked again.
    """

    def preference(agent: Agent) -> tuple[bool, bool, int, int, datetime, str]:
        nearest, crew = next((at, crew) for at, crew in enumerate(crews) if crew in agent.crews)
        skill = skills.get(agent.login, {}).get(crew, 1)
        refused, stranger = agent.id in caller.not_agents, agent.id != caller.last_agent
        return (refused, stranger, nearest, skill, agent.idle_since, agent.id)

    return min((agent for agent in free if serves(agent, crews, caller.node)), key=preference, default=None)
