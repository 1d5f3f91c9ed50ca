"""The audit in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from routing.archive import Action, AuditEntry
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

    async def entries(self, limit: int, before: str | None = None) -> Sequence[AuditEntry]:
        return [entry for entry in reversed(self._noted) if before is None or entry.id < before][:limit]
