"""Who is asking: sessions by cookie (pages) or bearer token (programs), roles, forged requests."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from routing.capabilities import ROLES, Capability
from routing.model import Agent, NotFound
from web import cookies
from web.context import DeskDep
from web.cookies import SESSION_COOKIE
from web.errors import ForgeryRefused, NoAgent, NotLoggedIn, TooManyLogins, WrongPassword
from web.logins import Logins, LoginsDep
from web.marks import form_mark, form_mark_fits, new_token, token_hash
from web.passwords import password_fits
from web.ports import Account, Action

STRANGER = "stranger"  # in the audit: who has not shown who they are
UNKNOWN = "unknown"  # in the audit: a login that nobody has
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Visitor:
    """Somebody logged in, on one request."""

    account: Account
    token: str

    @property
    def form_mark(self) -> str:
        return form_mark(self.token)

    @property
    def language(self) -> str:
        return self.account.language

    @property
    def actor(self) -> str:
        """As written into timelines."""
        return actor_of(self.account)

    def may(self, capability: Capability) -> bool:
        return capability in ROLES[self.account.role]


def actor_of(account: Account) -> str:
    return f"agent:{account.login}"


async def log_in(logins: Logins, login: str, password: str, address: str) -> tuple[Account, str]:
    """Check a password and open a session; returns the account and the session's token.

    Raises: TooManyLogins, WrongPassword.
    """
    at = logins.now()
    keys = (_key(f"{login.casefold()[:100]}@{address}"), _key(f"@{address}"))
    tries = await _reserve(logins, login, keys, at)
    account = await logins.accounts.by_login(login[:100])
    if not await password_fits(password[:200], account.password_hash if account else None) or account is None:
        await _note_refused(logins, account, at, "wrong")
        raise WrongPassword
    await logins.accounts.forget_tries(keys[0])
    await logins.accounts.withdraw_try(tries[1])
    token = new_token()
    until = at + timedelta(hours=logins.rules.session_hours)
    try:
        await logins.accounts.open_session(token_hash(token), account.login, at, until, account.password_hash)
    except NotFound:  # it was changed while it was checked
        raise WrongPassword from None
    await logins.audit.note(actor_of(account), Action.LOGGED_IN, account.login, at)
    return account, token


def _key(text: str) -> str:
    """As the tries are kept: nobody reads there what was typed."""
    return sha256(text.encode()).hexdigest()


async def _reserve(logins: Logins, login: str, keys: tuple[str, str], at: datetime) -> list[int]:
    """A place among the tries of each key, before the password is looked at. Raises: TooManyLogins."""
    rates = (logins.login_rate, logins.address_rate)
    tries = [await logins.accounts.reserve_try(key, at, rate.since(at)) for rate, key in zip(rates, keys, strict=True)]
    waits = [rate.wait_s(one.others, at) for rate, one in zip(rates, tries, strict=True)]
    if not any(waits):
        return [one.id for one in tries]
    for one in tries:  # nothing was checked
        await logins.accounts.withdraw_try(one.id)
    if any([logins.audited_waits.is_new(key, at, wait) for key, wait in zip(keys, waits, strict=True) if wait]):
        await _note_refused(logins, await logins.accounts.by_login(login[:100]), at, "too_many")
    raise TooManyLogins(max(waits))


async def _note_refused(logins: Logins, account: Account | None, at: datetime, why: str) -> None:
    """Only a login that exists is written down: people type their password into the wrong field."""
    await logins.audit.note(STRANGER, Action.LOGIN_REFUSED, account.login if account else UNKNOWN, at, {"why": why})


async def log_out(logins: Logins, who: Visitor) -> None:
    await logins.accounts.revoke_session(token_hash(who.token), logins.now())
    await logins.audit.note(who.actor, Action.LOGGED_OUT, who.account.login, logins.now())


# As the API describes itself; the token is read below.
_BEARER = HTTPBearer(auto_error=False, description="The token of `POST /api/v1/sessions`.")
_COOKIE = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="Of a page; changes also need its form mark.")


async def visitor(
    request: Request,
    logins: LoginsDep,
    _as_program: Annotated[object, Security(_BEARER)] = None,
    _as_page: Annotated[object, Security(_COOKIE)] = None,
) -> Visitor:
    """The session of this request.

    Raises: NotLoggedIn, ForgeryRefused.
    """
    bearer = _bearer(request)
    token = bearer or cookies.read(request, SESSION_COOKIE)
    account = await logins.accounts.of_session(token_hash(token), logins.now()) if token else None
    if account is None:
        raise NotLoggedIn
    if not bearer and request.method not in SAFE_METHODS:
        await refuse_forgery(request, token)
    request.state.visitor = Visitor(account, token)
    return Visitor(account, token)


async def refuse_forgery(request: Request, token: str) -> None:
    """A cookie alone changes nothing: the page must show that it is ours.

    Raises: ForgeryRefused.
    """
    mark = request.headers.get("x-csrf-token") or str((await request.form()).get("csrf", ""))
    if not token or not form_mark_fits(token, mark):
        raise ForgeryRefused


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


VisitorDep = Annotated[Visitor, Depends(visitor)]


async def _me(who: VisitorDep, context: DeskDep) -> Agent:
    """The visitor as one who takes calls.

    Raises: NoAgent.
    """
    if who.account.agent_id is None:
        raise NoAgent
    return await context.records.agents.load(who.account.agent_id)


MeDep = Annotated[Agent, Depends(_me)]
