"""One connection to Asterisk's manager interface that comes back by itself."""

import asyncio
import itertools
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

import structlog
from asterisk.ami import Action, Event, Response

from telephony.ami import ActionRefused, AmiDown, AmiEvent, AnswerLost, action
from telephony.ami_wire import AmiWire
from telephony.loopback import refuse_unless_loopback

ANSWER_LIMIT_S = 3.0
PING_S = 2.0
BOOT_LIMIT_S = 60.0
BACK_OFF_S = (0.2, 5.0)
EVENTS_LIMIT = 2_000  # waiting for one listener; beyond it the oldest are lost, and said so

log = structlog.get_logger()


class AmiEvents:
    """What one listener has subscribed to."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._waiting: deque[AmiEvent] = deque()
        self._news = asyncio.Event()

    def __aiter__(self) -> AsyncIterator[AmiEvent]:
        return self

    async def __anext__(self) -> AmiEvent:
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()

    def take(self, event: AmiEvent) -> None:
        if self._names and event.name not in self._names:
            return
        if len(self._waiting) >= EVENTS_LIMIT:
            self._waiting.popleft()
            log.error("a listener is too slow for Asterisk's events; one is lost", event_name=event.name)
        self._waiting.append(event)
        self._news.set()


class _Question:
    """An action that was sent, and what came back so far."""

    def __init__(self, name: str, asks_for_list: bool) -> None:
        self.name = name
        self.asks_for_list = asks_for_list
        self.listed: list[AmiEvent] = []
        self.response: Mapping[str, str] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self, response: Response) -> None:
        if response.is_error():
            self.fail(ActionRefused(f"{self.name}: {response.keys.get('Message', '')}"))
        elif not self.asks_for_list:
            self.response = dict(response.keys)
            self._finish()

    def listed_one(self, event: AmiEvent) -> None:
        self.listed.append(event)
        if event["EventList"].lower() in ("complete", "cancelled"):
            self._finish()

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # whoever was cancelled meanwhile need not look

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


class AmiConnection:
    """`async with` keeps it; `on_up` is called after every (re)connect, to read the state anew."""

    def __init__(self, host: str, port: int, user: str, secret: str) -> None:
        refuse_unless_loopback(host)
        self.on_up: list[Callable[[], Awaitable[None]]] = []
        self._host, self._port, self._user, self._secret = host, port, user, secret
        self._wire: AmiWire | None = None
        self._is_up = asyncio.Event()
        self._is_lost = asyncio.Event()
        self._is_booted = asyncio.Event()
        self._questions: dict[str, _Question] = {}
        self._numbers = itertools.count(1)
        self._listeners: list[AmiEvents] = []
        self._thread = ThreadPoolExecutor(1, "ami-send")  # its own: a lease must not wait for somebody's long work
        self._staying: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._staying = asyncio.create_task(self._stay(), name="ami connection")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._staying:
            self._staying.cancel()
            with suppress(asyncio.CancelledError):
                await self._staying
        self._thread.shutdown(wait=True)

    @property
    def up(self) -> bool:
        return self._is_up.is_set()

    async def ready(self, limit_s: float) -> bool:
        """Until the connection is up; False when it was not in time."""
        return await self._happens(self._is_up, limit_s)

    @contextmanager
    def events(self, *names: str) -> Iterator[AmiEvents]:
        """Events of these names from now on. Those that fall into a gap are missed: `on_up` reads the state."""
        listener = AmiEvents(frozenset(names))
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)

    async def ask(self, what: Action, lists: bool = False) -> list[AmiEvent]:
        """Send an action once; returns the events of its list, where it has one.

        Raises: AmiDown (not sent), AnswerLost (sent, perhaps done), ActionRefused.
        """
        if not self.up:
            raise AmiDown(what.name)
        return (await self._send(what, lists)).listed

    async def answer_to(self, what: Action) -> Mapping[str, str]:
        """Send an action once; returns the fields of its response. Raises: as `ask`."""
        if not self.up:
            raise AmiDown(what.name)
        return (await self._send(what)).response

    async def _send(self, what: Action, lists: bool = False) -> _Question:
        wire = self._wire
        if wire is None:
            raise AmiDown(what.name)
        identity = what.keys.setdefault("ActionID", f"line-{next(self._numbers)}")
        question = self._questions[identity] = _Question(what.name, lists)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self._in_thread(wire.send, what, time.monotonic() + ANSWER_LIMIT_S / 2)
                await question.done
        except (TimeoutError, OSError):
            raise AnswerLost(what.name) from None
        finally:
            self._questions.pop(identity, None)
        return question

    def _answered(self, response: Response) -> None:
        question = self._questions.get(response.keys.get("ActionID", ""))
        if question:
            question.answered(response)

    def _happened(self, heard: Event) -> None:
        event = AmiEvent(heard.name, {key: value for key, value in heard.keys.items() if isinstance(value, str)})
        question = self._questions.get(event["ActionID"])
        if question and question.asks_for_list:
            question.listed_one(event)
            return
        if event.name == "FullyBooted":  # sent after each login, at once or when Asterisk is ready
            self._is_booted.set()
        for listener in self._listeners:
            listener.take(event)

    async def _stay(self) -> None:
        pause_s = BACK_OFF_S[0]
        while True:
            was_up = await self._connect_once()
            pause_s = BACK_OFF_S[0] if was_up else min(pause_s * 2, BACK_OFF_S[1])
            await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))

    async def _connect_once(self) -> bool:
        """One connection from its beginning to its end; False when it was never up."""
        self._is_lost.clear()
        self._is_booted.clear()
        wire = AmiWire(self._host, self._port, quiet_limit_s=PING_S * 3)
        wire.hear(self._answered, self._happened, self._is_lost.set)
        was_up = False
        try:
            await self._in_thread(wire.connect)
            self._wire = wire
            await self._send(action("Login", {"Username": self._user, "Secret": self._secret, "Events": "on"}))
            if not await self._happens(self._is_booted, BOOT_LIMIT_S):
                raise AnswerLost("FullyBooted")
            was_up = True
            await self._while_up()
        except (OSError, AnswerLost, ActionRefused) as error:
            log.warning("AMI does not answer", why=str(error), kind=type(error).__name__)
        finally:
            self._down()
            await self._in_thread(wire.close)
        return was_up

    async def _while_up(self) -> None:
        log.info("AMI is up")
        self._is_up.set()
        reading = asyncio.create_task(self._read_state(), name="state from AMI")
        try:
            while not await self._happens(self._is_lost, PING_S):
                await self._send(action("Ping", {}))
            log.warning("AMI connection lost")
        finally:
            reading.cancel()

    async def _happens(self, what: asyncio.Event, limit_s: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await what.wait()
        return what.is_set()

    async def _read_state(self) -> None:
        for read in self.on_up:
            try:
                await read()
            except Exception:
                log.exception("the state could not be read after a reconnect")

    def _down(self) -> None:
        self._is_up.clear()
        self._wire = None
        for question in self._questions.values():
            question.fail(AnswerLost(question.name))

    async def _in_thread(self, work: Callable[..., None], *arguments: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
