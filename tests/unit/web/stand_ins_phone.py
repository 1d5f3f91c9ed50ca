"""Where browsers' phones reach Asterisk, without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from routing.phones import NotThisPhone, PhoneLineDown

FOREIGN = "REGISTER sip:another SIP/2.0"


@dataclass
class ScriptedLink:
    """Answers each message with itself and the phone's name; an empty one ends it."""

    phone: str
    _answers: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def send(self, message: str) -> None:
        if message == FOREIGN:
            raise NotThisPhone
        await self._answers.put(f"{self.phone}: {message}" if message else "")

    async def messages(self) -> AsyncIterator[str]:
        while answer := await self._answers.get():
            yield answer


@dataclass
class ScriptedPhoneLine:
    down: bool = False
    open_phones: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def open(self, phone: str) -> AsyncIterator[ScriptedLink]:
        if self.down:
            raise PhoneLineDown
        self.open_phones.append(phone)
        try:
            yield ScriptedLink(phone)
        finally:
            self.open_phones.remove(phone)
