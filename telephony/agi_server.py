"""Where Asterisk brings calls: a FastAGI server on loopback. One call is one connection is one coroutine."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self, cast

import structlog

from ivr.ports import HungUp, LegLost
from telephony.agi import AgiReader, Environment, MalformedAgi, Said
from telephony.agi_proof import AgiProof
from telephony.agi_session import AgiSession, CommandRefused
from telephony.loopback import refuse_unless_loopback, stop_listening

Handler = Callable[[AgiSession], Awaitable[None]]

CONNECTION_LIMIT = 1_000
STRANGERS_LIMIT = 256  # connections that have not shown to be Asterisk's; after a restart all callers come at once
LOG_EVERY_S = 10.0  # a flood of strangers is no flood of log lines
ENVIRONMENT_LIMIT_S = 5.0
AFTERWARDS_S = 30.0  # a handler may put its papers in order after the call; longer, and it hangs

log = structlog.get_logger()


class AgiServer:
    """Runs the handler named by the path Asterisk asks for: `agi://127.0.0.1:4573/call` → `handlers["call"]`.

    When a handler returns, the connection closes and the dialplan goes on. With a `proof`, whoever cannot show to be
    Asterisk reaches no handler.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        host: str,
        port: int,
        afterwards_s: float = AFTERWARDS_S,
        proof: AgiProof | None = None,
    ) -> None:
        refuse_unless_loopback(host)
        self.handlers, self.host, self.port, self.afterwards_s = handlers, host, port, afterwards_s
        self.proof = proof
        self.connections: set[AgiConnection] = set()
        self.strangers: dict[AgiConnection, None] = {}  # of these, who has not shown it; the oldest first
        self.refused = 0
        self._logged_at_s = -LOG_EVERY_S
        self.closing = False
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: AgiConnection(self), self.host, self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and give every call back to the dialplan."""
        self.closing = True
        tasks = [connection.task for connection in self.connections if connection.task]
        for connection in tuple(self.connections):
            connection.close()
        if self._server:
            await stop_listening(self._server)
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server:
            await self._server.wait_closed()

    def refuse(self, why: str) -> None:
        """Count a connection that is not Asterisk's; the log tells the first, and then how many."""
        self.refused += 1
        now_s = asyncio.get_running_loop().time()
        if now_s - self._logged_at_s >= LOG_EVERY_S:
            self._logged_at_s = now_s
            log.warning("AGI connection refused", why=why, refused=self.refused)


class AgiConnection(asyncio.Protocol):
    """One connection from Asterisk."""

    def __init__(self, server: AgiServer) -> None:
        self.task: asyncio.Task[None] | None = None
        self._server = server
        self._reader = AgiReader()
        self._session: AgiSession | None = None
        self._transport: asyncio.Transport | None = None
        self._limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._server.closing:
            self._transport.abort()
            return
        if len(self._server.connections) - len(self._server.strangers) >= CONNECTION_LIMIT:
            log.error("more calls than one controller takes", limit=CONNECTION_LIMIT)
            self._transport.abort()
            return
        self._server.connections.add(self)
        self._server.strangers[self] = None
        if len(self._server.strangers) > STRANGERS_LIMIT:  # Asterisk answers in a millisecond: the idle give way
            next(iter(self._server.strangers)).give_way()
        self._limit = asyncio.get_running_loop().call_later(ENVIRONMENT_LIMIT_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        try:
            for said in self._reader.feed(data):
                self._take(said)
        except MalformedAgi as error:
            self._server.refuse(str(error))
            if self._transport:
                self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._session:
            self._session.lost()
        if self.task is None:
            self._forget()
        else:
            self._limit_afterwards(self.task)

    def close(self) -> None:
        if self.task:
            self.task.cancel()
        elif self._transport:
            self._transport.abort()

    def give_way(self) -> None:
        """Too many say nothing of who they are."""
        self._server.refuse("too many AGI connections of nobody")
        self._server.strangers.pop(self, None)
        if self._transport:
            self._transport.abort()

    def _take(self, said: Said) -> None:
        if not isinstance(said, Environment):
            if self._session:
                self._session.take(said)
                if not self._session.alive and self.task:
                    self._limit_afterwards(self.task)
            return
        if self._transport is None:
            return
        if self._limit:
            self._limit.cancel()
        self._session = AgiSession(said, self._transport)
        self.task = asyncio.create_task(self._serve(self._session), name=f"agi {said.script} {said.uniqueid}")
        self.task.add_done_callback(self._served)  # not in the task: one cancelled before it began runs no line of it

    async def _serve(self, session: AgiSession) -> None:
        handler = self._server.handlers.get(session.environment.script)
        try:
            if not await self._is_asterisk(session):
                self._server.refuse("it is not Asterisk's")
            elif handler is None:
                log.warning("Asterisk asks for a script that is not there", script=session.environment.script)
            else:
                await handler(session)
        except (HungUp, LegLost) as end:
            log.info("a call left its handler", how=type(end).__name__, why=str(end), channel=session.channel)
        except Exception:
            log.exception("a call's handler failed; the dialplan goes on", channel=session.channel)

    async def _is_asterisk(self, session: AgiSession) -> bool:
        proof = self._server.proof
        try:
            return proof is None or await proof.holds(session)
        except CommandRefused:
            return False
        finally:
            self._server.strangers.pop(self, None)

    def _served(self, task: asyncio.Task[None]) -> None:
        if self._transport:
            self._transport.close()
        self._forget()

    def _limit_afterwards(self, task: asyncio.Task[None]) -> None:
        if self._limit is None or self._limit.cancelled():
            self._limit = asyncio.get_running_loop().call_later(self._server.afterwards_s, task.cancel)

    def _forget(self) -> None:
        self._server.connections.discard(self)
        self._server.strangers.pop(self, None)
        if self._limit:
            self._limit.cancel()
