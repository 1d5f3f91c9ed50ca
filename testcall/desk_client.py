"""The desk's HTTP API as `onenumber call` uses it: to read what became of a call, and to answer as an agent."""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx

HEARTBEAT_S = 4.0
LOOK_S = 0.05
JSON = dict[str, Any]


class DeskRefused(Exception):
    """The desk did not let us in, or did not do what was asked."""


class Desk:
    """A session at the desk's API."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self._login = {"login": login, "password": password}
        self._http = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=10, trust_env=False)

    async def __aenter__(self) -> "Desk":
        answer = await self._ask("POST", "/sessions", json=self._login)
        self._http.headers["Authorization"] = f"Bearer {answer['token']}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(DeskRefused):
            await self._ask("DELETE", "/sessions/current")
        await self._http.aclose()

    async def call_by_trace(self, trace: str) -> JSON | None:
        """The call with its tickets and timeline, or None while there is none."""
        found = await self._ask("GET", "/calls", params={"trace": trace})
        return await self._ask("GET", f"/calls/{found['items'][0]['id']}") if found["items"] else None

    async def me(self) -> JSON:
        return await self._ask("GET", "/me")

    async def post(self, path: str, body: Mapping[str, Any]) -> JSON:
        return await self._ask("POST", path, json=body)

    async def _ask(self, method: str, path: str, **more: Any) -> JSON:
        """Raises: DeskRefused."""
        try:
            answer = await self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise DeskRefused(f"the desk does not answer: {error or type(error).__name__}") from error
        if answer.is_error:
            raise DeskRefused(f"the desk refused {method} {path}: {answer.status_code} {answer.text[:200]}")
        return dict(answer.json()) if answer.content else {}


class AgentAtDesk:
    """Keeps an agent's page alive, makes them available, and sees each offer as a page would.

    The phone must be registered already.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.offer: JSON | None = None
        self.seen_at_ms: int | None = None
        self._page = secrets.token_urlsafe(12)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "AgentAtDesk":
        await self.desk.post("/me/heartbeat", {"page": self._page, "take": True})
        await self._become_available()
        self._tasks = [asyncio.create_task(self._beat()), asyncio.create_task(self._watch())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(DeskRefused):
            await self._finish()

    async def _become_available(self) -> None:
        """Registration reaches the desk by way of the controller. Raises: DeskRefused."""
        async with asyncio.timeout(20):
            while True:
                me = await self.desk.me()
                if me["state"] == "available":
                    return
                with contextlib.suppress(DeskRefused):
                    await self.desk.post("/me/state", {"state": "available"})
                    return
                await asyncio.sleep(0.5)

    async def _finish(self) -> None:
        """After-call work ends with a disposition; then nobody is sent here any more."""
        if self.offer is not None:
            with contextlib.suppress(DeskRefused):
                wrap_up = {"offer_id": self.offer["id"], "disposition": "answered", "note": "test call"}
                await self.desk.post("/me/wrap-up", wrap_up)
        await self.desk.post("/me/state", {"state": "not_ready", "reason": "test call over"})

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(DeskRefused):
                await self.desk.post("/me/heartbeat", {"page": self._page})
            await asyncio.sleep(HEARTBEAT_S)

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(DeskRefused):
                offer = (await self.desk.me())["offer"]
                if offer is not None and offer["state"] == "made":
                    await self._see(offer)
                elif offer is not None and self.offer is None:
                    self.offer = offer
            await asyncio.sleep(LOOK_S)

    async def _see(self, offer: JSON) -> None:
        at = datetime.now(UTC)
        await self.desk.post(f"/offers/{offer['id']}/seen", {"page": self._page, "shown_at": at.isoformat()})
        self.offer, self.seen_at_ms = offer, int(at.timestamp() * 1000)
