"""How calls end, whoever ends them: what their caller told is on a ticket then, also of one who heard of none."""

import asyncio
from dataclasses import dataclass

import structlog

from config.in_force import EditionInForce
from controller.emergency_reports import EmergencyReports
from ivr.call_tickets import CallTickets
from ivr.notebook import Notebook
from routing.model import NotFound
from routing.services.line import LineServices

log = structlog.get_logger()
LIMIT_S = 10.0  # the caller is gone; the call's own ending waits


@dataclass(frozen=True)
class CallEndings:
    services: LineServices
    in_force: EditionInForce

    async def conclude(
        self, call_id: str, ending: str, notebook: Notebook, summoned: bool = False, actor: str = "line"
    ) -> bool:
        """End a call, once; False, and nothing changes, where somebody was first.

        An emergency's ticket has all that was told: where help was summoned, no other is opened. Raises: NotFound.
        """
        if not summoned:
            await self._record_left(call_id, notebook)
        return await self.services.calls.end(call_id, ending, notebook, actor=actor)

    async def _record_left(self, call_id: str, notebook: Notebook) -> None:
        """Once; a call that has ended has nothing left. No fault of the records keeps a call from ending."""
        try:
            async with asyncio.timeout(LIMIT_S):
                call = await self.services.records.calls.load(call_id)
                if call.ended_at is not None:
                    return
                reports = EmergencyReports(self.services, self.in_force)
                if await reports.report_left(call, call.channel or notebook.leg_id, self.services.clocks.now()):
                    return
                edition = await self.in_force.of(call.pins)
                of_call = CallTickets(call, edition, self.services.tickets, notebook, self.services.clocks)
                await of_call.record_left()
        except NotFound:
            return
        except Exception as error:  # its text may be private
            log.error("a caller's matter was not recorded", call=call_id, why=type(error).__name__)
