"""What just changed, for one listener: news as it comes, and ticks that make do without."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from routing.ports import News
from web.auth import Visitor
from web.logins import Logins
from web.marks import token_hash

SESSION_S = 3.0  # that soon a revoked session hears no more
TICK_S = 3.0  # with the news gone, this late at the latest a page is right again
AGENT_FIELDS = ("agent", "agent_id")


@dataclass(frozen=True)
class NewsItem:
    """One piece of news; an empty topic is a tick."""

    id: str = ""
    topic: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


TICK = NewsItem()


def start_after(last_event_id: str | None, after: str | None) -> str:
    """Where to go on: what the browser saw last, else the snapshot's place, else now."""
    return last_event_id or after or "$"


def agent_of(change: NewsItem) -> str | None:
    return next((change.fields[name] for name in AGENT_FIELDS if name in change.fields), None)


def concerns(change: NewsItem, agent_id: str | None) -> bool:
    """An offer is for one desk only; everything else is for all."""
    return not change.topic.startswith("offer") or agent_of(change) == agent_id


def changes(news: News, logins: Logins, who: Visitor, after: str, tick_s: float = TICK_S) -> AsyncIterator[NewsItem]:
    """As `changes_while`, as long as the session lasts."""

    async def lasts() -> bool:
        return await logins.accounts.of_session(token_hash(who.token), logins.now()) is not None

    return changes_while(lasts, news, after, tick_s)


async def changes_while(
    lasts: Callable[[], Awaitable[bool]], news: News, after: str, tick_s: float = TICK_S
) -> AsyncIterator[NewsItem]:
    """News and ticks, as long as the listener may have them. Begins with a tick."""
    loop = asyncio.get_running_loop()
    listening = news.listen(after)
    pending: asyncio.Future[tuple[str, str, Mapping[str, str]]] = asyncio.ensure_future(anext(listening))
    tick_at = session_at = loop.time()
    try:
        while True:
            if (left_s := tick_at - loop.time()) <= 0:
                if loop.time() >= session_at:
                    if not await lasts():
                        return
                    session_at = loop.time() + SESSION_S
                tick_at = loop.time() + tick_s
                yield TICK
                continue
            if not (await asyncio.wait({pending}, timeout=left_s))[0]:
                continue
            change = NewsItem(*pending.result())
            pending = asyncio.ensure_future(anext(listening))
            yield change
    finally:
        await _stop(pending, listening)


async def _stop(
    pending: "asyncio.Future[tuple[str, str, Mapping[str, str]]]",
    news: AsyncIterator[tuple[str, str, Mapping[str, str]]],
) -> None:
    pending.cancel()
    with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
        await pending
    if (close := getattr(news, "aclose", None)) is not None:
        await close()
