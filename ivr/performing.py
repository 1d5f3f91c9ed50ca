"""What the dialogue decides, done: tickets, queue, callbacks. Every record is written before it is spoken of."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from config.documents import Edition
from ivr.actions import (
    Action,
    CallbackOwed,
    CallbackStored,
    ConfirmCallback,
    CorrectTicket,
    Done,
    EnterQueue,
    FindMatters,
    FindStatus,
    Heard,
    JoinTicket,
    LeaveQueue,
    MattersFound,
    MessageTaken,
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
)
from ivr.drafting import draft_of, facts_of, fields_of
from ivr.facts import Facts
from ivr.leaving import left_behind
from ivr.notebook import Notebook
from ivr.owed import Owed
from ivr.recording import LEAST_SPEECH_S, Recording
from ivr.state import State
from routing.caps import WINDOW, Asked, over_the_cap
from routing.event_types import EventType
from routing.identity import new_id
from routing.matters import same_matter
from routing.model import (
    UNPROVEN,
    Agent,
    AgentState,
    Call,
    Callback,
    NotCallable,
    Offer,
    OfferState,
    QueueEntry,
    RoutingError,
    Ticket,
)
from routing.news_waiter import NewsWaiter
from routing.numbers import callable_number
from routing.policy import page_alive
from routing.ports import News, Records
from routing.ticket_numbers import ticket_number

POLL_S = 5.0  # news may be lost: the dispatcher rings for what it finds, and this often the call looks itself
KEEP_S = 3.0  # so long may each part of keeping a message hold up its caller
ASIDE_S = 180  # longer than choosing a callback takes; whose call was lost meanwhile is offered again


@dataclass(frozen=True)
class Performer:
    """The dialogue's hands, for one call."""

    call: Call
    records: Records
    news: News
    news_waiter: NewsWaiter
    edition: Edition
    notebook: Notebook
    clock: Callable[[], datetime]
    recordings: Path
    attempt_id: str | None = None  # this call is a callback
    wall: Callable[[], datetime] | None = None  # what promises are told by; None: by the same clock

    async def perform(self, state: State, action: Action) -> Outcome:
        doings: dict[type, Callable[[State, Any], Awaitable[Outcome]]] = {
            OpenTicket: self._open_ticket,
            FindMatters: self._find_matters,
            FindStatus: self._find_status,
            JoinTicket: self._join,
            CorrectTicket: self._correct,
            RecallTicket: self._recall,
            EnterQueue: self._enter_queue,
            StandAside: self._stand_aside,
            LeaveQueue: self._leave_queue,
            StoreCallback: self._store_callback,
            ConfirmCallback: self._confirm_callback,
        }
        return await doings[type(action)](state, action)

    # tickets

    async def _open_ticket(self, state: State, action: OpenTicket) -> TicketOpened:
        ticket = await self.open_ticket(action.facts, action.key)
        return TicketOpened(ticket.id, ticket.number, ticket.draft.promise.what, ticket.draft.promise.by.isoformat())

    async def open_ticket(self, facts: Facts, key: str) -> Ticket:
        """Open the ticket of that key of this call; the same one again when it is there already."""
        now = self.clock()
        draft = draft_of(facts, self.call.caller, self.edition, self._told_by())
        ticket = await self.records.tickets.open(draft, self.call.id, now, f"{self.call.id}:{key}")
        self.notebook.note(
            EventType.TICKET_OPENED, {"ticket": ticket.number, "ticket_id": ticket.id, "topic": ticket.draft.topic}
        )
        promise = ticket.draft.promise
        self.notebook.note(
            EventType.PROMISE_MADE, {"ticket_id": ticket.id, "what": promise.what, "by": promise.by.isoformat()}
        )
        await self.news.publish("ticket", ticket=ticket.id, call=self.call.id)
        return ticket

    def _told_by(self) -> datetime:
        return (self.wall or self.clock)()

    async def record_left(self) -> None:
        """What the caller told and no ticket has yet; the call is over. A repeat changes nothing."""
        if "flow" not in self.call.dialogue:  # taken by the dialplan before the dialogue began
            return
        state = State.from_json(self.call.dialogue)
        for action in left_behind(state):
            await self.perform(state, action)

    async def _find_matters(self, state: State, action: FindMatters) -> MattersFound:
        found = await self.records.tickets.open_at(action.topic, action.place)
        return MattersFound(tuple(_matter(ticket) for ticket in found))

    async def _find_status(self, state: State, action: FindStatus) -> MattersFound:
        """By number only what the number's owner may hear: ticket number and stage."""
        if action.number:
            ticket = await self.records.tickets.by_number(ticket_number(action.number))
            return MattersFound((_matter(ticket),) if ticket else ())
        if not state.facts.identified or not self.call.caller.number:
            return MattersFound()
        found = await self.records.tickets.of_caller(self.call.caller.number)
        return MattersFound(tuple(_matter(ticket) for ticket in found if ticket.draft.caller.identifies))

    async def _join(self, state: State, action: JoinTicket) -> Done:
        await self.records.tickets.join(action.ticket, self.call.id, self.clock())
        self.notebook.note(EventType.TICKET_JOINED, {"ticket_id": action.ticket})
        await self.news.publish("ticket", ticket=action.ticket, call=self.call.id)
        return Done()

    async def _correct(self, state: State, action: CorrectTicket) -> Done:
        now = self.clock()
        draft = draft_of(action.facts, self.call.caller, self.edition, self._told_by())
        await self.records.tickets.correct(action.ticket, draft, "caller", now, fields_of(action.changed))
        facts = {"ticket_id": action.ticket, "changed": sorted(action.changed)}
        self.notebook.note(EventType.TICKET_CORRECTED, {**facts, "topic": draft.topic, "place": draft.place})
        await self.news.publish("ticket", ticket=action.ticket, call=self.call.id)
        return Done()

    async def _recall(self, state: State, action: RecallTicket) -> Recalled:
        return Recalled(facts_of((await self.records.tickets.load(action.ticket)).draft))

    # messages

    async def keep_message(self, state: State, recording: Recording) -> MessageTaken | Pressed | Heard:
        """The caller's recorded message, safe on disk before thanks are said or the caller is obeyed."""
        taken = await self._keep(state, recording)
        if recording.heard is None and recording.key not in ("0", "*", self.edition.site.emergency.key):
            return taken
        if recording.key:
            self.notebook.note(EventType.KEY, {"count": 1}, {"keys": recording.key})
        return recording.heard or Pressed(recording.key)

    async def _keep(self, state: State, recording: Recording) -> MessageTaken:
        """Not kept when too little was said to be a message; lost when the disk refuses it."""
        if recording.speech_s < LEAST_SPEECH_S or not state.ticket:
            return MessageTaken(False)
        owed = Owed(self.recordings / f"{self.call.id}-{new_id()}.wav", state.ticket, self.clock())
        try:
            async with asyncio.timeout(KEEP_S):
                await asyncio.to_thread(owed.write, recording.pcm)
        except (TimeoutError, OSError) as error:
            self.notebook.note(EventType.MESSAGE_LOST, {"why": type(error).__name__})
            return MessageTaken(False, lost=True)
        self.notebook.note(EventType.MESSAGE_RECORDED, {"ticket_id": state.ticket, "seconds": recording.seconds})
        try:
            async with asyncio.timeout(KEEP_S):
                await self.records.tickets.add_message(owed.ticket, str(owed.wav), owed.at)
                await asyncio.to_thread(owed.settle)
                await self.news.publish("ticket", ticket=state.ticket, call=self.call.id)
        except (TimeoutError, RoutingError, OSError) as error:  # what is owed is settled later
            self.notebook.note(EventType.MESSAGE_OWED, {"why": type(error).__name__})
        return MessageTaken(True)

    # queue

    async def _enter_queue(self, state: State, action: EnterQueue, since: datetime | None = None) -> QueueStanding:
        if owed := await self._taken_over(state):
            return await self._standing(owed)
        entry = QueueEntry(
            id=new_id(), crew=action.crew, urgency=await self._urgency_of(state), since=since or self.clock(),
            call_id=self.call.id, ticket_id=state.ticket,
        )  # fmt: skip
        kept = await self.records.queue.enter(entry)
        if kept.id == entry.id:
            self.notebook.note(EventType.QUEUE_ENTERED, {"crew": action.crew, "urgency": kept.urgency})
        await self.news.publish("queue", call=self.call.id)
        return await self._standing(kept)

    async def _taken_over(self, state: State) -> QueueEntry | None:
        """Whoever is owed a call about this matter and calls by themselves: in that place, and not called as well."""
        number = self.call.caller.number if state.facts.identified else None
        if number is None or self.call.callback_id or await self.records.queue.of_call(self.call.id):
            return None
        told = (await self.records.tickets.load(state.ticket)).draft if state.ticket else None
        for owed in await self.records.callbacks.owed_to(number):
            ticket = await self.records.tickets.load(owed.ticket_id)
            if not same_matter(ticket.draft, told, self.edition.topics):
                continue
            if await self.records.callbacks.take_over(owed.id, self.call.id, self.clock()):
                self.notebook.note(EventType.CALLBACK_TAKEN_OVER, {"callback_id": owed.id, "ticket_id": owed.ticket_id})
                await self.news.publish("callback", callback=owed.id, call=self.call.id)
                await self.news.publish("queue", call=self.call.id)
                return await self.records.queue.of_call(self.call.id)
        return None

    async def _urgency_of(self, state: State) -> str:
        return (await self.records.tickets.load(state.ticket)).urgency if state.ticket else "normal"

    async def _standing(self, entry: QueueEntry) -> QueueStanding:
        now = self.clock()
        ahead = await self.records.queue.ahead(entry)
        agents = await self.records.agents.all()
        rules = self.edition.site.waiting
        staffed = any(
            entry.crew in agent.crews and _at_work(agent) and page_alive(agent, now, rules) for agent in agents
        )
        here_since = max(entry.since, self.call.started_at)  # a callback's place is older than its call
        return QueueStanding(ahead + 1, int((now - here_since).total_seconds()), staffed)

    async def waiting(self, state: State) -> QueueStanding:
        """Where the call stands in the queue now."""
        entry = await self.records.queue.of_call(self.call.id)
        if entry is None:
            return await self._enter_queue(state, EnterQueue(self.edition.site.default_crew))
        standing = await self._standing(entry)
        self.notebook.note(EventType.QUEUE_POSITION, {"position": standing.position, "waited_s": standing.waited_s})
        return standing

    async def offered(self, state: State) -> OfferReady:
        """Until an agent's desk shows this call; woken by news, and by the clock in case news was lost."""
        while not (ready := await self._seen_offer()):
            await self.news_waiter.wait(("offer",), POLL_S, self.call.id)
        return ready

    async def _seen_offer(self) -> OfferReady | None:
        offer = await self.records.offers.of_call(self.call.id)
        if offer is None or offer.state is not OfferState.SEEN:
            return None
        return await self._ready(offer)

    async def _ready(self, offer: Offer) -> OfferReady | None:
        agent = await self.records.agents.load(offer.agent_id)
        return OfferReady(offer.id, agent.phone) if agent.phone else None

    async def _leave_queue(self, state: State, action: LeaveQueue) -> Done:
        entry = await self.records.queue.of_call(self.call.id)
        if entry:
            await self.records.queue.leave(entry.id, action.reason, self.clock())
            self.notebook.note(EventType.QUEUE_LEFT, {"reason": action.reason})
            await self.news.publish("queue", call=self.call.id)
        return Done()

    async def _stand_aside(self, state: State, action: StandAside) -> Done:
        """The place stays, and is offered again once the call enters the queue again, or a while has passed."""
        entry = await self.records.queue.of_call(self.call.id)
        if entry:
            until = self.clock() + timedelta(seconds=ASIDE_S)
            await self.records.queue.enter(replace(entry, not_before=until))
            await self.news.publish("queue", call=self.call.id)
        return Done()

    # callbacks

    async def _store_callback(
        self, state: State, action: StoreCallback
    ) -> CallbackStored | CallbackOwed | NumberRefused:
        try:
            number = callable_number(action.number, self.edition.site)
        except NotCallable:
            return NumberRefused()
        owed = await self.records.callbacks.of_ticket(state.ticket or "")
        if owed is None and await self._too_many(number):
            return NumberRefused()
        if owed and owed.number != number and owed.call_id != self.call.id and owed.id != self.call.callback_id:
            return CallbackOwed()
        entry = await self.records.queue.of_call(self.call.id)
        now = self.clock()
        callback = await self.records.callbacks.store(
            Callback(
                id=new_id(), ticket_id=state.ticket or "", number=number, call_id=self.call.id,
                crew=entry.crew if entry else self.edition.site.default_crew,
                urgency=entry.urgency if entry else await self._urgency_of(state),
                since=entry.since if entry else now,
            )
        )  # fmt: skip
        self.notebook.note(EventType.CALLBACK_STORED, {"callback_id": callback.id}, {"number": number})
        await self.news.publish("callback", callback=callback.id, call=self.call.id)
        return CallbackStored(callback.id)

    async def _too_many(self, number: str) -> bool:
        """Whether this number, or this caller, has had as many callbacks as an hour has."""
        recent = await self.records.callbacks.since(self.clock() - WINDOW)
        calls = await self.records.calls.known({each.call_id for each in recent if each.call_id})
        lately = [Asked(each.number, _source(calls.get(each.call_id or ""))) for each in recent]
        why = over_the_cap(Asked(number, _source(self.call)), lately, self.edition.site.callback)
        if why:
            self.notebook.note(EventType.CALLBACK_REFUSED, {"cap": why}, {"number": number})
        return why is not None

    async def _confirm_callback(self, state: State, action: ConfirmCallback) -> OfferReady | QueueStanding:
        """A person is there: their call takes the callback's place, and its offer when that still stands."""
        if self.attempt_id:
            connected = await self.records.callbacks.connect(self.attempt_id, self.call.id, self.clock())
            self.notebook.note(EventType.CALLBACK_CONFIRMED, {"attempt": self.attempt_id, "connected": connected})
            if not connected and not await self.records.queue.of_call(self.call.id):
                return await self._wait_as_promised(state)
        try:
            return await asyncio.wait_for(self.offered(state), self.edition.site.waiting.pop_s)
        except TimeoutError:
            return await self.waiting(state)

    async def _wait_as_promised(self, state: State) -> QueueStanding:
        """The callback is over, or another call's: who was called waits for themselves, with the same right."""
        owed = await self.records.callbacks.load(self.call.callback_id) if self.call.callback_id else None
        since = owed.since if owed else None
        return await self._enter_queue(state, EnterQueue(owed.crew if owed else self.edition.site.default_crew), since)


def _source(call: Call | None) -> str | None:
    """From where somebody calls; None where they do not say, or nothing proves what they say."""
    if call is None or call.caller.withheld or call.caller.kind == UNPROVEN:
        return None
    return call.caller.number or call.caller.raw


def _at_work(agent: Agent) -> bool:
    return agent.state is not AgentState.NOT_READY and agent.phone_registered


def _matter(ticket: Ticket) -> OpenMatter:
    return OpenMatter(ticket.id, ticket.number, ticket.stage.value)
