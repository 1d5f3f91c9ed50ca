"""What Asterisk did by itself while no controller lived becomes a call and a ticket, once.

Every id and key comes from the message, so that whoever tries again after a crash finds what is there.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from config.in_force import EditionInForce
from controller.dialplan_calls import DialplanCalls
from controller.emergency_reports import EmergencyReports
from ivr.call_tickets import CallTickets
from ivr.facts import Facts
from ivr.notebook import Notebook
from ivr.owed import owed
from routing.event_types import EventType
from routing.model import Call, IntakeSource, NotFound
from routing.nodes import BEFORE
from routing.services.line import LineServices
from runtime.clock import line_time
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
    services: LineServices
    in_force: EditionInForce
    node: str = BEFORE  # whose Asterisk it is
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
                await self.services.tickets.add_message(message.ticket, str(message.wav), message.at)
            except NotFound:
                log.error("a message of no ticket", recording=message.wav.name)
            await asyncio.to_thread(message.settle)

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
        call = await DialplanCalls(self.services, self.in_force, self.node).record(message.call)
        notebook = Notebook(call.id, message.key, self.services.clocks.now)
        notebook.note(TOOK_OVER, {"outcome": message.outcome, "at": message.at.isoformat()}, actor="system")
        if message.outcome == "emergency":
            await EmergencyReports(self.services, self.in_force).report(call, message.key, line_time(message.at))
            await self.services.emergencies.call_ended(call.id, message.answered)
        else:
            await self._ticket(message, call, notebook)
        at = line_time(message.at)
        await self.services.calls.end(call.id, _ending(message), notebook, at, "system", late=TOOK_OVER)

    async def _ticket(self, message: SpooledMessage, call: Call, notebook: Notebook) -> None:
        """The call's own matter where it has one; else a new one: someone listens, rings back, or writes down the talk.

        Whoever hung up and cannot be rung back leaves a call alone.
        """
        edition = await self.in_force.of(call.pins)
        events = CallTickets(call, edition, self.services.tickets, notebook, self.services.clocks)
        if call.ended_at is None:
            await self._record_left(message, call, events)
        own = await self.services.records.tickets.of_call(call.id) if message.call_id else ()
        if not own and message.outcome == "left" and not message.number:
            return  # nobody to ring back and nothing said
        key = "matter" if message.call_id else f"spool:{message.key}"
        source = IntakeSource.MESSAGE if message.recording else IntakeSource.CALL
        ticket = own[0] if own else await events.open(Facts(topic="message"), key, source)
        if message.recording:
            await self.services.tickets.add_message(ticket.id, str(message.recording), line_time(message.at), call.id)
            notebook.note(EventType.MESSAGE_RECORDED, {"ticket_id": ticket.id}, actor="caller")

    async def _record_left(self, message: SpooledMessage, call: Call, events: CallTickets) -> None:
        """What the caller told before the dialplan took the call: an emergency, or a matter."""
        reports = EmergencyReports(self.services, self.in_force)
        if await reports.report_left(call, message.key, line_time(message.at)):
            await self.services.emergencies.call_ended(call.id, message.outcome == "talked")
        else:
            await events.record_left()
