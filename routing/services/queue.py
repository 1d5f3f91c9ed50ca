"""The queue: who waits, in which place, and when they leave it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from config.documents import WaitingRules
from routing.clocks import Clocks
from routing.event_types import EventType
from routing.identity import new_id
from routing.matters import same_matter
from routing.model import AgentState, Call, NewEvent, QueueEntry
from routing.policy import offerable, page_alive, serves
from routing.ports import News, Records
from routing.timeline import Timeline

ASIDE_S = 180  # longer than choosing a callback takes; whose call was lost meanwhile is offered again


@dataclass(frozen=True)
class Standing:
    """Where a caller stands in the queue."""

    position: int  # 1: the next
    waited_s: int  # in this call
    staffed: bool  # whether anybody is there who could take the call


class QueueService:
    def __init__(self, records: Records, news: News, clocks: Clocks) -> None:
        self._records, self._news, self._clocks = records, news, clocks

    async def enter(
        self, crew: str, timeline: Timeline, ticket_id: str | None = None, since: datetime | None = None
    ) -> QueueEntry:
        """A place for the call, or the one that it has; with its ticket's urgency. `since`: an earlier right to it."""
        call_id = timeline.call_id
        crew = await self._crew_now(call_id, crew, ticket_id)
        urgency = await self.urgency_of(ticket_id)
        since = since or self._clocks.now()
        entry = QueueEntry(new_id(), crew, urgency, since, call_id=call_id, ticket_id=ticket_id)
        kept = await self._records.queue.enter(entry)
        if kept.id == entry.id:
            timeline.note(EventType.QUEUE_ENTERED, {"crew": crew, "urgency": kept.urgency})
        await self._tell(call_id)
        return kept

    async def _crew_now(self, call_id: str, crew: str, ticket_id: str | None) -> str:
        """Who was moved to another crew, as a person corrected the topic, is not moved back by what the call knows."""
        kept = await self._records.queue.of_call(call_id) if ticket_id else None
        if kept is None or ticket_id is None or kept.crew == crew:
            return crew
        made = await self._records.corrections.of_ticket(ticket_id)
        moved = any(each.field == "crew" and (each.before, each.after) == (crew, kept.crew) for each in made)
        return kept.crew if moved else crew

    async def urgency_of(self, ticket_id: str | None) -> str:
        """With which whoever calls about that ticket waits. Raises: NotFound."""
        return (await self._records.tickets.load(ticket_id)).urgency if ticket_id else "normal"

    async def take_over(
        self, call: Call, ticket_id: str | None, topics: Collection[str], timeline: Timeline
    ) -> QueueEntry | None:
        """The place of a callback that the caller is owed about this matter, who is not called as well.

        None where there is none, or the call has a place already.
        """
        number = call.caller.number
        if number is None or call.outbound_call_id or await self._records.queue.of_call(call.id):
            return None
        told = (await self._records.tickets.load(ticket_id)).draft if ticket_id else None
        for owed in await self._records.outbound_calls.owed_to(number):
            ticket = await self._records.tickets.load(owed.ticket_id)
            if not same_matter(ticket.draft, told, topics):
                continue
            if await self._records.outbound_calls.take_over(owed.id, call.id, self._clocks.now()):
                taken = {"callback_id": owed.id, "ticket_id": owed.ticket_id}
                timeline.note(EventType.CALLBACK_TAKEN_OVER, taken)
                await self._news.publish("outbound", outbound_call=owed.id, purpose=owed.purpose, call=call.id)
                await self._tell(call.id)
                return await self._records.queue.of_call(call.id)
        return None

    async def leave(self, call_id: str, reason: str, timeline: Timeline | None = None) -> bool:
        """The call gives its place up; False where it has none. Without a `timeline` it is told there at once."""
        entry = await self._records.queue.of_call(call_id)
        if entry is None:
            return False
        await self._records.queue.leave(entry.id, reason, self._clocks.now())
        left = {"reason": reason}
        if timeline:
            timeline.note(EventType.QUEUE_LEFT, left)
        else:
            event = NewEvent(call_id, EventType.QUEUE_LEFT, self._clocks.now(), "system", payload=left)
            await self._records.calls.append([event])
        await self._tell(call_id)
        return True

    async def stand_aside(self, call_id: str) -> None:
        """The place stays, and is offered again once the call enters the queue again, or a while has passed."""
        if entry := await self._records.queue.of_call(call_id):
            until = self._clocks.now() + timedelta(seconds=ASIDE_S)
            await self._records.queue.enter(replace(entry, not_before=until))
            await self._tell(call_id)

    async def look(self, call: Call, rules: WaitingRules, timeline: Timeline) -> Standing | None:
        """Where the call stands now, for whoever is told; None where it has no place."""
        entry = await self._records.queue.of_call(call.id)
        if entry is None:
            return None
        now = await self.standing(entry, call, rules)
        timeline.note(EventType.QUEUE_POSITION, {"position": now.position, "waited_s": now.waited_s})
        return now

    async def standing(self, entry: QueueEntry, call: Call, rules: WaitingRules) -> Standing:
        now = self._clocks.now()
        ahead = await self._records.queue.ahead(entry)
        agents = await self._records.agents.all()
        staffed = any(
            serves(agent, entry.crew, call.node)
            and agent.state is not AgentState.NOT_READY
            and page_alive(agent, now, rules)
            for agent in agents
        )
        here_since = max(entry.since, call.started_at)  # a callback's place is older than its call
        return Standing(ahead + 1, int((now - here_since).total_seconds()), staffed)

    async def has_free_agent(self, crew: str, call: Call, rules: WaitingRules) -> bool:
        """Whether the call could be offered to somebody of the crew right now; others may be before it."""
        now, agents = self._clocks.now(), await self._records.agents.all()
        return any(serves(agent, crew, call.node) and offerable(agent, now, rules) for agent in agents)

    async def _tell(self, call_id: str) -> None:
        await self._news.publish("queue", call=call_id)
