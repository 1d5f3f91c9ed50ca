"""A small hospital in memory: agents at their desks, callers in the queue, and a clock that is ours."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from config.documents import CallbackRules, WaitingRules
from routing.fake import MemoryNews, MemoryRecords
from routing.identity import new_id
from routing.lifecycle import AttemptEvent
from routing.model import (
    Agent,
    AgentState,
    Attempt,
    Call,
    CallerId,
    Intake,
    Offer,
    OutboundCall,
    Promise,
    QueueEntry,
    Ticket,
    TicketDraft,
)
from routing.outbound_desk import OutboundDesk
from tests.services import services_over
from tests.transitions import watch_memory

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = WaitingRules()
NODE = "east"
CALLBACK_RULES = CallbackRules(dial_patterns=("[1-9][0-9]{2,4}",))


@dataclass
class ScriptedDialler:
    """Notes what it was asked to dial; refuses or dies where a test says so."""

    dialled: list[Attempt] = field(default_factory=list)
    failure: BaseException | None = None

    async def originate(self, attempt: Attempt, callback: OutboundCall) -> None:
        self.dialled.append(attempt)
        if self.failure:
            raise self.failure


class World:
    def __init__(self) -> None:
        self.now = START
        self.records = MemoryRecords()
        watch_memory(self.records.state)
        self.news = MemoryNews()
        self.dialler = ScriptedDialler()
        self.services = services_over(self.records, self.news, lambda: self.now, rules=lambda: RULES)
        self.offers, self.dispatcher = self.services.offers, self.services.dispatcher
        self.rules = CALLBACK_RULES
        self.desk = OutboundDesk(self.services, self.dialler, lambda: self.rules, NODE)

    def passes(self, seconds: float) -> None:
        """Time goes by, and pages keep beating."""
        self.now += timedelta(seconds=seconds)
        for agent in list(self.records.state.agents.values()):
            if agent.page_seen_at:
                self.records.state.agents[agent.id] = replace(agent, page_seen_at=self.now)

    async def tick(self) -> None:
        await self.dispatcher.tick()
        await self.desk.tick(self.now)

    async def agent(self, login: str = "anna", **changes: Any) -> Agent:
        agent = Agent(
            new_id(), login, login, frozenset({"technical"}), f"phone-{login}", AgentState.AVAILABLE,
            self.now, self.now, phone_nodes=frozenset({NODE}), page_seen_at=self.now,
        )  # fmt: skip
        await self.records.agents.enrol(replace(agent, **changes))
        return await self.records.agents.load(agent.id)

    async def call(self, **changes: Any) -> Call:
        call = replace(Call(new_id(), "demo", "100", CallerId("204", "204"), self.now, {}, node=NODE), **changes)
        await self.records.calls.open(call)
        return call

    async def waiting(self, **changes: Any) -> QueueEntry:
        call = await self.call()
        entry = QueueEntry(new_id(), "technical", "normal", self.now, call_id=call.id)
        return await self.records.queue.enter(replace(entry, **changes))

    async def ticket(self) -> Ticket:
        draft = TicketDraft(
            "plumbing", "technical", "normal", Promise("promise_attend", self.now), Intake.of_call(CallerId())
        )
        return await self.records.tickets.open(draft, None, self.now)

    async def callback(self, **changes: Any) -> OutboundCall:
        ticket = await self.ticket()
        owed = OutboundCall(new_id(), ticket.id, "204", "technical", "normal", self.now, self.now)
        return await self.records.outbound_calls.store(replace(owed, **changes))

    async def show(self, offer_id: str) -> bool:
        """The agent's desk shows the offer."""
        offer = await self.records.offers.load(offer_id)
        agent = await self.records.agents.load(offer.agent_id)
        return await self.offers.show(offer, agent, self.now)

    async def phone_taken(self, attempt: Attempt) -> bool:
        """Somebody takes the phone that is rung for a callback."""
        return await self.records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.ANSWERED, self.now)

    async def offer_to(self, agent: Agent) -> Offer:
        offer = await self.records.offers.of_agent(agent.id)
        assert offer is not None
        return offer

    async def state(self, agent: Agent) -> AgentState:
        return (await self.records.agents.load(agent.id)).state

    async def timeline(self, entry: QueueEntry) -> list[str]:
        return [event.type for event in await self.records.calls.timeline(entry.call_id or "")]
