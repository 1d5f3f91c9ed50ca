"""A line in virtual time, whose callers meet agents by the very policy of production (`routing.policy.pair`).

Pure: what comes is drawn from a seed, time is what happens next. A callback is dialled for a free agent, who is kept
for it for as long as in production; who takes the phone later waits in the place that they have.
"""

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from random import Random

from config.documents import WaitingRules
from routing.expected_wait import LATELY_H, SAMPLES, LineNow, expected_wait_s, worth_telling
from routing.model import Agent, AgentState, QueueEntry
from routing.policy import ahead, pair
from routing.waits import Handled

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
NODE = frozenset({"node"})
RING_S, SPACING_S, ATTEMPTS = 30.0, 300.0, 3
TAKEN_S = (3.0, 25.0)  # after which a phone that is taken is taken
HOUR_S = 3_600
TOLD_AFTER_S = 5  # who has waited so long hears how long it will be


@dataclass(frozen=True)
class Scenario:
    """Who calls, and who is there; rates are by hour of the run, beginning on a Monday at midnight."""

    calls_an_hour: Callable[[int], float]
    agents_at: Callable[[int], Mapping[str, int]]  # crew → how many
    hours: int
    handling_s: Callable[[Random], float]
    crews: Mapping[str, float] = field(default_factory=lambda: {"dispatch": 1.0})  # share of the calls
    urgencies: Mapping[str, float] = field(default_factory=lambda: {"normal": 1.0})
    patience_s: Callable[[Random], float] | None = None
    takes_callback: float = 0.0  # share of those who wait until it is offered
    takes_phone: float = 0.7  # how often who is called back does
    repeats: float = 0.0  # share who call about it again and again
    rules: WaitingRules = field(default_factory=WaitingRules)
    seed: int = 1


@dataclass
class Contact:
    """One caller, and what became of them."""

    at_s: float
    urgency: str
    answered_s: float | None = None
    gave_up_s: float | None = None
    callback_s: float | None = None  # when they chose one
    attempts: int = 0
    told: tuple[float, int] | None = None  # when, and how long they would wait

    @property
    def wait_s(self) -> float:
        """On the line: until somebody answered, they gave up, or chose to be called back."""
        ends = [each for each in (self.answered_s, self.gave_up_s, self.callback_s) if each is not None]
        return min(ends, default=self.at_s) - self.at_s


@dataclass
class SimulatedLine:
    scenario: Scenario
    contacts: list[Contact] = field(default_factory=list)
    waiting: dict[str, QueueEntry] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    rung_for: dict[str, str] = field(default_factory=dict)  # agent → the callback that rings for them
    most_ringing: int = 0  # callbacks at once, …
    most_beyond_free: int = 0  # … and how many more than agents were free for them when one was dialled
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self._dice, self._number = Random(self.scenario.seed), count()
        self._handled: deque[tuple[float, Handled]] = deque(maxlen=SAMPLES)
        self._coming: list[tuple[float, int, Callable[[], None]]] = []

    def run(self) -> Sequence[Contact]:
        """Everybody who called in those hours, with what became of them also afterwards."""
        for hour in range(self.scenario.hours):
            self._at(hour * HOUR_S, partial(self._shift, hour))
            self._calls_of(hour)
        while self._coming:
            self.now_s, _, happens = heapq.heappop(self._coming)
            happens()
            self._meet()
        return self.contacts

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.now_s)

    def _at(self, at_s: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (at_s, next(self._number), happens))

    # who is there

    def _shift(self, hour: int) -> None:
        """Who goes home in the middle of a talk, goes after it."""
        wanted = {f"{crew}-{n}": crew for crew, there in self.scenario.agents_at(hour).items() for n in range(there)}
        for id, crew in wanted.items():
            kept = self.agents.get(id)
            if kept is None or kept.state is AgentState.NOT_READY:
                self.agents[id] = _agent(id, crew, self.now)
        for id in sorted(self.agents.keys() - wanted.keys()):
            if self.agents[id].state is AgentState.AVAILABLE:
                self._becomes(id, AgentState.NOT_READY)
        self._wanted = wanted

    def _becomes(self, agent_id: str, state: AgentState) -> None:
        self.agents[agent_id] = replace(self.agents[agent_id], state=state, state_since=self.now, idle_since=self.now)

    def _free(self, agent_id: str) -> None:
        there = agent_id in self._wanted
        self._becomes(agent_id, AgentState.AVAILABLE if there else AgentState.NOT_READY)

    # who calls

    def _calls_of(self, hour: int) -> None:
        rate, at_s = self.scenario.calls_an_hour(hour) / HOUR_S, float(hour * HOUR_S)
        while rate and (at_s := at_s + self._dice.expovariate(rate)) < (hour + 1) * HOUR_S:
            self._at(at_s, self._calls)

    def _calls(self) -> None:
        urgency, crew = self._one_of(self.scenario.urgencies), self._one_of(self.scenario.crews)
        id = f"{len(self.contacts):08}"
        self.contacts.append(Contact(self.now_s, urgency))
        contacts = 3 if self._dice.random() < self.scenario.repeats else 0
        self.waiting[id] = QueueEntry(id, crew, urgency, self.now, call_id=id, node="node", contacts=contacts)
        self._at(self.now_s + TOLD_AFTER_S, partial(self._is_told, id))
        if self.scenario.patience_s:
            self._at(self.now_s + self.scenario.patience_s(self._dice), partial(self._loses_patience, id))
        if self._dice.random() < self.scenario.takes_callback:
            self._at(self.now_s + self.scenario.rules.offer_callback_after_s, partial(self._chooses_callback, id))

    def _one_of(self, shares: Mapping[str, float]) -> str:
        return self._dice.choices(list(shares), list(shares.values()))[0]

    def _is_told(self, id: str) -> None:
        """What the line would say, by the functions that it says it by."""
        if (entry := self.waiting.get(id)) is None:
            return
        lately = [each for ended_s, each in self._handled if self.now_s - ended_s <= LATELY_H * HOUR_S]
        line = LineNow(list(self.agents.values()), lately, self.now, self.scenario.rules)
        wait_s = expected_wait_s(entry, ahead(entry, self.waiting.values(), self.now), line)
        told = worth_telling(wait_s, TOLD_AFTER_S, None)
        if told and told.minutes:
            self.contacts[int(id)].told = self.now_s, 60 * told.minutes

    def _loses_patience(self, id: str) -> None:
        entry = self.waiting.get(id)
        if entry and entry.call_id and not entry.callback_id:
            del self.waiting[id]
            self.contacts[int(id)].gave_up_s = self.now_s

    def _chooses_callback(self, id: str) -> None:
        entry = self.waiting.get(id)
        if entry and entry.call_id:
            self.waiting[id] = replace(entry, call_id=None, callback_id=id, node=None)
            self.contacts[int(id)].callback_s = self.now_s

    # they meet

    def _meet(self) -> None:
        free = [agent for agent in self.agents.values() if agent.state is AgentState.AVAILABLE] if self.waiting else []
        ringing = set(self.rung_for.values())
        ready = [entry for entry in self.waiting.values() if entry.id not in ringing] if free else []
        for entry, agent in pair(ready, free, self.now, self.scenario.rules, self._rung_alone()):
            if entry.call_id:
                self._talk(entry.id, agent.id)
            else:
                self._dial(entry.id, agent.id)

    def _talk(self, id: str, agent_id: str) -> None:
        crew = self.waiting.pop(id).crew
        self.contacts[int(id)].answered_s = self.now_s
        self._becomes(agent_id, AgentState.ON_CALL)
        handling_s = self.scenario.handling_s(self._dice)
        self._at(self.now_s + handling_s, partial(self._has_talked, agent_id, Handled(crew, handling_s, 0)))

    def _has_talked(self, agent_id: str, handled: Handled) -> None:
        self._handled.appendleft((self.now_s, handled))
        self._free(agent_id)

    def _dial(self, id: str, agent_id: str) -> None:
        """The agent is kept for a while; the phone rings on."""
        free = sum(agent.state is AgentState.AVAILABLE for agent in self.agents.values())
        self.most_beyond_free = max(self.most_beyond_free, len(self._rung_alone()) + 1 - free)
        self.rung_for[agent_id] = id
        self.contacts[int(id)].attempts += 1
        self.most_ringing = max(self.most_ringing, len(self.rung_for))
        self._becomes(agent_id, AgentState.RESERVED)
        self._at(self.now_s + self.scenario.rules.callback_hold_s, partial(self._give_back, id, agent_id))
        if self._dice.random() < self.scenario.takes_phone:
            self._at(self.now_s + self._dice.uniform(*TAKEN_S), partial(self._takes_phone, id, agent_id))
        else:
            self._at(self.now_s + RING_S, partial(self._not_reached, id, agent_id))

    def _rung_alone(self) -> set[str]:
        """For whom a callback rings that they are not kept for any more."""
        return {each for each in self.rung_for if self.agents[each].state is not AgentState.RESERVED}

    def _give_back(self, id: str, agent_id: str) -> None:
        if self.rung_for.get(agent_id) == id and self.agents[agent_id].state is AgentState.RESERVED:
            self._free(agent_id)

    def _takes_phone(self, id: str, agent_id: str) -> None:
        del self.rung_for[agent_id]
        if self.agents[agent_id].state is AgentState.RESERVED:
            self._talk(id, agent_id)
        else:
            self.waiting[id] = replace(self.waiting[id], call_id=id, node="node")

    def _not_reached(self, id: str, agent_id: str) -> None:
        del self.rung_for[agent_id]
        if self.contacts[int(id)].attempts >= ATTEMPTS:
            del self.waiting[id]
            return
        due = self.now + timedelta(seconds=SPACING_S)
        self.waiting[id] = replace(self.waiting[id], not_before=due)
        self._at(self.now_s + SPACING_S, lambda: None)


def _agent(id: str, crew: str, now: datetime) -> Agent:
    never_stale = datetime.max.replace(tzinfo=UTC)
    return Agent(
        id, id, id, frozenset({crew}), id, AgentState.AVAILABLE, now, now, NODE, page_seen_at=never_stale
    )  # fmt: skip
