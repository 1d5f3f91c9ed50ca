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


async def seed(database_url: str, edition: Edition, passwords: Mapping[str, str]) -> None:
    """Bring documents, agents and accounts up to date with the edition; idempotent.

    `passwords` is by login and always wins; an account without one keeps what it has, or cannot log in.
    """
    async with open_records(database_url, edition.site.id) as records:
        await editions.keep(records, edition)
        for account in edition.site.agents:
            agent_id = await _enrol(records, account)
            await _account(records, account, agent_id, passwords.get(account.login))
        await _retire(records, [account.login for account in edition.site.agents])


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


async def _account(records: SqlRecords, account: AgentAccount, agent_id: str | None, password: str | None) -> None:
    query = select(users.c.password_hash).where(users.c.login == account.login)
    known = await records.database.read(lambda connection: connection.execute(query).scalar())
    stored = await asyncio.to_thread(_hash, password, known or "")
    row = {
        "name": account.name, "role": account.role, "password_hash": stored, "agent_id": agent_id,
        "language": account.languages[0] if account.languages else "en", "active": True,
    }  # fmt: skip

    def work(connection: Connection) -> None:
        if connection.execute(update(users).where(users.c.login == account.login).values(**row)).rowcount == 0:
            values = {**row, "id": new_id(), "site_id": records.site_id, "login": account.login}
            connection.execute(insert(users).values(**values))

    await records.database.write(work)


def _hash(password: str | None, known: str) -> str:
    """The hash to store: the known one where it fits, or where no password is given."""
    if not password:
        return known
    hasher = PasswordHasher()
    try:
        hasher.verify(known, password)
    except (VerificationError, ValueError):
        return hasher.hash(password)
    return known


async def _retire(records: SqlRecords, logins: list[str]) -> None:
    """Who is no longer in the documents can neither log in nor be offered a call."""

    def work(connection: Connection) -> None:
        gone = users.c.login.not_in(logins) & (users.c.site_id == records.site_id)
        connection.execute(update(users).where(gone).values(active=False))
        left = agents.c.login.not_in(logins) & (agents.c.site_id == records.site_id)
        connection.execute(update(agents).where(left).values(crews=[], phone=None))

    await records.database.write(work)
