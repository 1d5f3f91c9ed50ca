"""Who did what at the desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select

from routing.archive import Action, AuditEntry
from routing.identity import new_id
from store.database import Database
from store.tables_dispatch import audit


class SqlAudit:
    """Implements `routing.archive.Audit`."""

    def __init__(self, database: Database, site_id: str) -> None:
        self._database = database
        self._site_id = site_id

    async def note(
        self, actor: str, action: Action, subject: str, at: datetime, detail: Mapping[str, str] | None = None
    ) -> None:
        entry = {"id": new_id(), "at": at, "actor": actor, "action": action, "subject": subject}
        row = {**entry, "site_id": self._site_id, "detail": dict(detail or {})}
        await self._database.write(lambda connection: connection.execute(insert(audit).values(row)).rowcount)

    async def entries(self, limit: int, before: str | None = None) -> Sequence[AuditEntry]:
        columns = (audit.c.id, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
        query = select(*columns).where(audit.c.site_id == self._site_id).order_by(audit.c.id.desc()).limit(limit)
        query = query.where(audit.c.id < before) if before else query
        return await self._database.read(lambda connection: [AuditEntry(*row) for row in connection.execute(query)])
