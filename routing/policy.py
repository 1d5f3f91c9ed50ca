"""Who is offered to whom: a pure function of the waiting, the agents, the rules and the time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from config.documents import WaitingRules
from routing.model import URGENCY_ORDER, Agent, AgentState, QueueEntry


def pair(
    waiting: Sequence[QueueEntry], agents: Sequence[Agent], now: datetime, rules: WaitingRules
) -> list[tuple[QueueEntry, Agent]]:
    """The most urgent first, then who waited longest, each with the able agent who has been idle longest."""
    free = [agent for agent in agents if offerable(agent, now, rules)]
    pairs = []
    for caller in sorted((entry for entry in waiting if due(entry, now)), key=place):
        agent = _longest_idle(caller, free)
        if agent is not None:
            free.remove(agent)
            pairs.append((caller, agent))
    return pairs


def place(entry: QueueEntry) -> tuple[int, datetime, str]:
    """What the queue is sorted by."""
    return (URGENCY_ORDER.index(entry.urgency), entry.since, entry.id)


def ahead(entry: QueueEntry, waiting: Sequence[QueueEntry]) -> int:
    """How many who wait for the same crew come before this caller."""
    return sum(other.crew == entry.crew and place(other) < place(entry) for other in waiting)


def offerable(agent: Agent, now: datetime, rules: WaitingRules) -> bool:
    """Available, with a registered phone and a page that is alive."""
    return agent.state is AgentState.AVAILABLE and agent.phone_registered and page_alive(agent, now, rules)


def serves(agent: Agent, crew: str, node: str | None) -> bool:
    """Whether the agent is of the crew, with a phone that the node, where there is one, can ring."""
    return crew in agent.crews and agent.rings_at(node)


def page_alive(agent: Agent, now: datetime, rules: WaitingRules) -> bool:
    """Whether the agent's page was heard from lately."""
    return agent.page_seen_at is not None and now - agent.page_seen_at <= timedelta(seconds=rules.stale_page_s)


def due(entry: QueueEntry, now: datetime) -> bool:
    """Whether the entry may be offered now."""
    return entry.not_before is None or entry.not_before <= now


def _longest_idle(caller: QueueEntry, free: Sequence[Agent]) -> Agent | None:
    able = [agent for agent in free if serves(agent, caller.crew, caller.node)]
    # Who did not answer this caller is passed over, until nobody else is left: then all are asked again.
    fresh = [agent for agent in able if agent.id not in caller.not_agents]
    return min(fresh or able, key=lambda agent: (agent.idle_since, agent.id), default=None)
