"""What callers told who hung up before they heard of a ticket: recorded when their call ends, whoever ends it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from config.in_force import EditionInForce
from ivr.notebook import Notebook
from ivr.performing import Performer
from routing.model import NotFound
from routing.news_waiter import NewsWaiter
from routing.ports import News, Records
from runtime.clock import now, wall_now

log = structlog.get_logger()
LIMIT_S = 10.0  # the caller is gone; the call's own ending waits


@dataclass(frozen=True)
class LeftMatters:
    records: Records
    news: News
    news_waiter: NewsWaiter
    in_force: EditionInForce
    recordings: Path

    async def record(self, call_id: str, notebook: Notebook) -> None:
        """Once; a call that has ended has nothing left. No fault of the records keeps a call from ending."""
        try:
            async with asyncio.timeout(LIMIT_S):
                call = await self.records.calls.load(call_id)
                if call.ended_at is not None:
                    return
                performer = Performer(
                    call=call, records=self.records, news=self.news, news_waiter=self.news_waiter,
                    edition=await self.in_force.of(call.pins), notebook=notebook, clock=now, wall=wall_now,
                    recordings=self.recordings,
                )  # fmt: skip
                await performer.record_left()
        except NotFound:
            return
        except Exception as error:  # its text may be private
            log.error("a caller's matter was not recorded", call=call_id, why=type(error).__name__)
