"""What Asterisk did by itself while no controller lived becomes a call and a ticket, once.

Every id and key comes from the message, so that whoever tries again after a crash finds what is there.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from config.in_force import EditionInForce
from controller.dialplan_calls import DialplanCalls
from controller.emergency_reports import EmergencyReports
from ivr.facts import Facts
from ivr.notebook import Notebook
from ivr.owed import owed
from ivr.performing import Performer
from routing.event_types import EventType
from routing.model import Call, NewEvent, NotFound
from routing.news_waiter import NewsWaiter
from routing.ports import News, Records
from runtime.clock import line_time, now, wall_now
from telephony import spool
from telephony.spool import SpooledMessage

log = structlog.get_logger()
LOOK_S = 5.0
SETTLED_S = 30.0  # by then whoever recorded a message has put it on its ticket, or cannot
TOOK_OVER = EventType.DIALPLAN_TOOK_OVER
ENDINGS: Mapping[str, str] = {"message": "message_left", "talked": "talked", "left": "caller_hung_up"}


def _ending(message: SpooledMessage) -> str:
    if message.outcome == "emergency":
        return "emergency_answered" if message.answered else "caller_hung_up"
    return ENDINGS.get(message.outcome, "served")


@dataclass(frozen=True)
class MessageImport:
    folder: Path  # of what Asterisk recorded alone
    recordings: Path  # of what the line recorded
    records: Records
    news: News
    news_waiter: NewsWaiter
    in_force: EditionInForce
    ages: spool.Ages = field(default_factory=spool.Ages)

    async def run(self) -> None:
        while True:
            try:
                await self._look()
                await self._settle(time.time() - SETTLED_S)
            except Exception:  # one file that cannot be read must not end the controller
                log.exception("the spool could not be read")
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        for message in await asyncio.to_thread(spool.pending, self.folder, self.ages):
            await self._take(message)

    async def _settle(self, before: float) -> None:
        """Messages that the line took while the records did not answer."""
        for message in await asyncio.to_thread(lambda: list(owed(self.recordings, before))):
            try:
                await self.records.tickets.add_message(message.ticket, str(message.wav), message.at)
            except NotFound:
                log.error("a message of no ticket", recording=message.wav.name)
            await asyncio.to_thread(message.settle)
            await self.news.publish("ticket", ticket=message.ticket)

    async def _take(self, waiting: SpooledMessage) -> None:
        try:
            message = await asyncio.to_thread(spool.claim, waiting)
            if message is None:
                return
            if message.outcome != "resumed":
                await self.keep(message)
            await asyncio.to_thread(spool.done, message)
        except Exception:
            log.exception("a message stays in the spool", key=waiting.key)

    async def keep(self, message: SpooledMessage) -> None:
        """The call, its ticket and its ending; a repeat changes nothing."""
        call = await DialplanCalls(self.records, self.in_force).record(message.call)
        notebook = Notebook(call.id, message.key, now)
        notebook.note(TOOK_OVER, {"outcome": message.outcome, "at": message.at.isoformat()}, actor="system")
        if message.outcome == "emergency":
            emergencies = EmergencyReports.of(self.records, self.news, self.news_waiter, self.in_force)
            await emergencies.report(call, message.key, line_time(message.at))
            await emergencies.desk.call_ended(call.id, message.answered)
        else:
            await self._ticket(message, call, notebook)
        await self._end(call, _ending(message), message, notebook.take())
        await self.news.publish("call", call=call.id)

    async def _end(self, call: Call, ending: str, message: SpooledMessage, events: Sequence[NewEvent]) -> None:
        """With what happened meanwhile; a call that was ended already is told it as well, once."""
        at = line_time(message.at)
        ended = NewEvent(call.id, EventType.CALL_ENDED, at, "system", message.key, {"ending": ending})
        if await self.records.calls.end(call.id, ending, at, [*events, ended]):
            return
        known = await self.records.calls.timeline(call.id)
        if not any(event.type == TOOK_OVER and event.leg == message.key for event in known):
            await self.records.calls.append(events)

    async def _ticket(self, message: SpooledMessage, call: Call, notebook: Notebook) -> None:
        """The call's own matter where it has one; else a new one: someone listens, rings back, or writes down the talk.

        Whoever hung up and cannot be rung back leaves a call alone.
        """
        performer = Performer(
            call=call, records=self.records, news=self.news, news_waiter=self.news_waiter,
            edition=await self.in_force.of(call.pins), notebook=notebook, clock=now, wall=wall_now,
            recordings=self.folder,
        )  # fmt: skip
        if call.ended_at is None:
            await performer.record_left()
        own = await self.records.tickets.of_call(call.id) if message.call_id else ()
        if not own and message.outcome == "left" and not message.number:
            return  # nobody to ring back and nothing said
        key = "matter" if message.call_id else f"spool:{message.key}"
        ticket = own[0] if own else await performer.open_ticket(Facts(topic="message"), key)
        if message.recording:
            await self.records.tickets.add_message(ticket.id, str(message.recording), line_time(message.at))
            notebook.note(EventType.MESSAGE_RECORDED, {"ticket_id": ticket.id}, actor="caller")
