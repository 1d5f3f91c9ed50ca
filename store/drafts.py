"""What people type, kept while they type it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from routing.identity import new_id
from store.columns import storable
from store.database import Database
from store.tables_dispatch import draft_private

KEPT = timedelta(days=7)  # who has not come back to a form by then does not miss it


class SqlDrafts:
    """Implements `routing.ports.Drafts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, owner: str, form: str, fields: Mapping[str, str], at: datetime) -> None:
        row = {"id": new_id(), "owner": owner, "form": form, "at": at, "purge_after": at + KEPT}

        def work(connection: Connection) -> None:
            forget_draft(connection, owner, form)
            if any(fields.values()):
                typed = {name: storable(text) for name, text in fields.items()}
                connection.execute(insert(draft_private).values(**row, fields=typed))

        await self._database.write(work)

    async def of(self, owner: str, form: str) -> Mapping[str, str]:
        return await self._database.read(lambda connection: draft(connection, owner, form))


def draft(connection: Connection, owner: str, form: str) -> Mapping[str, str]:
    """Empty when there is none."""
    query = select(draft_private.c.fields).where(draft_private.c.owner == owner, draft_private.c.form == form)
    found: Mapping[str, str] = connection.execute(query).scalar() or {}
    return found


def forget_draft(connection: Connection, owner: str, form: str) -> None:
    connection.execute(delete(draft_private).where(draft_private.c.owner == owner, draft_private.c.form == form))
