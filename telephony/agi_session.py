"""One call in the hands of the controller: commands to Asterisk, and the news that the caller is gone."""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

from ivr.ports import HungUp, LegLost
from telephony.agi import (
    AgiError,
    ChannelGone,
    Environment,
    Reply,
    UnsafeValue,
    command,
    joined_variables,
    separated_values,
)

LEASE_MARGIN_S = 0.5  # a lease with less left counts as over
FIRST_LEASE_S = 2.0  # the dialplan arms at least so long a lease before it enters AGI
REASON_LIMIT_S = 0.5
COMMAND_LIMIT_S = 5.0  # Asterisk answers in under a millisecond, or not at all
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\([A-Za-z0-9_,:-]*\))?\Z")
_APPLICATION = re.compile(r"[A-Za-z]{1,40}\Z")
DEAD_CHANNEL = 511


class CommandRefused(AgiError):
    """Asterisk does not know the command, or it failed."""


class AgiBusy(AgiError):
    """An application runs on the channel; Asterisk reads no command before it ends."""


class AgiSession:
    """Raises HungUp from every command once the caller is gone, LegLost once the connection is."""

    def __init__(self, environment: Environment, transport: asyncio.WriteTransport) -> None:
        self.environment = environment
        self.leased(FIRST_LEASE_S, asyncio.get_running_loop().time())
        self._transport = transport
        self._waiting: deque[asyncio.Future[Reply]] = deque()
        self._running: str | None = None
        self._end: HungUp | LegLost | None = None
        self._ended = asyncio.Event()

    @property
    def channel(self) -> str:
        return self.environment.channel

    @property
    def alive(self) -> bool:
        return self._end is None

    async def ended(self) -> HungUp | LegLost:
        """Until the caller or the connection is gone; returns which."""
        await self._ended.wait()
        return self._end or LegLost()

    async def variable(self, name: str) -> str | None:
        """A channel variable or function (`CHANNEL(state)`); None when it is not set."""
        reply = await self.command("GET VARIABLE", _safe(_NAME, name))
        return reply.value if reply.result == 1 else None

    async def variables(self, *names: str) -> Mapping[str, str]:
        """The values of channel variables of ours, in one exchange with Asterisk; empty where one is not set.

        Where a value holds the separator, which the dialplan lets none do, each is read by itself.
        """
        reply = await self.command("GET FULL VARIABLE", joined_variables(names))
        values = separated_values(names, reply.value or "") if reply.result == 1 else None
        return values or {name: await self.variable(name) or "" for name in names}

    async def evaluate(self, expression: str) -> str | None:
        """What the dialplan makes of `expression` on this channel; it must be ours, never a caller's text."""
        reply = await self.command("GET FULL VARIABLE", expression)
        return reply.value if reply.result == 1 else None

    async def set_variable(self, name: str, value: str) -> None:
        await self.command("SET VARIABLE", _safe(_NAME, name), value)

    async def answer(self) -> None:
        reply = await self.command("ANSWER")
        if reply.result == -1:
            raise HungUp

    async def hangup(self) -> None:
        """End the call; the session raises HungUp afterwards."""
        await self.command("HANGUP")

    async def lease(self, seconds: float) -> None:
        """Asterisk takes the call away in so many seconds unless told otherwise; 0: never."""
        asked_s = asyncio.get_running_loop().time()
        await self.set_variable("TIMEOUT(absolute)", f"{seconds:.1f}" if seconds else "0")
        self.leased(seconds, asked_s)

    def leased(self, seconds: float, asked_s: float) -> None:
        """The lease was set, by whichever way, and asked for at `asked_s` of the loop's clock.

        Asterisk counts from before its reply is read here, which on a busy machine is seconds: counted from the reply,
        a lease that had run out would pass for a caller who hung up.
        """
        self._lease_until_s = asked_s + seconds if seconds else float("inf")

    @property
    def lease_left_s(self) -> float:
        """How long the call is ours unless the lease is renewed."""
        return self._lease_until_s - asyncio.get_running_loop().time()

    async def exec(self, application: str, *arguments: str, limit_s: float | None = None) -> int | None:
        """Run a dialplan application to its end; returns its result, -1 when it failed. No limit unless given.

        Raises: UnsafeValue, when an argument would become two.
        """
        if any("," in argument for argument in arguments):
            raise UnsafeValue("comma in an application's argument")
        self._running = application
        try:
            reply = await self.command("EXEC", _safe(_APPLICATION, application), ",".join(arguments), limit_s=limit_s)
        finally:
            self._running = None
        if reply.result == -1:
            await self._end_that_follows()
        return reply.result

    async def _end_that_follows(self) -> None:
        """An application answers -1 when the caller hung up, too; Asterisk says so a moment later.

        Raises: HungUp, LegLost.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(REASON_LIMIT_S):
                await self._ended.wait()
        self._refuse_if_ended()

    async def command(self, words: str, *arguments: str, limit_s: float | None = COMMAND_LIMIT_S) -> Reply:
        """Send one command and wait for its reply.

        Raises: HungUp, LegLost (also when Asterisk does not answer in time), AgiBusy, CommandRefused, UnsafeValue.
        """
        self._refuse_if_ended()
        if self._running is not None and words != "EXEC":
            raise AgiBusy(self._running)
        line = command(words, *arguments)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._write(line)
        try:
            async with asyncio.timeout(limit_s):
                return _checked(await answer, words)
        except TimeoutError:
            self.abort()
            raise LegLost(f"no reply to {words}") from None

    def _write(self, line: bytes) -> None:
        """Raises: LegLost; the connection may be closed a turn of the loop before we are told (uvloop refuses then)."""
        try:
            self._transport.write(line)
        except RuntimeError:
            self.lost()
            self._refuse_if_ended()

    def release(self) -> None:
        """Give the call back to the dialplan now; whoever served it may still put its papers in order."""
        self._finish(LegLost("given back"))
        self._transport.close()

    def abort(self) -> None:
        """Give the connection up."""
        self._finish(LegLost("connection given up"))
        self._transport.abort()

    # the connection's side

    def take(self, said: Reply | ChannelGone) -> None:
        if isinstance(said, ChannelGone):
            self._finish(self._gone())
        elif self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_result(said)

    def lost(self) -> None:
        self._finish(LegLost("connection to Asterisk closed"))

    def _gone(self) -> HungUp | LegLost:
        """Asterisk says HANGUP, too, when it takes the call back because its lease ran out."""
        return LegLost("the lease ran out") if self.lease_left_s < LEASE_MARGIN_S else HungUp()

    def _finish(self, reason: HungUp | LegLost) -> None:
        if self._end is not None:
            return
        self._end = reason
        self._ended.set()
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(type(reason)(*reason.args))
                answer.exception()  # whoever was cancelled meanwhile need not look
        self._waiting.clear()

    def _refuse_if_ended(self) -> None:
        if self._end is not None:
            raise type(self._end)(*self._end.args)


def _safe(pattern: re.Pattern[str], word: str) -> str:
    if not pattern.match(word):
        raise UnsafeValue("not a name")
    return word


def _checked(reply: Reply, words: str) -> Reply:
    if reply.code == DEAD_CHANNEL:
        raise HungUp
    if not reply.done:
        raise CommandRefused(f"{words}: {reply.code} {reply.text}")
    return reply
