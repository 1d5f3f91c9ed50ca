"""The way of an agent's phone in the browser to Asterisk: through the desk, which knows by the session whose it is.

One origin, one certificate; Asterisk is on no network for it, and no page holds a password of a phone.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from routing.capabilities import ROLES, Capability
from routing.model import Agent, RecordsUnavailable
from routing.phones import NotThisPhone, PhoneKind, PhoneLineDown
from web import cookies
from web.context import DeskContext
from web.logins import Logins
from web.marks import form_mark_fits, token_hash
from web.ports import PhoneLine, PhoneLink

router = APIRouter()
PROTOCOL = "sip"  # RFC 7118
LOOK_S = 3.0  # that soon a phone is gone whose session is over


class Over(IntEnum):
    """Why a phone's connection ended, as the page is told; the first two of RFC 6455, the others its own."""

    GONE = 1000
    LINE_DOWN = 1013  # try again later
    SESSION_OVER = 4401
    OTHER_PHONE = 4403  # calls come on another phone of the agent's
    OPEN_ELSEWHERE = 4409
    UNFIT = 4422  # no SIP of this phone


class Ended(Exception):
    """The connection is over."""

    def __init__(self, why: Over) -> None:
        super().__init__(why.name)
        self.why = why


@dataclass
class OpenPhones:
    """The one connection of each agent at this desk; a new one ends the one before."""

    _taken_over: dict[str, asyncio.Event] = field(default_factory=dict)

    @contextlib.contextmanager
    def only(self, agent_id: str) -> Iterator[asyncio.Event]:
        """While it is open: set once another one has taken its place."""
        if before := self._taken_over.get(agent_id):
            before.set()
        mine = self._taken_over[agent_id] = asyncio.Event()
        try:
            yield mine
        finally:
            if self._taken_over.get(agent_id) is mine:
                del self._taken_over[agent_id]


@dataclass(frozen=True)
class _Session:
    """Whose phone it is, for as long as it may be."""

    context: DeskContext
    logins: Logins
    token: str

    async def agent(self) -> Agent:
        """Raises: Ended."""
        account = await self.logins.accounts.of_session(token_hash(self.token), self.logins.now())
        if account is None or account.agent_id is None or Capability.TAKE_CALLS not in ROLES[account.role]:
            raise Ended(Over.SESSION_OVER)
        agent = await self.context.records.agents.load(account.agent_id)
        if agent.phone is None or agent.phone_kind is not PhoneKind.BROWSER:
            raise Ended(Over.OTHER_PHONE)
        return agent

    async def lasts(self, phone: str) -> None:
        """Raises: Ended, when it does not any more, or the phone has become another agent's."""
        while True:
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(RecordsUnavailable):  # which ends no talk
                if (await self.agent()).phone != phone:
                    raise Ended(Over.OTHER_PHONE)


@router.websocket("/phone/socket")
async def phone_socket(socket: WebSocket, mark: Annotated[str, Query(max_length=100)] = "") -> None:
    """SIP of the agent's own phone while the session lasts; `mark` is its form mark: a cookie alone proves nothing."""
    await socket.accept(subprotocol=PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
    why = Over.GONE
    try:
        await _serve(socket, mark)
    except Ended as ended:
        why = ended.why
    except (PhoneLineDown, RecordsUnavailable):
        why = Over.LINE_DOWN
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the browser has closed it
        await socket.close(why)


async def _serve(socket: WebSocket, mark: str) -> None:
    """Raises: Ended, PhoneLineDown, RecordsUnavailable."""
    state, token = socket.app.state, cookies.read(socket, cookies.SESSION_COOKIE)
    if not token or not form_mark_fits(token, mark):
        raise Ended(Over.SESSION_OVER)
    session = _Session(state.context, state.logins, token)
    agent = await session.agent()
    line: PhoneLine | None = state.phone_line
    if line is None or agent.phone is None:
        raise PhoneLineDown
    phones: OpenPhones = state.open_phones
    with phones.only(agent.id) as taken_over:
        async with line.open(agent.phone) as link:
            await _relay(socket, link, session.lasts(agent.phone), taken_over)


async def _relay(
    socket: WebSocket, link: PhoneLink, lasts: Coroutine[Any, Any, None], taken_over: asyncio.Event
) -> None:
    """Until either side, or the session, ends. Raises: Ended, PhoneLineDown."""
    first: Exception = Ended(Over.GONE)
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_to_asterisk(socket, link))
            both.create_task(_to_browser(socket, link))
            both.create_task(lasts)
            both.create_task(_until(taken_over))
    except* (Ended, PhoneLineDown) as ended:
        first = ended.exceptions[0]
    raise first


async def _to_asterisk(socket: WebSocket, link: PhoneLink) -> None:
    try:
        while True:
            await link.send(await socket.receive_text())
    except WebSocketDisconnect:
        raise Ended(Over.GONE) from None
    except (NotThisPhone, KeyError):  # or bytes
        raise Ended(Over.UNFIT) from None


async def _to_browser(socket: WebSocket, link: PhoneLink) -> None:
    try:
        async for message in link.messages():
            await socket.send_text(message)
    except WebSocketDisconnect:
        raise Ended(Over.GONE) from None
    raise Ended(Over.LINE_DOWN)


async def _until(taken_over: asyncio.Event) -> None:
    await taken_over.wait()
    raise Ended(Over.OPEN_ELSEWHERE)
