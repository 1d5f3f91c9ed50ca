"""What `onenumber password` does: tells a demo password that still holds, sets another one."""

import asyncio
import getpass
import sys
from datetime import UTC, datetime

from config.settings import Settings
from routing.archive import Account, Action
from routing.passwords import LEAST, Weakness, weakness
from runtime import credentials, operator
from store import SqlRecords
from web.passwords import hashed, password_fits

WHY = {
    Weakness.SHORT: f"it has fewer than {LEAST} characters",
    Weakness.LONG: "it is too long",
    Weakness.YOURS: "it is hardly more than the login or the name",
    Weakness.COMMON: "it is among the first that are guessed",
}


def show(login: str) -> None:
    settings = credentials.settings()
    kept = credentials.load(settings.paths.secrets).get(credentials.login_name(login), "")
    account = asyncio.run(_account(settings, login))
    if not kept or not asyncio.run(password_fits(kept, account.password_hash or None)):
        operator.refuse(f"{login} has another password than the demo one: set a new one if it is lost.")
    print(kept)


def set_password(login: str, generate: bool) -> None:
    settings = credentials.settings()
    account = asyncio.run(_account(settings, login))
    wanted = credentials.new_password() if generate else _typed()
    if why := weakness(wanted, login, account.name):
        operator.refuse(f"this password is refused: {WHY[why]}.")
    asyncio.run(_set(settings, login, wanted))
    print(wanted if generate else f"the password of {login} is changed; all their sessions have ended")


def _typed() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    wanted = getpass.getpass("new password: ")
    if getpass.getpass("again: ") != wanted:
        operator.refuse("the two are not alike.")
    return wanted


async def _account(settings: Settings, login: str) -> Account:
    site = operator.edition(settings).site
    known = next((agent for agent in site.agents if agent.login == login), None)
    if known is None:
        operator.refuse(f"nobody has the login {login}: there are {', '.join(a.login for a in site.agents)}.")
    async with operator.records(settings) as records:
        stored = await records.accounts.by_login(login)
    return stored or Account(login, known.name, known.role, "")


async def _set(settings: Settings, login: str, wanted: str) -> None:
    async with operator.records(settings) as records:
        await _keep(records, login, await hashed(wanted), datetime.now(UTC))


async def _keep(records: SqlRecords, login: str, stored: str, at: datetime) -> None:
    await records.accounts.set_password(login, stored, at)
    await records.audit.note(operator.actor(), Action.PASSWORD_CHANGED, login, at)
