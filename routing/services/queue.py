"""The queue: who waits, in which place, and when they leave it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from config.documents import WaitingRules
from routing.clocks import Clocks
from routing.event_types import EventType
from routing.expected_wait import LATELY_H, SAMPLES, LineNow, expected_wait_s
from routing.floor import here_since
from routing.identity import new_id
from routing.matters import same_matter
from routing.model import AgentState, Call, NewEvent, QueueEntry
from routing.policy import offerable, page_alive, reach, serves
from routing.ports import News, Records
from routing.timeline import Timeline

ASIDE_S = 180  # longer than choosing a callback takes; whose call was lost meanwhile is offered again


@dataclass(frozen=True)
class Standing:
    """Where a caller stands in the queue."""

    position: int  # 1: the next
    waited_s: int  # in this call
    staffed: bool  # whether anybody is there who could take the call, by now or after an overflow
    wait_s: float | None  # which is still expected; None: nothing is known


class QueueService:
    def __init__(self, records: Records, news: News, clocks: Clocks) -> None:
        self._records, self._news, self._clocks = records, news, clocks

    async def enter(
        self, crew: str, timeline: Timeline, ticket_id: str | None = None, since: datetime | None = None,
        contacts: int = 0,
    ) -> QueueEntry:  # fmt: skip
        """A place for the call, or the one that it has; with its ticket's urgency.

        `since`: an earlier right to it; `contacts`: of a repeat caller, see `repeated`.
        """
        call_id = timeline.call_id
        crew = await self._crew_now(call_id, crew, ticket_id)
        urgency = await self.urgency_of(ticket_id)
        since = since or self._clocks.now()
        entry = QueueEntry(new_id(), crew, urgency, since, call_id=call_id, ticket_id=ticket_id, contacts=contacts)
        kept = await self._records.queue.enter(entry)
        if kept.id == entry.id:
            repeat = {"contacts": contacts} if contacts else {}
            timeline.note(EventType.QUEUE_ENTERED, {"crew": crew, "urgency": kept.urgency, **repeat})
        await self._tell(call_id)
        return kept

    async def repeated(self, call: Call, ticket_id: str | None, topics: Collection[str], rules: WaitingRules) -> int:
        """How often the caller has called about this lately, where that lifts them; 0 where it does not, or is unknown.

        The same of the site's `topics`, from a number that identifies its caller; their other matters are none of it.
        """
        if ticket_id is None or not call.caller.identifies or call.caller.number is None:
            return 0
        topic = (await self._records.tickets.load(ticket_id)).draft.topic
        if topic not in topics:
            return 0
        since = self._clocks.now() - timedelta(hours=rules.repeat_window_h)
        contacts = await self._records.waits.contacts(call.caller.number, topic, since)
        return contacts if contacts >= rules.repeat_contacts else 0

    async def lift_pressing(self, rules: WaitingRules) -> None:
        """Whose promise is about to break comes sooner from now on."""
        by = self._clocks.wall() + timedelta(seconds=rules.promise_notice_s)
        for entry in await self._records.waits.press(by):
            if entry.call_id:
                why = {"why": "promise", "by": entry.promise_by.isoformat() if entry.promise_by else ""}
                event = NewEvent(entry.call_id, EventType.QUEUE_LIFTED, self._clocks.now(), "system", payload=why)
                await self._records.calls.append([event])
            await self._tell(entry.call_id or "")

    async def has_place(self, call_id: str) -> bool:
        return await self._records.queue.of_call(call_id) is not None

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
        line = await line_now(self._records, self._clocks.now(), rules)
        ahead = await self._records.waits.ahead(entry, line.now)
        crews = {entry.crew, *(other.to for other in rules.overflow.get(entry.crew, ()))}
        staffed = any(
            serves(agent, crews, call.node)
            and agent.state is not AgentState.NOT_READY
            and page_alive(agent, line.now, rules)
            for agent in line.agents
        )
        waited_s = int((line.now - here_since(entry, call)).total_seconds())
        return Standing(ahead.get(entry.crew, 0) + 1, waited_s, staffed, expected_wait_s(entry, ahead, line))

    async def has_free_agent(self, crew: str, call: Call, rules: WaitingRules) -> bool:
        """Whether the call could be offered to somebody right now; others may be before it."""
        now, agents = self._clocks.now(), await self._records.agents.all()
        crews = reach(QueueEntry("", crew, "normal", now), now, rules)
        return any(serves(agent, crews, call.node) and offerable(agent, now, rules) for agent in agents)

    async def _tell(self, call_id: str) -> None:
        await self._news.publish("queue", call=call_id)


async def line_now(records: Records, now: datetime, rules: WaitingRules) -> LineNow:
    """What waits are estimated from."""
    handled = await records.waits.handled(now - timedelta(hours=LATELY_H), SAMPLES)
    return LineNow(await records.agents.all(), handled, now, rules)
