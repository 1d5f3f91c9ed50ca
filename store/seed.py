"""What a fresh site needs before its first call: its documents, its agents, and who may log in."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, insert, select, update

from config.documents import AgentAccount, Edition
from routing.identity import new_id
from routing.model import Agent, AgentState
from store import editions
from store.records import SqlRecords, open_records
from store.tables_dispatch import agents, users


async def seed(database_url: str, edition: Edition, passwords: Mapping[str, str]) -> set[str]:
    """Bring documents, agents and accounts up to date with the edition; idempotent.

    An account begins with its password of `passwords` (by login), without one it cannot log in yet; the password
    that it has is never changed. Returns whose still is the one given here.
    """
    async with open_records(database_url, edition.site.id) as records:
        await editions.keep(records, edition)
        begun = set[str]()
        for account in edition.site.agents:
            agent_id = await _enrol(records, account)
            if await _account(records, account, agent_id, passwords.get(account.login, "")):
                begun.add(account.login)
        await _retire(records, [account.login for account in edition.site.agents])
        return begun


async def _enrol(records: SqlRecords, account: AgentAccount) -> str | None:
    """The agent of an account that takes calls."""
    if not account.phone:
        return None
    query = select(agents.c.id).where(agents.c.site_id == records.site_id, agents.c.login == account.login)
    known = await records.database.read(lambda connection: connection.execute(query).scalar())
    now = datetime.now(UTC)
    agent = Agent(
        known or new_id(), account.login, account.name, frozenset(account.crews), account.phone,
        AgentState.NOT_READY, now, now,
    )  # fmt: skip
    await records.agents.enrol(agent)
    return agent.id


async def _account(records: SqlRecords, account: AgentAccount, agent_id: str | None, password: str) -> bool:
    """Whether its password is this one."""
    query = select(users.c.password_hash).where(users.c.login == account.login)
    known = await records.database.read(lambda connection: connection.execute(query).scalar())
    first = PasswordHasher().hash(password) if password and not known else ""
    row = {
        "name": account.name, "role": account.role, "agent_id": agent_id,
        "language": account.languages[0] if account.languages else "en", "active": True,
    }  # fmt: skip

    def work(connection: Connection) -> None:
        if connection.execute(update(users).where(users.c.login == account.login).values(**row)).rowcount == 0:
            values = {**row, "id": new_id(), "site_id": records.site_id, "login": account.login, "password_hash": ""}
            connection.execute(insert(users).values(**values))
        unset = (users.c.login == account.login) & (users.c.password_hash == "")
        connection.execute(update(users).where(unset).values(password_hash=first))

    await records.database.write(work)
    return await asyncio.to_thread(_fits, password, known or first)


def _fits(password: str, stored: str) -> bool:
    try:
        return bool(password) and PasswordHasher().verify(stored, password)
    except (VerificationError, ValueError):
        return False


async def _retire(records: SqlRecords, logins: list[str]) -> None:
    """Who is no longer in the documents can neither log in nor be offered a call."""

    def work(connection: Connection) -> None:
        gone = users.c.login.not_in(logins) & (users.c.site_id == records.site_id)
        connection.execute(update(users).where(gone).values(active=False))
        left = agents.c.login.not_in(logins) & (agents.c.site_id == records.site_id)
        connection.execute(update(agents).where(left).values(crews=[], phone=None))

    await records.database.write(work)
