"""Reading leaves a trace: whose data a person was shown, by whichever page, stream or program.

The records that the desk reads from tell here what they gave out; before an answer leaves, it is noted in the audit
(NEN 7513: who, whose, when, from where, what for). The same data shown to the same person again is the same reading.
"""

import asyncio
import functools
import hashlib
import hmac
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from routing.missed import MissedCall
from routing.model import Call, Event, OutboundCall, Ticket
from web.ports import Action, Audit

log = structlog.get_logger()
LASTS = timedelta(minutes=15)  # a reading, then it is another
MARKED = timedelta(minutes=5)  # that often its last time is brought up to date
REMEMBERED = 20_000  # readings; beyond that the oldest begin anew
NOTED_S = 1.0  # a dispatcher waits no longer for the audit
SHOWN_AT_MOST = 600  # objects in one entry: more than a list ever has
TOLD = 409  # a refusal that says how things are now
# Parameters of a request that tell nothing about a caller; any other may be a name or a number.
PLAIN = frozenset(
    "action after assignee before crew ending from_day kind limit next open_only order overview page place since stage "
    "state to_day topic type until urgency view who who_did".split()
)

Note = Callable[[dict[str, str]], Awaitable[str]]
_shown: ContextVar[dict[str, None] | None] = ContextVar("shown", default=None)


def saw(value: object) -> None:
    """Whoever is being answered is shown this: records, or collections of them; anything else is nobody's data."""
    shown = _shown.get()
    if shown is None:
        return
    match value:
        case Ticket() | Call() | OutboundCall():
            shown[f"{type(value).__name__.lower()}:{value.id}"] = None
        case MissedCall():
            shown[f"call:{value.id}"] = None
        case Event():
            shown[f"call:{value.call_id}"] = None
        case Mapping():
            saw(list(value.values()))
        case list() | tuple():
            for each in value:
                saw(each)


class Watched:
    """Records, or a part of them, that tell what they give out; those who read them do not notice."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if inspect.iscoroutinefunction(found):
            return _telling(found)
        return found if callable(found) or isinstance(found, str) else Watched(found)


def _telling(read: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(read)
    async def reading(*arguments: Any, **named: Any) -> Any:
        given = await read(*arguments, **named)
        saw(given)
        return given

    return reading


@dataclass
class _Reading:
    since: datetime
    marked: datetime
    entry: str = ""


@dataclass
class Readings:
    """Who was shown what lately."""

    audit: Audit
    key: bytes = b""
    _known: dict[tuple[str, str], _Reading] = field(default_factory=dict)

    async def note(
        self, actor: str, objects: Sequence[str], subject: str, detail: dict[str, str], at: datetime
    ) -> None:
        """What is new to this person becomes an entry; what they had seen lately gets its last time."""
        new = [each for each in objects if not self._goes_on(actor, each, at)]
        if new:
            await self._begin(
                actor, new, at, lambda more: self.audit.note(actor, Action.READ, subject, at, detail | more)
            )
        for entry in dict.fromkeys(self._due(actor, objects, at)):
            await self.audit.again(entry, at)

    async def _begin(self, actor: str, new: Sequence[str], at: datetime, note: Note) -> None:
        """Known before it is noted: a page asks for several things at once."""
        reading = _Reading(at, at)
        for each in new:
            self._known.pop((actor, each), None)  # to the end of those that are remembered
            self._known[actor, each] = reading
        self._forget()
        try:
            reading.entry = await note({"shown": " ".join(new[:SHOWN_AT_MOST])})
        except BaseException:  # it will be noted the next time
            for each in new:
                self._known.pop((actor, each), None)
            raise

    def mark(self, text: str) -> str:
        """What stands for a text that may be private: it can be compared, not read."""
        return hmac.new(self.key, text.strip().casefold().encode(), hashlib.sha256).hexdigest()[:16]

    def _goes_on(self, actor: str, what: str, at: datetime) -> bool:
        known = self._known.get((actor, what))
        return known is not None and at - known.since < LASTS

    def _due(self, actor: str, objects: Sequence[str], at: datetime) -> list[str]:
        due = [known for each in objects if (known := self._known.get((actor, each))) and at - known.marked >= MARKED]
        for known in due:
            known.marked = at
        return [known.entry for known in due if known.entry]

    def _forget(self) -> None:
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


class _Account(Protocol):
    @property
    def role(self) -> str: ...


class _Visitor(Protocol):
    @property
    def actor(self) -> str: ...

    @property
    def account(self) -> _Account: ...


class ReadingTrace:
    """Plain ASGI, so that event streams are not buffered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._noting: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        scope.setdefault("state", {})
        shown: dict[str, None] = {}
        before = _shown.set(shown)

        async def send_noting(message: Message) -> None:
            if message["type"] == "http.response.start" and (message["status"] < 400 or message["status"] == TOLD):
                await _note(Request(scope), shown)
            elif message["type"] == "http.response.body" and shown:
                self._note_beside(Request(scope), dict(shown))  # of a stream: a call for somebody must not wait
                shown.clear()
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            _shown.reset(before)

    def _note_beside(self, request: Request, shown: dict[str, None]) -> None:
        noting = asyncio.create_task(_note(request, shown), name="a reading")
        self._noting.add(noting)
        noting.add_done_callback(self._noting.discard)


async def _note(request: Request, shown: dict[str, None]) -> None:
    """An audit that does not answer holds nobody up: the log has the reading then."""
    visitor: _Visitor | None = request.scope["state"].get("visitor")
    objects, readings = list(shown), request.app.state.readings
    shown.clear()
    if visitor is None or not (objects := objects + _searched(request, readings)):
        return
    path, detail = _circumstances(request, readings)
    detail["role"] = visitor.account.role
    subject = objects[0].partition(":")[2] if "{" in path else path
    try:
        async with asyncio.timeout(NOTED_S):
            await readings.note(visitor.actor, objects, subject, detail, request.app.state.context.now())
    except Exception:
        log.exception("a reading is not in the audit", actor=visitor.actor, shown=objects, **detail)


def _circumstances(request: Request, readings: Readings) -> tuple[str, dict[str, str]]:
    """The path without what was in it; from where, and what for."""
    path = getattr(request.scope.get("route"), "path", request.url.path)
    searched = _searched(request, readings)
    why = "searched" if searched else "kept in view" if path.endswith("stream") else "opened"
    detail = {"via": f"{request.method} {path}", "from": request.client.host if request.client else "", "why": why}
    return path, detail | ({"search": searched[0].partition(":")[2]} if searched else {})


def _searched(request: Request, readings: Readings) -> list[str]:
    """What was looked for, as a mark: it may be a name or a number."""
    private = [value for name, value in request.query_params.multi_items() if value and name not in PLAIN]
    if not private or request.url.path.endswith("stream") or request.url.path == "/login":
        return []
    return [f"search:{readings.mark(' '.join(private))}"]
