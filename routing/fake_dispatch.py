"""Queue, agents, offers and wrap-ups in memory; they behave as the database's do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from routing.fake_state import MemoryState
from routing.lifecycle import CallEvent
from routing.model import (
    NO_DISPOSITION,
    Agent,
    AgentState,
    NewEvent,
    NotFound,
    Offer,
    OfferState,
    WaitingCaller,
    late_note,
    note_events,
    wrap_up_events,
    wrap_up_form,
)
from routing.policy import ahead

HELD = (AgentState.RESERVED, AgentState.ON_CALL)


class MemoryQueue:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def enter(self, entry: WaitingCaller) -> WaitingCaller:
        kept = self._holding(entry.call_id, entry.callback_id)
        if kept:
            entry = replace(
                kept, crew=entry.crew, urgency=entry.urgency, ticket_id=entry.ticket_id or kept.ticket_id,
                not_before=entry.not_before,
            )  # fmt: skip
        call = self._state.calls.get(entry.call_id or "")
        if call is None or call.ended_at is None:
            self._state.entries[entry.id] = entry
            self._state.move_call(entry.call_id, CallEvent.ENTERED_QUEUE)
        return entry

    async def leave(self, entry_id: str, reason: str, at: datetime) -> None:
        self._state.depart(entry_id, reason, at)
        entry = self._state.entries.get(entry_id)
        self._state.move_call(entry.call_id if entry else None, CallEvent.LEFT_QUEUE)

    async def waiting(self) -> Sequence[WaitingCaller]:
        offered = {offer.entry_id for offer in self._state.live_offers()}
        return [entry for entry in self._state.in_queue() if entry.id not in offered]

    async def ahead(self, entry: WaitingCaller) -> int:
        return ahead(entry, await self.waiting())

    async def refused_by(self, entry_id: str, agent_id: str) -> None:
        entry = self._state.entries[entry_id]
        self._state.entries[entry_id] = replace(entry, not_agents=entry.not_agents | {agent_id})

    async def of_call(self, call_id: str) -> WaitingCaller | None:
        return self._holding(call_id, None)

    async def entry(self, entry_id: str) -> WaitingCaller | None:
        return next((entry for entry in self._state.in_queue() if entry.id == entry_id), None)

    def _holding(self, call_id: str | None, callback_id: str | None) -> WaitingCaller | None:
        for entry in self._state.in_queue():
            if (call_id and entry.call_id == call_id) or (callback_id and entry.callback_id == callback_id):
                return entry
        return None


class MemoryAgents:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def enrol(self, agent: Agent) -> None:
        known = self._state.agents.get(agent.id)
        if known:
            agent = replace(known, name=agent.name, crews=agent.crews, phone=agent.phone)
        self._state.agents[agent.id] = agent

    async def all(self) -> Sequence[Agent]:
        return list(self._state.agents.values())

    async def load(self, agent_id: str) -> Agent:
        try:
            return self._state.agents[agent_id]
        except KeyError:
            raise NotFound(f"agent {agent_id}") from None

    async def change(
        self, agent_id: str, expected: Sequence[AgentState], to: AgentState, at: datetime, reason: str = ""
    ) -> bool:
        return change_agent(self._state, agent_id, expected, to, at, reason)

    async def heartbeat(self, agent_id: str, at: datetime) -> None:
        self._state.agents[agent_id] = replace(await self.load(agent_id), page_seen_at=at)

    async def phones_registered(self, phones: Mapping[str, bool], at: datetime) -> None:
        for agent in list(self._state.agents.values()):
            if agent.phone is not None and agent.phone in phones:
                self._state.agents[agent.id] = replace(agent, phone_registered=phones[agent.phone])


def change_agent(
    state: MemoryState, agent_id: str, expected: Sequence[AgentState], to: AgentState, at: datetime, reason: str
) -> bool:
    agent = state.agents.get(agent_id)
    if agent is None or agent.state not in expected:
        return False
    idle_since = at if to is AgentState.AVAILABLE and agent.state is not AgentState.RESERVED else agent.idle_since
    state.agents[agent_id] = replace(agent, state=to, state_since=at, idle_since=idle_since, reason=reason)
    return True


class MemoryOffers:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def claim(self, offer: Offer, events: Sequence[NewEvent] = ()) -> bool:
        taken = any(_compete(offer, live) for live in self._state.live_offers())
        queued = any(entry.id == offer.entry_id for entry in self._state.in_queue())
        if taken or not queued:
            return False
        reserved = AgentState.RESERVED
        if not change_agent(self._state, offer.agent_id, [AgentState.AVAILABLE], reserved, offer.made_at, ""):
            return False
        self._state.offers[offer.id] = offer
        self._state.move_call(offer.call_id, CallEvent.OFFERED_TO_AGENT)
        self._state.append(events)
        return True

    async def advance(
        self, offer_id: str, expected: Sequence[OfferState], to: OfferState, at: datetime, ending: str | None = None,
        agent_to: AgentState | None = None, reason: str = "", events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        offer = self._state.offers.get(offer_id)
        if offer is None or offer.state not in expected or self._taken_meanwhile(offer, to):
            return False
        stamp = {OfferState.SEEN: "seen_at", OfferState.RINGING: "ringing_at", OfferState.ANSWERED: "answered_at"}
        times = {stamp.get(to, "ended_at"): at}
        self._state.offers[offer_id] = replace(offer, state=to, ending=ending, **times)  # type: ignore[arg-type]
        if agent_to is not None:
            held = tuple(AgentState) if agent_to is AgentState.ON_CALL else HELD
            change_agent(self._state, offer.agent_id, held, agent_to, at, reason)
        self._follow(self._state.offers[offer_id], at)
        self._state.append(events)
        return True

    def _taken_meanwhile(self, offer: Offer, to: OfferState) -> bool:
        """A lapsed offer may come back to life only where no other has taken its place."""
        revived = offer.state is OfferState.LAPSED and to is OfferState.ANSWERED
        return revived and any(_compete(offer, live) for live in self._state.live_offers())

    def _follow(self, offer: Offer, at: datetime) -> None:
        if offer.state is OfferState.ANSWERED:
            self._state.depart(offer.entry_id, "answered", at)
            self._state.cancel_reached(offer, at)
            self._state.move_call(offer.call_id, CallEvent.ANSWERED)
        elif offer.state is OfferState.LAPSED:
            self._state.move_call(offer.call_id, CallEvent.OFFER_LAPSED)
        elif offer.state is OfferState.ENDED:
            self._state.move_call(offer.call_id, CallEvent.TALK_ENDED)

    async def load(self, offer_id: str) -> Offer:
        try:
            return self._state.offers[offer_id]
        except KeyError:
            raise NotFound(f"offer {offer_id}") from None

    async def live(self) -> Sequence[Offer]:
        return self._state.live_offers()

    async def of_call(self, call_id: str) -> Offer | None:
        return next((offer for offer in self._state.live_offers() if offer.call_id == call_id), None)

    async def of_agent(self, agent_id: str) -> Offer | None:
        return next((offer for offer in self._state.live_offers() if offer.agent_id == agent_id), None)

    async def last_of_agent(self, agent_id: str) -> Offer | None:
        return _latest([offer for offer in self._state.offers.values() if offer.agent_id == agent_id])

    async def last_of_call(self, call_id: str) -> Offer | None:
        return _latest([offer for offer in self._state.offers.values() if offer.call_id == call_id])


class MemoryWrapUps:
    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def wrap_up(self, offer_id: str, disposition: str, note: str, agent_id: str, at: datetime) -> bool:
        if offer_id not in self._state.offers:
            raise NotFound(f"offer {offer_id}")
        if offer_id in self._state.wrap_ups:
            return False
        offer, agent = self._state.offers[offer_id], self._state.agents[agent_id]
        typed = self._state.drafts.pop((agent.login, wrap_up_form(offer_id)), {})
        note = note or typed.get("note", "")
        self._state.wrap_ups[offer_id] = (disposition, note)
        self._state.append(wrap_up_events(offer, agent, disposition, at, note))
        return True

    async def add_note(
        self, offer_id: str, note: str, agent_id: str, at: datetime, disposition: str | None = None
    ) -> bool:
        said, kept = self._state.wrap_ups.get(offer_id, ("", ""))
        if not said or self._state.offers[offer_id].agent_id != agent_id or (disposition and said != NO_DISPOSITION):
            return False
        whole = late_note(kept, note)
        self._state.wrap_ups[offer_id] = (disposition or said, kept if whole is None else whole)
        offer, agent = self._state.offers[offer_id], self._state.agents[agent_id]
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


def _compete(offer: Offer, other: Offer) -> bool:
    same_call = offer.call_id is not None and offer.call_id == other.call_id
    same = offer.entry_id == other.entry_id or offer.agent_id == other.agent_id or same_call
    return same and offer.id != other.id


def _latest(offers: Sequence[Offer]) -> Offer | None:
    return max(offers, key=lambda offer: (offer.made_at, offer.id), default=None)
