"""What the dialogue decides, done: tickets, queue, callbacks. Every record is written before it is spoken of."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from config.documents import Edition
from ivr.actions import (
    Action,
    AgentAnswered,
    AgentFound,
    CallbackOwed,
    CallbackStored,
    CancelCallback,
    ConfirmCallback,
    CorrectTicket,
    Done,
    EnterQueue,
    FindAgent,
    FindCallbackTimes,
    FindMatters,
    FindStatus,
    Heard,
    JoinTicket,
    LeaveQueue,
    MattersFound,
    MessageTaken,
    MoveCallback,
    NoCallback,
    NumberRefused,
    OfferReady,
    OpenMatter,
    OpenTicket,
    Outcome,
    Pressed,
    QueueStanding,
    Recalled,
    RecallTicket,
    StandAside,
    StoreCallback,
    TicketOpened,
    TimesFound,
)
from ivr.agent_ring import AgentRing
from ivr.call_tickets import CallTickets
from ivr.drafting import facts_of
from ivr.keeping import MessageKeeper
from ivr.notebook import Notebook
from ivr.recording import Recording
from ivr.state import State
from routing.callback_times import callback_times
from routing.clocks import Clock
from routing.model import (
    Call,
    Missing,
    NotCallable,
    NotNow,
    OutboundCall,
    Ticket,
)
from routing.ports import News, Records
from routing.services.callbacks import BY_CALLER, OwedToAnother, TooManyCalls
from routing.services.line import LineServices
from routing.services.queue import Standing
from routing.ticket_numbers import ticket_number


@dataclass(frozen=True)
class Performer:
    """Carries out what the dialogue of one call decides, through the services of the line."""

    call: Call
    edition: Edition
    notebook: Notebook
    services: LineServices
    recordings: Path
    ring: AgentRing
    attempt_id: str | None = None  # this call is an outbound one

    @property
    def records(self) -> Records:
        return self.services.records

    @property
    def news(self) -> News:
        return self.services.news

    @property
    def clock(self) -> Clock:
        return self.services.clocks.now

    @property
    def tickets(self) -> CallTickets:
        return CallTickets(self.call, self.edition, self.services.tickets, self.notebook, self.services.clocks)

    async def perform(self, state: State, action: Action) -> Outcome:
        doings: dict[type, Callable[[State, Any], Awaitable[Outcome]]] = {
            OpenTicket: self._open_ticket,
            FindMatters: self._find_matters,
            FindStatus: self._find_status,
            JoinTicket: self._join,
            CorrectTicket: self._correct,
            RecallTicket: self._recall,
            FindAgent: self._find_agent,
            EnterQueue: self._enter_queue,
            StandAside: self._stand_aside,
            LeaveQueue: self._leave_queue,
            FindCallbackTimes: self._find_times,
            StoreCallback: self._store_callback,
            MoveCallback: self._move_callback,
            CancelCallback: self._cancel_callback,
            ConfirmCallback: self._confirm_callback,
        }
        return await doings[type(action)](state, action)

    # tickets

    async def _open_ticket(self, state: State, action: OpenTicket) -> TicketOpened:
        ticket = await self.tickets.open(action.facts, action.key)
        return TicketOpened(ticket.id, ticket.number, ticket.draft.promise.what, ticket.draft.promise.by.isoformat())

    async def _find_matters(self, state: State, action: FindMatters) -> MattersFound:
        found = await self.records.tickets.open_at(action.topic, action.place)
        return MattersFound(tuple(_matter(ticket) for ticket in found))

    async def _find_status(self, state: State, action: FindStatus) -> MattersFound:
        """By number only what the number's owner may hear: ticket number and stage."""
        if action.number:
            ticket = await self.records.tickets.by_number(ticket_number(action.number))
            if ticket and ticket.merged_into:  # by its number its caller asks about their matter
                ticket = await self.records.tickets.load(ticket.merged_into)
            return MattersFound((_matter(ticket),) if ticket else ())
        if not state.facts.identified or not self.call.caller.number:
            return MattersFound()
        found = await self.records.tickets.of_caller(self.call.caller.number)
        return MattersFound(tuple(_matter(ticket) for ticket in found if ticket.draft.reporter.identifies))

    async def _join(self, state: State, action: JoinTicket) -> Done:
        await self.tickets.join(action.ticket)
        return Done()

    async def _correct(self, state: State, action: CorrectTicket) -> Done:
        await self.tickets.correct(action.ticket, action.facts, action.changed)
        return Done()

    async def _recall(self, state: State, action: RecallTicket) -> Recalled:
        return Recalled(facts_of((await self.records.tickets.load(action.ticket)).draft))

    async def keep_message(self, state: State, recording: Recording) -> MessageTaken | Pressed | Heard:
        """The caller's recorded message, safe on disk before thanks are said or the caller is obeyed."""
        keeper = MessageKeeper(self.recordings, self.services.tickets, self.notebook, self.clock)
        return await keeper.keep(state, recording, ("0", "*", self.edition.site.emergency.key))

    # queue

    async def _enter_queue(self, state: State, action: EnterQueue, since: datetime | None = None) -> QueueStanding:
        queue, place = self.services.queue, None
        if since is None and state.facts.offer and not await queue.has_place(self.call.id):
            since = self.call.started_at  # whose talk broke off goes before all who have only waited
        if state.facts.identified:
            place = await queue.take_over(self.call, state.ticket, self.edition.topics, self.notebook)
        if place is None:
            rules = self.edition.site.waiting
            contacts = await queue.repeated(self.call, state.ticket, self.edition.topics, rules)
            place = await queue.enter(action.crew, self.notebook, state.ticket, since, contacts)
        return _standing(await queue.standing(place, self.call, self.edition.site.waiting))

    async def waiting(self, state: State) -> QueueStanding:
        """Where the call stands in the queue now."""
        now = await self.services.queue.look(self.call, self.edition.site.waiting, self.notebook)
        return _standing(now) if now else await self._enter_queue(state, EnterQueue(self.edition.site.default_crew))

    def ring_agents(self) -> None:
        """From now on, whatever is said meanwhile, as soon as an agent's desk shows this call."""
        self.ring.begin(self.edition.site.waiting.ring_s)

    async def answered(self) -> AgentAnswered | OfferReady:
        """Until an agent has taken their phone."""
        return await self.ring.answer(self.edition.site.waiting.ring_s)

    async def _offered(self) -> OfferReady:
        offer, phone = await self.ring.shown()
        return OfferReady(offer.id, phone)

    async def _find_agent(self, state: State, action: FindAgent) -> AgentFound:
        return AgentFound(await self.services.queue.has_free_agent(action.crew, self.call, self.edition.site.waiting))

    async def _leave_queue(self, state: State, action: LeaveQueue) -> Done:
        await self.services.queue.leave(self.call.id, action.reason, self.notebook)
        return Done()

    async def _stand_aside(self, state: State, action: StandAside) -> Done:
        await self.services.queue.stand_aside(self.call.id)
        return Done()

    # callbacks

    async def _store_callback(
        self, state: State, action: StoreCallback
    ) -> CallbackStored | CallbackOwed | NumberRefused:
        try:
            at = datetime.fromisoformat(action.at) if action.at else None
            callback = await self.services.callbacks.ask(
                self.call, state.ticket or "", action.number, self.edition.site, self.notebook, at
            )
        except (NotCallable, TooManyCalls):
            return NumberRefused()
        except OwedToAnother:
            return CallbackOwed()
        return CallbackStored(callback.id)

    async def _find_times(self, state: State, action: FindCallbackTimes) -> TimesFound:
        now, site = self.services.clocks.wall(), self.edition.site
        times = callback_times(now, site, site.callback.times_offered)
        return TimesFound(tuple(at.isoformat() for at in times), now.isoformat())

    async def _move_callback(self, state: State, action: MoveCallback) -> Done | NoCallback:
        at = datetime.fromisoformat(action.at) if action.at else None
        try:
            await self.services.callbacks.move(action.callback, at, BY_CALLER)
        except (NotNow, Missing):
            return NoCallback()
        return Done()

    async def _cancel_callback(self, state: State, action: CancelCallback) -> Done | NoCallback:
        try:
            await self.services.callbacks.cancel(action.callback, "", BY_CALLER)
        except NotNow:
            return NoCallback()
        return Done()

    async def _confirm_callback(self, state: State, action: ConfirmCallback) -> OfferReady | QueueStanding | Done:
        """A person is there: their call takes a callback's place, and its offer when that still stands."""
        outbound = await self.services.callbacks.of_call(self.call)
        if self.attempt_id:
            connected = await self.services.callbacks.confirm(self.call, self.attempt_id, self.notebook)
            if outbound and not outbound.rule.for_agent:
                return Done()
            if not connected and not await self.records.queue.of_call(self.call.id):
                return await self._wait_as_promised(state, outbound)
        try:
            return await asyncio.wait_for(self._offered(), self.edition.site.waiting.pop_s)
        except TimeoutError:
            return await self.waiting(state)

    async def _wait_as_promised(self, state: State, owed: OutboundCall | None) -> QueueStanding:
        """The callback is over, or another call's: who was called waits for themselves, with the same right."""
        crew = owed.crew if owed else self.edition.site.default_crew
        return await self._enter_queue(state, EnterQueue(crew), owed.since if owed else None)


def _standing(now: Standing) -> QueueStanding:
    return QueueStanding(now.position, now.waited_s, now.staffed, now.wait_s)


def _matter(ticket: Ticket) -> OpenMatter:
    return OpenMatter(ticket.id, ticket.number, ticket.stage.value)
