"""Who may log in, and who is; which browser page of an agent is the live one."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from routing.archive import Account, LoginTry, SessionEnd
from routing.model import NotFound
from store.database import Database
from store.tables_dispatch import agents, login_tries, sessions, users


class SqlAccounts:
    """Implements `routing.archive.Accounts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_login(self, login: str) -> Account | None:
        query = select(users).where(users.c.login == login, users.c.active, users.c.password_hash != "")
        return await self._account(query)

    async def open_session(
        self, token_hash: str, login: str, at: datetime, expires_at: datetime, proven: str = ""
    ) -> None:
        query = select(users.c.id).where(users.c.login == login)
        query = query.where(users.c.password_hash == proven) if proven else query

        def work(connection: Connection) -> None:
            user_id = connection.execute(query.with_for_update()).scalar()
            if user_id is None:
                raise NotFound("no such account")
            row = {"token_hash": token_hash, "user_id": user_id, "opened_at": at, "expires_at": expires_at}
            connection.execute(insert(sessions).values(**row))

        await self._database.write(work)

    async def of_session(self, token_hash: str, at: datetime) -> Account | None:
        query = select(users).join(sessions).where(sessions.c.token_hash == token_hash, sessions.c.expires_at > at)
        return await self._account(query.where(sessions.c.revoked_at.is_(None), users.c.active))

    async def session_end(self, token_hash: str, at: datetime) -> SessionEnd:
        query = select(sessions, users.c.active).join(users).where(sessions.c.token_hash == token_hash)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            return SessionEnd.UNKNOWN
        if row.revoked_at is not None:
            return SessionEnd.REVOKED
        return SessionEnd.EXPIRED if row.expires_at <= at else SessionEnd.RETIRED

    async def revoke_session(self, token_hash: str, at: datetime) -> None:
        change = update(sessions).where(sessions.c.token_hash == token_hash, sessions.c.revoked_at.is_(None))
        await self._database.write(lambda connection: connection.execute(change.values(revoked_at=at)).rowcount)

    async def reserve_try(self, key: str, at: datetime, since: datetime) -> LoginTry:
        def reserve(connection: Connection) -> int:
            connection.execute(delete(login_tries).where(login_tries.c.at <= since))
            new = insert(login_tries).values(key=key, at=at).returning(login_tries.c.id)
            return int(connection.execute(new).scalar_one())

        mine = await self._database.write(reserve)  # committed before the others are counted: each sees all before it
        others = select(login_tries.c.at).where(
            login_tries.c.key == key, login_tries.c.at > since, login_tries.c.id != mine
        )
        ordered = others.order_by(login_tries.c.at)
        return LoginTry(mine, await self._database.read(lambda connection: connection.execute(ordered).scalars().all()))

    async def withdraw_try(self, id: int) -> None:
        change = delete(login_tries).where(login_tries.c.id == id)
        await self._database.write(lambda connection: connection.execute(change).rowcount)

    async def forget_tries(self, key: str) -> None:
        change = delete(login_tries).where(login_tries.c.key == key)
        await self._database.write(lambda connection: connection.execute(change).rowcount)

    async def choose_language(self, login: str, language: str | None) -> None:
        change = update(users).where(users.c.login == login).values(chosen_language=language)
        if await self._database.write(lambda connection: connection.execute(change).rowcount) == 0:
            raise NotFound("no such account")

    async def set_password(self, login: str, password_hash: str, at: datetime, keep: str = "") -> None:
        def work(connection: Connection) -> None:
            changed = update(users).where(users.c.login == login).values(password_hash=password_hash)
            if connection.execute(changed).rowcount == 0:
                raise NotFound("no such account")
            theirs = sessions.c.user_id.in_(select(users.c.id).where(users.c.login == login))
            open_ = theirs & sessions.c.revoked_at.is_(None) & (sessions.c.token_hash != keep)
            connection.execute(update(sessions).where(open_).values(revoked_at=at))

        await self._database.write(work)

    async def _account(self, query: Any) -> Account | None:
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _account_of(row)


def _account_of(row: Row[Any]) -> Account:
    return Account(row.login, row.name, row.role, row.password_hash, row.agent_id, row.chosen_language or row.language)


class SqlPages:
    """Implements `routing.archive.Pages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, agent_id: str, page: str, at: datetime) -> None:
        change = update(agents).where(agents.c.id == agent_id).values(page=page, page_seen_at=at)
        await self._database.write(lambda connection: connection.execute(change).rowcount)

    async def live(self, agent_id: str) -> str | None:
        query = select(agents.c.page).where(agents.c.id == agent_id)
        return await self._database.read(lambda connection: connection.execute(query).scalar())
