"""The audit in memory."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from routing.archive import EVERYTHING, Action, AuditEntry, AuditQuery
from routing.identity import new_id


class MemoryAudit:
    def __init__(self) -> None:
        self._noted: list[AuditEntry] = []

    async def note(
        self, actor: str, action: Action, subject: str, at: datetime, detail: Mapping[str, str] | None = None
    ) -> str:
        self._noted.append(AuditEntry(new_id(), at, actor, action, subject, dict(detail or {})))
        return self._noted[-1].id

    async def again(self, entry_id: str, at: datetime) -> None:
        self._noted = [replace(entry, last_at=at) if entry.id == entry_id else entry for entry in self._noted]

    async def entries(
        self, limit: int, before: str | None = None, query: AuditQuery = EVERYTHING
    ) -> Sequence[AuditEntry]:
        found = [entry for entry in reversed(self._noted) if _fits(entry, query)]
        return [entry for entry in found if before is None or entry.id < before][:limit]


def _told(entry: AuditEntry) -> str:
    """A reading tells its circumstances, too; it is about what was shown."""
    return entry.detail.get("shown", "") if entry.action == Action.READ else json.dumps(dict(entry.detail))


def _fits(entry: AuditEntry, query: AuditQuery) -> bool:
    return (
        (not query.who or entry.actor in query.actors)
        and (query.action is None or entry.action == query.action)
        and (not query.about or entry.subject == query.about or query.about in _told(entry))
        and (query.since is None or entry.at >= query.since)
        and (query.until is None or entry.at < query.until)
    )
