"""Callers on a line, watched through the API: what they press depends on what the line has just said."""

from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx

from telephony.recordings import HEADER_BYTES, RATE_HZ
from telephony.softphone import PhoneFailed, SoftPhone
from tests.e2e.line import RunningLine, until


class Scene:
    """Callers by name, each with a phone, a recording and a call."""

    def __init__(self, line: RunningLine, folder: Path, stack: AsyncExitStack) -> None:
        self.line, self.folder, self.stack = line, folder, stack
        self.phones: dict[str, SoftPhone] = {}

    async def open(self) -> None:
        self.api = await self.line.api()
        self.stack.push_async_callback(self.api.aclose)

    async def caller(self, name: str, number: str, hz: int | None = None) -> SoftPhone:
        """A phone that has dialled the line and hears its greeting."""
        phone = await self.stack.enter_async_context(self.line.caller(number))
        self.phones[name] = phone
        phone.record(self.folder / f"{name}.wav")
        if hz:
            phone.tone(hz)
        phone.call("100", trace=self.trace(name))
        await phone.wait("answered", 30)
        await self.event(name, "prompt.started")
        return phone

    def trace(self, name: str) -> str:
        return f"{name.replace('-', '')}{abs(hash(str(self.folder))) % 10**8}"

    async def call(self, name: str) -> dict[str, Any]:
        found = (await self.api.get("/api/v1/calls", params={"trace": self.trace(name)})).json()["items"]
        if not found:
            return {"timeline": []}
        answer: dict[str, Any] = (await self.api.get(f"/api/v1/calls/{found[0]['id']}")).json()
        return answer

    async def event(self, name: str, event: str, prompt: str = "", limit_s: float = 60) -> None:
        """Until the call has such an event (of that prompt). Raises: TimeoutError."""

        async def there() -> bool:
            try:
                timeline = (await self.call(name))["timeline"]
            except httpx.HTTPError:  # the desk may be busy, too
                return False
            return any(
                each["event"] == event and (not prompt or prompt in each["payload"].get("keys", ()))
                for each in timeline
            )

        await until(f"{event} {prompt} of {name}", there, limit_s)

    def heard_s(self, name: str) -> float:
        """Seconds that the caller's recording holds by now."""
        return max(0.0, ((self.folder / f"{name}.wav").stat().st_size - HEADER_BYTES) / (2 * RATE_HZ))

    async def end(self) -> None:
        for phone in self.phones.values():
            phone.hang_up()
        for phone in self.phones.values():
            with suppress(PhoneFailed):  # a phone that is gone has hung up, too
                await phone.wait("ended", 20)
