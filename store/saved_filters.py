"""The lists that people keep for themselves."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from routing.identity import new_id
from routing.work_list import MOST_FILTERS, SavedFilter, TooMany
from store.columns import storable
from store.database import Database
from store.tables_matters import saved_filters


class SqlSavedFilters:
    """Implements `routing.work_list.SavedFilters`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, owner: str, saved: SavedFilter, at: datetime) -> None:
        name, fields = storable(saved.name), {key: storable(value) for key, value in saved.fields.items()}

        def work(connection: Connection) -> None:
            _drop(connection, owner, name)
            others = select(func.count()).where(saved_filters.c.owner == owner)
            if connection.execute(others).scalar_one() >= MOST_FILTERS:
                raise TooMany
            row = {"id": new_id(), "owner": owner, "name": name, "fields": fields, "at": at}
            connection.execute(insert(saved_filters).values(row))

        await self._database.write(work)

    async def drop(self, owner: str, name: str) -> bool:
        return await self._database.write(lambda connection: _drop(connection, owner, storable(name)))

    async def of(self, owner: str) -> Sequence[SavedFilter]:
        query = select(saved_filters.c.name, saved_filters.c.fields).where(saved_filters.c.owner == owner)

        def work(connection: Connection) -> list[SavedFilter]:
            found = [SavedFilter(name, fields) for name, fields in connection.execute(query)]
            return sorted(found, key=lambda each: each.name.casefold())

        return await self._database.read(work)


def _drop(connection: Connection, owner: str, name: str) -> bool:
    own = (saved_filters.c.owner == owner) & (saved_filters.c.name == name)
    return connection.execute(delete(saved_filters).where(own)).rowcount > 0
