"""Forgetting what is private when its time has come: words, names and numbers, and recorded messages."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from config.paths import DataPaths
from config.settings import Retention
from ivr import owed
from runtime.clock import now
from store.records import SqlRecords
from store.retention import ClockLeapt, look, purge
from telephony import spool

log = structlog.get_logger()
EVERY = timedelta(hours=1)
SPOOLED = ("*.wav", "*.done")  # what still waits to become a ticket is never touched


@dataclass(frozen=True)
class Forgetting:
    """Safe in any number of processes: what is gone is gone."""

    records: SqlRecords
    recordings: Path  # taken by the line
    messages: Path  # taken by Asterisk alone
    recordings_kept: timedelta

    async def run(self) -> None:
        """Now, and every hour; a failure is logged and tried again."""
        while True:
            try:
                gone = await self.forget(now())
                log.info("forgotten", **gone)
            except ClockLeapt as leap:
                log.error("nothing is deleted: the clock leapt; see `onenumber doctor`", why=str(leap))
            except Exception:
                log.exception("forgetting failed")
            await asyncio.sleep(EVERY.total_seconds())

    async def forget(self, at: datetime) -> dict[str, int]:
        """Delete what is due; returns how many of each. Raises: ClockLeapt, before anything is deleted."""
        await look(self.records, at)
        gone = await purge(self.records, at)
        before = at - self.recordings_kept
        files = await asyncio.to_thread(self._due, before)
        await asyncio.to_thread(_delete, files)
        return {**gone, "recordings": len(files)}

    def _due(self, before: datetime) -> list[Path]:
        waiting = {message.recording for message in spool.pending(self.messages)}
        spooled = [path for pattern in SPOOLED for path in self.messages.glob(pattern) if path not in waiting]
        taken = [path for path in self.recordings.glob("*.wav") if not path.with_suffix(owed.SUFFIX).exists()]
        found = [*taken, *spooled]
        return [path for path in found if path.stat().st_mtime < before.timestamp()]


def forgetting(records: SqlRecords, paths: DataPaths, retention: Retention) -> Forgetting:
    return Forgetting(
        records,
        recordings=paths.recordings,
        messages=paths.spooled,
        recordings_kept=timedelta(days=retention.recordings_days),
    )


def _delete(files: Sequence[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
