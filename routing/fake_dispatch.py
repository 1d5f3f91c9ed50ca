"""Queue, agents, offers and wrap-ups in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from routing.effects import Kind, call_transition
from routing.fake_state import MemoryState, one
from routing.lifecycle import CallEvent
from routing.model import Agent, AgentState, NewEvent, Offer, QueueEntry
from routing.phones import PhoneKind, phone_of
from routing.rules import claiming, leaving_queue
from routing.transitions import AgentTransitions, OfferTransitions
from routing.wrap_ups import late_note, may_be_completed, note_events, wrap_up_events, wrap_up_form


class MemoryQueue:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def enter(self, entry: QueueEntry) -> QueueEntry:
        with self._state.transaction():
            kept = self._state.enter(entry)
            self._state.apply([call_transition(entry.call_id, CallEvent.ENTERED_QUEUE)] if entry.call_id else [])
        return kept

    async def leave(self, entry_id: str, reason: str, at: datetime) -> None:
        place = self._state.places.get(entry_id)
        await self._state.won(*leaving_queue(entry_id, place.call_id if place else None, reason, at))

    async def waiting(self) -> Sequence[QueueEntry]:
        offered = {offer.entry_id for offer in self._state.live(Kind.OFFER)}
        return [entry for entry in self._state.in_queue() if entry.id not in offered]

    async def refused_by(self, entry_id: str, agent_id: str) -> None:
        place = self._state.places[entry_id]
        self._state.places[entry_id] = replace(place, not_agents=place.not_agents | {agent_id})

    async def of_call(self, call_id: str) -> QueueEntry | None:
        return next((entry for entry in self._state.in_queue() if entry.call_id == call_id), None)

    async def of_callback(self, callback_id: str) -> QueueEntry | None:
        return next((entry for entry in self._state.in_queue() if entry.callback_id == callback_id), None)

    async def entry(self, entry_id: str) -> QueueEntry | None:
        return next((entry for entry in self._state.in_queue() if entry.id == entry_id), None)


class MemoryAgents(AgentTransitions):
    def __init__(self, state: MemoryState) -> None:
        self._state = self._applier = state

    async def enrol(self, agent: Agent) -> None:
        known = self._state.agents.get(agent.id)
        if known:
            phone = phone_of(agent.phone, known.phone_kind)
            agent = replace(known, name=agent.name, crews=agent.crews, phone=phone)
        self._state.agents[agent.id] = agent

    async def all(self) -> Sequence[Agent]:
        return list(self._state.agents.values())

    async def load(self, agent_id: str) -> Agent:
        return one(self._state.agents, agent_id, "agent")

    async def heartbeat(self, agent_id: str, at: datetime) -> None:
        self._state.agents[agent_id] = replace(await self.load(agent_id), page_seen_at=at)

    async def choose_phone(self, agent_id: str, kind: PhoneKind) -> bool:
        agent = await self.load(agent_id)
        if agent.state is not AgentState.NOT_READY:
            return False
        chosen = replace(agent, phone=phone_of(agent.phone, kind), phone_kind=kind, phone_nodes=frozenset())
        self._state.agents[agent_id] = chosen
        return True

    async def phones_registered(self, node: str, phones: Mapping[str, bool]) -> None:
        for agent in list(self._state.agents.values()):
            there = phones.get(agent.phone) if agent.phone else None
            if there is not None:
                nodes = agent.phone_nodes | {node} if there else agent.phone_nodes - {node}
                self._state.agents[agent.id] = replace(agent, phone_nodes=nodes)


class MemoryOffers(OfferTransitions):
    def __init__(self, state: MemoryState) -> None:
        self._state = self._applier = state

    async def claim(self, offer: Offer, events: Sequence[NewEvent] = ()) -> bool:
        queued = any(entry.id == offer.entry_id for entry in self._state.in_queue())
        return queued and await self._state.won(*claiming(offer), events=events)

    async def load(self, offer_id: str) -> Offer:
        return one(self._state.offers, offer_id, "offer")

    async def live(self) -> Sequence[Offer]:
        return self._state.live(Kind.OFFER)

    async def of_call(self, call_id: str) -> Offer | None:
        return next((offer for offer in await self.live() if offer.call_id == call_id), None)

    async def of_agent(self, agent_id: str) -> Offer | None:
        return next((offer for offer in await self.live() if offer.agent_id == agent_id), None)

    async def last_of_agent(self, agent_id: str) -> Offer | None:
        theirs = [offer for offer in self._state.offers.values() if offer.agent_id == agent_id]
        return max(theirs, key=lambda offer: (offer.made_at, offer.id), default=None)


class MemoryWrapUps:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def wrap_up(self, offer_id: str, disposition: str, note: str, agent_id: str, at: datetime) -> bool:
        offer, agent = one(self._state.offers, offer_id, "offer"), self._state.agents[agent_id]
        if offer_id in self._state.wrap_ups:
            return False
        typed = self._state.drafts.pop((agent.login, wrap_up_form(offer_id)), {})
        note = note or typed.get("note", "")
        self._state.wrap_ups[offer_id] = (disposition, note)
        self._state.append(wrap_up_events(offer, agent, disposition, at, note))
        return True

    async def add_note(
        self, offer_id: str, note: str, agent_id: str, at: datetime, disposition: str | None = None
    ) -> bool:
        said, kept = self._state.wrap_ups.get(offer_id, ("", ""))
        offer, agent = self._state.offers.get(offer_id), self._state.agents[agent_id]
        if not offer or not said or offer.agent_id != agent_id or not may_be_completed(said, disposition):
            return False
        whole = late_note(kept, note)
        self._state.wrap_ups[offer_id] = (disposition or said, kept if whole is None else whole)
        self._state.append(note_events(offer, agent, whole and note, at, disposition))
        return True


class MemoryDrafts:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def keep(self, owner: str, form: str, fields: Mapping[str, str], at: datetime) -> None:
        self._state.drafts.pop((owner, form), None)
        if any(fields.values()):
            self._state.drafts[owner, form] = dict(fields)

    async def of(self, owner: str, form: str) -> Mapping[str, str]:
        return self._state.drafts.get((owner, form), {})
